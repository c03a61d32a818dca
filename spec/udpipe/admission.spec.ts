import { describe, expect, it } from 'vitest'
import { freeRange } from '../support/free-range.ts'
import { freePort, openRawSocket, portIn } from '../support/raw-socket.ts'
import { isPortShared } from '../support/port-layout.ts'
import { RecordingPipe } from '../support/recording-pipe.ts'
import { createRig } from '../support/rig.ts'

describe('onNewClient', () => {
  it('sends the client away when it returns false', async () => {
    const rig = createRig()
    const server = rig.add(new Unwelcoming(rig.options))
    const client = rig.pipe({ reconnect: false })
    const port = await rig.start(server)
    void client.connect('127.0.0.1', port)

    await rig.until(() => client.signal.aborted)

    expect(client.errorCodes).toEqual(['ERR_REFUSED'])
    expect(server.names).toEqual(['onNewClient'])
    expect(server.counters.refusedClients).toBe(1)
    expect([...server.peers()]).toEqual([])
  })

  it.runIf(!isPortShared)('leaves no private port open when it returns false', async () => {
    const rig = createRig()
    const server = rig.add(new Unwelcoming(rig.options))
    const visitor = await openRawSocket()
    visitor.say('HELLO ', await rig.start(server))
    await rig.until(() => visitor.texts.length === 1)

    expect(visitor.texts).toEqual(['GO AWAY!'])
    const privatePort = server.called('onNewClient')[0]?.[2] ?? NaN
    await openRawSocket(privatePort)
  })

  it('lets the client in when it returns true', async () => {
    const rig = createRig()
    class Welcoming extends RecordingPipe {
      override onNewClient(): boolean {
        return true
      }
    }
    const server = rig.add(new Welcoming(rig.options))
    const client = rig.pipe()

    await rig.connect(server, await rig.start(server), client)

    expect([...server.peers()]).toHaveLength(1)
  })
})

describe('maxClients', () => {
  it('sends those beyond it away and tells onMaxClients who they were', async () => {
    const rig = createRig()
    const server = rig.pipe({ maxClients: 1, token: 'swordfish' })
    const [first, second] = [rig.pipe({ token: 'swordfish' }), rig.pipe({ token: 'swordfish', reconnect: false })]
    const port = await rig.start(server)
    await rig.connect(server, port, first)
    const visitor = await openRawSocket()

    visitor.say('HELLO swordfish', port)
    await rig.until(() => visitor.texts.length === 1)

    expect(visitor.texts).toEqual(['GO AWAY!'])
    expect(server.called('onMaxClients')).toEqual([[Buffer.from('HELLO swordfish'), '127.0.0.1', visitor.port]])
    expect(server.called('onNewClient')).toHaveLength(1)
    expect(server.counters.refusedClients).toBe(1)

    void second.connect('127.0.0.1', port)
    await rig.until(() => second.signal.aborted)
    expect(second.errorCodes).toEqual(['ERR_REFUSED'])
  })

  it('counts those who are still connecting', async () => {
    const rig = createRig()
    const server = rig.pipe({ maxClients: 1 })
    const port = await rig.start(server)
    const [first, second] = [await openRawSocket(), await openRawSocket()]
    first.say('HELLO ', port)
    await rig.until(() => first.texts.length === 1)

    second.say('HELLO ', port)
    await rig.until(() => second.texts.length === 1)

    expect(second.texts).toEqual(['GO AWAY!'])
  })

  it('makes room when a client is gone', async () => {
    const rig = createRig()
    const server = rig.pipe({ maxClients: 1 })
    const [first, second] = [rig.pipe(), rig.pipe()]
    const port = await rig.start(server)
    await rig.connect(server, port, first)
    void first.close()
    await rig.passUntil(() => server.names.includes('onDisconnect'))
    await rig.pass(1_100)

    void second.connect('127.0.0.1', port)
    await rig.passUntil(() => second.names.includes('onConnect'), 2_000)

    expect([...server.peers()]).toHaveLength(1)
  })

  it('does not hold against a client that repeats its HELLO', async () => {
    const rig = createRig()
    const server = rig.pipe({ maxClients: 1 })
    const port = await rig.start(server)
    const visitor = await openRawSocket()

    for (let i = 1; i <= 3; i += 1) {
      visitor.say('HELLO ', port)
      await rig.until(() => visitor.texts.length === i)
    }

    expect(new Set(visitor.texts).size).toBe(1)
    expect(visitor.texts[0]).toMatch(/^CONNECT /)
    expect(server.names).toEqual(['onNewClient'])
  })
})

