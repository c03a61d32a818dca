import { runInNewContext } from 'node:vm'
import { createConnectToken, ticks, UDPipe, UDPipeError, type ErrorCode } from 'udpipe'
import { describe, expect, it } from 'vitest'
import { createRig } from '../support/rig.ts'

type WrongCall = readonly [source: string, code: ErrorCode, says: RegExp]

/** Calls of plain JavaScript, in a realm of its own, as tests in Jest are. */
const wrongCalls: readonly WrongCall[] = [
  // send
  [
    `server.send('x', { channel: 1 })`,
    'ERR_PEER_REQUIRED',
    /send\(message, peer, \{ delivery, channel, immediate \}\)/,
  ],
  [`server.send(peer, 'x')`, 'ERR_ARGUMENT_INVALID', /a Peer: the message comes first, send\(message, peer\)/],
  [`peer.send(peer, 'x')`, 'ERR_ARGUMENT_INVALID', /a Peer: the message comes first, send\(message, peer\)/],
  [`client.send(client.server)`, 'ERR_ARGUMENT_INVALID', /the message comes first, send\(message, peer\)/],
  [`server.send('x', 7)`, 'ERR_ARGUMENT_INVALID', /send\(message, peer, options\).*peer\(7\)/],
  [`server.send('x', null)`, 'ERR_ARGUMENT_INVALID', /no Peer: null/],
  [`server.send('x', 'unreliable')`, 'ERR_ARGUMENT_INVALID', /send\(message, peer, \{ delivery: 'unreliable' \}\)/],
  [`server.send('x', peer, 'unreliable')`, 'ERR_ARGUMENT_INVALID', /send\(message, \{ delivery: 'unreliable' \}\)/],
  [`server.send('x', peer, 3)`, 'ERR_ARGUMENT_INVALID', /send\(message, \{ channel: 3 \}\)/],
  [`server.send('x', peer, null)`, 'ERR_ARGUMENT_INVALID', /Options are an object, and this is null/],
  [`server.send('x', peer, { mode: 'unreliable' })`, 'ERR_OPTION_UNKNOWN', /'mode'.*delivery, channel, immediate/],
  [`server.send('x', peer, { chanel: 3 })`, 'ERR_OPTION_UNKNOWN', /did you mean 'channel'\?/],
  [`server.send('x', peer, { channel: '3' })`, 'ERR_ARGUMENT_INVALID', /it was '3'/],
  [`server.send('x', peer, { immediate: 1 })`, 'ERR_ARGUMENT_INVALID', /immediate must be true or false; it was 1/],
  [`server.send('x', peer, peer)`, 'ERR_ARGUMENT_INVALID', /this is a Peer/],
  [`server.send('x', peer, ['unreliable'])`, 'ERR_ARGUMENT_INVALID', /this is a list/],
  [`server.send('x', peer, new Map())`, 'ERR_ARGUMENT_INVALID', /this is a Map/],
  [`peer.send('x', 'unreliable')`, 'ERR_ARGUMENT_INVALID', /peer\.send\(message, \{ delivery: 'unreliable' \}\)/],
  [`client.send('x', 'unreliable')`, 'ERR_ARGUMENT_INVALID', /client\.send\(message, \{ delivery: 'unreliable' \}\)/],
  [`client.send('x', { chanel: 3 })`, 'ERR_OPTION_UNKNOWN', /did you mean 'channel'\?/],
  [`client.send('x', {}, { channel: 3 })`, 'ERR_ARGUMENT_INVALID', /send\(message, peer, options\)/],
  // sendAll
  [`server.sendAll('x', peer)`, 'ERR_ARGUMENT_INVALID', /send\(message, peer\).*\{ except: peer \}/],
  [`server.sendAll('x', [peer])`, 'ERR_ARGUMENT_INVALID', /sendAll\(message, \{.*to, except \}\)/],
  [`server.sendAll('x', { excpt: peer })`, 'ERR_OPTION_UNKNOWN', /did you mean 'except'\?/],
  [`server.sendAll('x', { except: peer.id })`, 'ERR_ARGUMENT_INVALID', /except lists peers/],
  [`server.sendAll('x', { to: peer })`, 'ERR_ARGUMENT_INVALID', /to lists peers/],
  [`server.sendAll('x', { to: 'everybody' })`, 'ERR_ARGUMENT_INVALID', /to lists peers/],
  [`server.sendAll('x', { to: [peer.id] })`, 'ERR_ARGUMENT_INVALID', /a list with something else in it/],
  [`server.sendAll('x', { channel: 256 })`, 'ERR_ARGUMENT_INVALID', /channel must be/],
  [`server.sendAll('x', null)`, 'ERR_ARGUMENT_INVALID', /this is null/],
  // close
  [`server.close({ code: 7 })`, 'ERR_PEER_REQUIRED', /close\(peer, \{ code, reason \}\).*close\(undefined,/],
  [`server.close('kicked')`, 'ERR_ARGUMENT_INVALID', /close\(peer, \{ code, reason \}\)/],
  [`server.close(7)`, 'ERR_ARGUMENT_INVALID', /peer\(7\)/],
  [`server.close(peer, 'kicked')`, 'ERR_ARGUMENT_INVALID', /close\(\{ reason: 'kicked' \}\)/],
  [`peer.close('kicked')`, 'ERR_ARGUMENT_INVALID', /peer\.close\(\{ reason: 'kicked' \}\)/],
  [`peer.close(7, 'x')`, 'ERR_ARGUMENT_INVALID', /peer\.close\(\{ code: 7 \}\)/],
  [`peer.close({ message: 'kicked' })`, 'ERR_OPTION_UNKNOWN', /'message'.*code, reason/],
  [`peer.close({ reason: 7 })`, 'ERR_ARGUMENT_INVALID', /reason must be a string; it was 7/],
  [`client.close('bye')`, 'ERR_ARGUMENT_INVALID', /close\(\{ reason: 'bye' \}\)/],
  [`client.close(7, 'bye')`, 'ERR_ARGUMENT_INVALID', /close\(peer, \{ code, reason \}\)/],
  [`client.close({ reasn: 'bye' })`, 'ERR_OPTION_UNKNOWN', /did you mean 'reason'\?/],
  // ping, peer, clocks
  [`server.ping(7)`, 'ERR_ARGUMENT_INVALID', /ping\(peer\).*peer\(7\)/],
  [`server.peer('1')`, 'ERR_ARGUMENT_INVALID', /peer\(id\).*it was '1'/],
  [`server.peer(peer)`, 'ERR_ARGUMENT_INVALID', /it was a Peer/],
  [`peer.remoteTime()`, 'ERR_ARGUMENT_INVALID', /remoteTime\(localMs\)/],
  [`peer.localTime(new Date(0))`, 'ERR_ARGUMENT_INVALID', /localTime\(remoteMs\).*a Date/],
  // step, run, ticks
  [`client.step('16')`, 'ERR_ARGUMENT_INVALID', /step\(dt\).*'16'/],
  [`client.step(null)`, 'ERR_ARGUMENT_INVALID', /step\(dt\).*null/],
  [`client.step(-1)`, 'ERR_ARGUMENT_INVALID', /0 or more; it was -1/],
  [`client.run(signal)`, 'ERR_ARGUMENT_INVALID', /run\(60, \{ signal \}\)/],
  [`client.run(60, signal)`, 'ERR_ARGUMENT_INVALID', /an AbortSignal\. The call is run\(hz, \{ signal \}\)/],
  [`client.run(60, { sginal: signal })`, 'ERR_OPTION_UNKNOWN', /did you mean 'signal'\?/],
  [`ticks(60, signal)`, 'ERR_ARGUMENT_INVALID', /an AbortSignal\. The call is ticks\(hz, \{ signal \}\)/],
  [`ticks(60, { signal: 5 })`, 'ERR_ARGUMENT_INVALID', /signal must be an AbortSignal/],
  [`ticks('60')`, 'ERR_ARGUMENT_INVALID', /hz is how often a second/],
  // set…
  [`server.setTimeout()`, 'ERR_OPTION_INVALID', /setTimeout\(seconds\).*undefined/],
  [`server.setTimeout(5000)`, 'ERR_OPTION_INVALID', /in seconds.*\{ timeoutMs: 5000 \}/],
  [`server.setDebug()`, 'ERR_OPTION_INVALID', /true or false/],
  [`server.setToken()`, 'ERR_TOKEN_INVALID', /A token is a string/],
  // start, connect, the constructor
  [`new UDPipe().start('127.0.0.1', 1234)`, 'ERR_OPTION_INVALID', /start\(1234, '127\.0\.0\.1'\)/],
  [`new UDPipe().connect(1234, '127.0.0.1')`, 'ERR_OPTION_INVALID', /connect\('127\.0\.0\.1', 1234\)/],
  [`new UDPipe().start(0, '127.0.0.1', 5000)`, 'ERR_OPTION_INVALID', /in seconds.*timeoutMs/],
  [`new UDPipe(0, '127.0.0.1', 5000)`, 'ERR_OPTION_INVALID', /in seconds.*timeoutMs/],
  [`new UDPipe().connect('127.0.0.1', 1234, 5000)`, 'ERR_OPTION_INVALID', /in seconds.*timeoutMs/],
  [`new UDPipe().connect('127.0.0.1', 1234, signal)`, 'ERR_ARGUMENT_INVALID', /an AbortSignal/],
  [`new UDPipe().start({ port: 0 }, '127.0.0.1')`, 'ERR_ARGUMENT_INVALID', /Options are one object, the last argument/],
  [`new UDPipe(['reliable'])`, 'ERR_ARGUMENT_INVALID', /this is a list/],
  [`new UDPipe({ tiemoutMs: 5 })`, 'ERR_OPTION_UNKNOWN', /did you mean 'timeoutMs'\?/],
  [`new UDPipe({ reconnect: [] })`, 'ERR_OPTION_INVALID', /reconnect must be an object; it was a list/],
  [`new UDPipe({ unref: 1 })`, 'ERR_OPTION_INVALID', /unref must be true or false/],
  // options of the other end
  [`new UDPipe({ protocol: 'classic' }).start()`, 'ERR_OPTION_INVALID', /a server has 'protocols'/],
  [`new UDPipe({ protocol: 'classic', maxClients: 5 }).start()`, 'ERR_OPTION_INVALID', /'protocols'/],
  [`new UDPipe({ protocols: ['classic'] }).connect('127.0.0.1', 9)`, 'ERR_OPTION_INVALID', /a client has 'protocol'/],
  [`new UDPipe({ maxClients: 5 }).connect('127.0.0.1', 9)`, 'ERR_OPTION_INVALID', /'maxClients' is for a server/],
  [`new UDPipe({ reconnect: false }).start()`, 'ERR_OPTION_INVALID', /'reconnect' is for a client/],
  [`new UDPipe().start(0, '127.0.0.1', { reconnect: false })`, 'ERR_OPTION_INVALID', /'reconnect' is for a client/],
  // tokens
  [`createConnectToken()`, 'ERR_ARGUMENT_INVALID', /createConnectToken\(\{ key, clientId, servers \}\)/],
  [`createConnectToken({ ke: '' })`, 'ERR_OPTION_UNKNOWN', /did you mean 'key'\?/],
]

describe('a wrong call', () => {
  it.each(wrongCalls)('throws and says the call that was meant: %s', async (source, code, says) => {
    const rig = createRig('reliable')
    const { server, client, clientPeer: peer } = await rig.connectedPair()
    const { signal } = new AbortController()

    const error = caught(() => {
      runInNewContext(source, { server, client, peer, signal, ticks, UDPipe, createConnectToken })
    })

    expect(error).toBeInstanceOf(UDPipeError)
    expect(error).toMatchObject({ code, message: expect.stringMatching(says) as string })
    expect([peer.state, client.state, server.state]).toEqual(['connected', 'connected', 'listening'])
  })
})

describe('options that were made elsewhere', () => {
  it.each([
    `server.send('x', peer, { delivery: 'unreliable', channel: 3, immediate: true })`,
    `server.send('x', peer, {})`,
    `server.send('x', peer, undefined)`,
    `server.send('x', peer, Object.create(null))`,
    `server.send('x', peer, Object.freeze({ channel: undefined }))`,
    `server.send('x', peer, new (class Options { channel = 1 })())`,
    `client.send('x', { delivery: 'unreliable' })`,
    `client.send('x', undefined, { delivery: 'unreliable' })`,
    `client.send('x', client.server, { delivery: 'unreliable' })`,
    `peer.send('x', { channel: 3 })`,
  ])('are taken: %s', async (source) => {
    const rig = createRig('reliable')
    const { server, client, clientPeer: peer } = await rig.connectedPair()

    expect(runInNewContext(source, { server, client, peer })).toBe(true)
  })
})

describe('a UDPipe whose constructor named options for both ends', () => {
  it('may be either', async () => {
    const rig = createRig('reliable')
    const options = { ...rig.options, maxClients: 2, reconnect: false }
    const [host, guest] = [rig.pipe(options), rig.pipe(options)]

    await rig.connect(host, await rig.start(host), guest)

    expect(guest.state).toBe('connected')
  })
})

describe('send on a client', () => {
  it('takes options behind the message, because there is no peer to name', async () => {
    const rig = createRig('reliable')
    const { server, client } = await rig.connectedPair()

    client.send('x', { delivery: 'unreliable', channel: 7 })
    await rig.until(() => server.messages.length > 0)

    expect(server.called('onNewMessage')[0]?.[2]).toEqual({ delivery: 'unreliable', channel: 7 })
  })

  it('does so while the name of the server is looked up', async () => {
    const rig = createRig('reliable')
    const server = rig.pipe()
    const client = rig.pipe()
    const port = await rig.start(server)
    void client.connect('localhost', port)

    expect(() => client.send('x', { chanel: 7 } as never)).toThrow(/did you mean 'channel'/)
    client.send('x', { delivery: 'reliable', channel: 7 })
    await rig.until(() => server.messages.length > 0)

    expect(server.called('onNewMessage')[0]?.[2]).toEqual({ delivery: 'reliable', channel: 7 })
  })
})

describe('close on a client', () => {
  it('takes a code and a reason, because there is no peer to name', async () => {
    const rig = createRig('reliable')
    const { server, client } = await rig.connectedPair()

    void client.close({ code: 7, reason: 'bye' })
    await rig.until(() => server.names.includes('onDisconnect'))

    expect(server.called('onDisconnect')[0]?.[1]).toMatchObject({ code: 7, reason: 'bye' })
  })
})

describe('a timeout in seconds', () => {
  it('may be an hour, and no more', () => {
    expect(() => new UDPipe().setTimeout(3_600)).not.toThrow()
    expect(() => new UDPipe().setTimeout(3_601)).toThrow(/timeoutMs: 3601/)
    expect(() => new UDPipe({ timeoutMs: 7_200_000 })).not.toThrow()
  })
})

function caught(act: () => void): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}