describe('token', () => {
  it('lets in who has the same', async () => {
    const rig = createRig()

    const { server } = await rig.connectedPair({ server: { token: 'żółw' }, client: { token: 'żółw' } })

    expect(server.names).toEqual(['onNewClient', 'onConnect'])
  })

  it('sends away who has another, and tells onBadToken who that was', async () => {
    const rig = createRig()
    const server = rig.pipe({ token: 'swordfish' })
    const visitor = await openRawSocket()
    visitor.say('HELLO sailor', await rig.start(server))

    await rig.until(() => visitor.texts.length === 1)

    expect(visitor.texts).toEqual(['GO AWAY!'])
    expect(server.called('onBadToken')).toEqual([[Buffer.from('HELLO sailor'), '127.0.0.1', visitor.port]])
    expect(server.names).toEqual(['onBadToken'])
    expect(server.counters.badTokens).toBe(1)
  })

  it('that is wrong reaches the client’s onError, and it dials again', async () => {
    const rig = createRig()
    const server = rig.pipe({ token: 'swordfish' })
    const client = rig.pipe({ token: 'sailor' })
    void client.connect('127.0.0.1', await rig.start(server))

    await rig.passUntil(() => client.errorCodes.length === 3)

    expect(client.errorCodes).toEqual(['ERR_REFUSED', 'ERR_REFUSED', 'ERR_REFUSED'])
    expect(server.called('onBadToken')).toHaveLength(3)
  })

  it('that is wrong rejects connect when the client is not to dial again', async () => {
    const rig = createRig()
    const server = rig.pipe({ token: 'swordfish' })
    const client = rig.pipe({ token: 'sailor', reconnect: false })
    const connected = client.connect('127.0.0.1', await rig.start(server))

    await rig.until(() => client.signal.aborted)

    await expect(connected).rejects.toMatchObject({ code: 'ERR_REFUSED' })
  })
})

describe('setToken', () => {
  it('holds at once for the front door of a server that runs, and leaves who is in alone', async () => {
    const rig = createRig()
    const { server, client, port } = await rig.connectedPair()
    server.setToken('swordfish')
    const visitor = await openRawSocket()

    visitor.say('HELLO ', port)
    await rig.until(() => visitor.texts.length === 1)
    visitor.say('HELLO swordfish', port)
    await rig.until(() => visitor.texts.length === 2)

    expect(visitor.texts).toEqual(['GO AWAY!', expect.stringMatching(/^CONNECT 127\.0\.0\.1 \d+$/)])
    expect(client.names).not.toContain('onDisconnect')
  })

  it('holds for what is started and connected later', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.pipe()
    server.setToken('swordfish')
    client.setToken('swordfish')

    await rig.connect(server, await rig.start(server), client)

    expect(client.names).toEqual(['onConnecting', 'onConnect'])
  })
})

describe('privatePorts', () => {
  it('are those of the range', async () => {
    const rig = createRig()
    const port = await freePort()
    const server = rig.pipe({ privatePorts: { min: port, max: port } })
    const client = rig.pipe()

    await rig.connect(server, await rig.start(server), client)

    expect(server.lastPeer.localPort).toBe(port)
    expect(client.lastPeer.port).toBe(port)
  })

  it('that are all taken make ERR_NO_FREE_PORT, a refusal of that client and no more', async () => {
    const rig = createRig()
    const port = await freePort()
    const server = rig.pipe({ privatePorts: { min: port, max: port } })
    const [first, second] = [rig.pipe(), rig.pipe({ reconnect: false })]
    const frontDoor = await rig.start(server)
    await rig.connect(server, frontDoor, first)

    void second.connect('127.0.0.1', frontDoor)
    await rig.until(() => second.signal.aborted)

    expect(second.errorCodes).toEqual(['ERR_REFUSED'])
    expect(server.errorCodes).toEqual(['ERR_NO_FREE_PORT'])
    expect(server.counters.refusedClients).toBe(1)
    expect([...server.peers()]).toEqual([server.lastPeer])
  })

  it('of a range are refused when they are used up, and given out again when a client has left', async () => {
    const rig = createRig()
    const range = freeRange(2)
    const server = rig.pipe({ privatePorts: range })
    const [first, second, third] = [
      rig.pipe(),
      rig.pipe(),
      rig.pipe({ reconnect: { minDelayMs: 500, maxDelayMs: 500 } }),
    ]
    const frontDoor = await rig.start(server)
    await rig.connect(server, frontDoor, first, second)

    void third.connect('127.0.0.1', frontDoor)
    await rig.until(() => third.errorCodes.length > 0)
    expect(third.errorCodes).toEqual(['ERR_REFUSED'])
    expect(third.called('onError')[0]?.[0].message).toContain('127.0.0.1')
    expect(server.errorCodes).toEqual(['ERR_NO_FREE_PORT'])

    const freed = first.lastPeer.port
    void first.close()
    await rig.passUntil(() => third.names.includes('onConnect'))

    expect(third.lastPeer.port).toBe(freed)
    expect([...server.peers()].map(({ localPort }) => localPort).sort()).toEqual([range.min, range.max])
  })

  it('of a range come last when they were just freed, so that late datagrams find nobody new', async () => {
    const rig = createRig()
    const range = freeRange(2)
    const server = rig.pipe({ privatePorts: range })
    const [first, second] = [rig.pipe(), rig.pipe()]
    const frontDoor = await rig.start(server)
    await rig.connect(server, frontDoor, first)
    void first.close()
    await rig.passUntil(() => first.signal.aborted)
    await rig.pass(1_100)

    await rig.connect(server, frontDoor, second)

    expect(first.lastPeer.port).toBe(range.min)
    expect(second.lastPeer.port).toBe(range.max)
  })

  it('that another program holds are passed over', async () => {
    const rig = createRig()
    const { port: taken } = await openRawSocket()
    const server = rig.pipe({ privatePorts: { min: taken, max: taken } })
    const visitor = await openRawSocket()

    visitor.say('HELLO ', await rig.start(server))
    await rig.until(() => visitor.texts.length === 1)

    expect(visitor.texts).toEqual(['GO AWAY!'])
    expect(server.errorCodes).toEqual(['ERR_NO_FREE_PORT'])
  })

  it('are free again when the client is gone', async () => {
    const rig = createRig()
    const port = await freePort()
    const server = rig.pipe({ privatePorts: { min: port, max: port } })
    const [first, second] = [rig.pipe(), rig.pipe()]
    const frontDoor = await rig.start(server)
    await rig.connect(server, frontDoor, first)
    void first.close()
    await rig.passUntil(() => first.signal.aborted)
    await rig.pass(1_100)

    await rig.connect(server, frontDoor, second)

    expect(second.lastPeer.port).toBe(port)
  })
})

describe('advertisedHost', () => {
  it('is the address that CONNECT names', async () => {
    const rig = createRig()
    const server = rig.pipe({ advertisedHost: '203.0.113.7' })
    const visitor = await openRawSocket()
    visitor.say('HELLO ', await rig.start(server))

    await rig.until(() => visitor.texts.length === 1)

    expect(visitor.texts[0]).toBe(`CONNECT 203.0.113.7 ${portIn(visitor.texts[0])}`)
  })

  it('is where a client goes', async () => {
    const rig = createRig()
    const server = rig.pipe({ advertisedHost: '127.0.0.2' })
    const client = rig.pipe()
    void client.connect('127.0.0.1', await rig.start(server))

    await rig.until(() => client.names.includes('onConnecting'))

    expect(client.called('onConnecting')[0]?.[1]).toBe('127.0.0.2')
  })

  it('is the bound address by default, which may be no address at all: then the client stays with the one it dialed', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.pipe()
    const { port } = await server.start(0, '0.0.0.0')
    const visitor = await openRawSocket()
    visitor.say('HELLO ', port)
    await rig.until(() => visitor.texts.length === 1)

    await rig.connect(server, port, client)

    expect(visitor.texts[0]).toMatch(/^CONNECT 0\.0\.0\.0 \d+$/)
    expect(client.lastPeer.address).toBe('127.0.0.1')
  })
})

describe.runIf(!isPortShared)('a client behind a NAT that shows the private port another port', () => {
  it('is connected to where its CONNECT came from', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const [hello, connect] = [await openRawSocket(), await openRawSocket()]
    hello.say('HELLO ', await rig.start(server))
    await rig.until(() => hello.texts.length === 1)

    connect.say('CONNECT', portIn(hello.texts[0]))
    await rig.until(() => connect.texts.length === 1)

    expect(connect.texts).toEqual(['CONNECTED'])
    expect(server.called('onConnect')).toEqual([[server.lastPeer, '127.0.0.1', connect.port, { isResumed: false }]])
  })
})

describe('a datagram from somebody else', () => {
  it('at a private port is dropped', async () => {
    const rig = createRig()
    const { server, client, clientPeer } = await rig.connectedPair()
    const stranger = await openRawSocket()

    stranger.say('not from the peer', clientPeer.localPort)
    stranger.say('CLOSE', clientPeer.localPort)
    await rig.settle()
    client.send('from the peer')
    await rig.until(() => server.messages.length > 0)

    expect(server.messages).toEqual(['from the peer'])
    expect(server.names).not.toContain('onClose')
  })

  it('at a client is dropped', async () => {
    const rig = createRig()
    const { server, client, clientPeer, serverPeer } = await rig.connectedPair()
    const stranger = await openRawSocket()

    stranger.say('not from the peer', serverPeer.localPort)
    stranger.say('CLOSE', serverPeer.localPort)
    await rig.settle()
    server.send('from the peer', clientPeer)
    await rig.until(() => client.messages.length > 0)

    expect(client.messages).toEqual(['from the peer'])
    expect(client.names).not.toContain('onClose')
  })

  it('at a private port that waits for its client is dropped and counted', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const visitor = await openRawSocket()
    visitor.say('HELLO ', await rig.start(server))
    await rig.until(() => visitor.texts.length === 1)

    visitor.say('nonsense', portIn(visitor.texts[0]))
    visitor.say('PING', portIn(visitor.texts[0]))
    await rig.settle()

    expect(visitor.texts).toHaveLength(1)
    expect(server.counters.droppedMalformed).toBe(2)
  })

  it('at the front door is dropped and counted, unless it is a HELLO', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const visitor = await openRawSocket()
    const port = await rig.start(server)

    for (const nonsense of ['', 'hello ', 'CONNECT', 'PING', 'CLOSE', 'data']) visitor.say(nonsense, port)
    await rig.until(() => server.getReceivedPackets() === 6)

    expect(visitor.texts).toEqual([])
    expect(server.names).toEqual([])
    expect(server.counters.droppedMalformed).toBe(6)
  })
})

class Unwelcoming extends RecordingPipe {
  override onNewClient(...args: Parameters<RecordingPipe['onNewClient']>): boolean {
    super.onNewClient(...args)
    return false
  }
}
