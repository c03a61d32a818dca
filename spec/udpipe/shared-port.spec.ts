import type { UDPipeOptions } from 'udpipe'
import { describe, expect, it } from 'vitest'
import { openRawSocket } from '../support/raw-socket.ts'
import { RecordingPipe } from '../support/recording-pipe.ts'
import { createRig } from '../support/rig.ts'

const shared: UDPipeOptions = { privatePorts: 'shared' }

describe.each(['classic', 'reliable'] as const)('%s clients of a server with one port', (protocol) => {
  it('are all served there, and each hears what is said to it', async () => {
    const rig = createRig(protocol)
    const server = rig.add(new Echo({ ...rig.options, ...shared }))
    const clients = [rig.pipe(), rig.pipe(), rig.pipe()]
    const port = await rig.start(server)
    await rig.connect(server, port, ...clients)

    for (const [index, client] of clients.entries()) client.send(`of client ${index}`)
    await rig.passUntil(() => clients.every(({ messages }) => messages.length > 0))

    expect(clients.map(({ messages }) => messages)).toEqual([['of client 0'], ['of client 1'], ['of client 2']])
    expect([...server.peers()].map(({ localPort }) => localPort)).toEqual([port, port, port])
    expect(clients.map(({ lastPeer }) => lastPeer.port)).toEqual([port, port, port])
    expect(server.counters).toMatchObject({ droppedForeign: 0, droppedMalformed: 0, droppedInbox: 0 })
  })

  it('come back from the same address while the server still waits for who was there', async () => {
    const rig = createRig(protocol)
    const { server, client, clientPeer } = await rig.connectedPair({
      server: { ...shared, stallTimeoutMs: 60_000, timeoutMs: 90_000 },
      client: { timeoutMs: 2_000, reconnect: { minDelayMs: 100, maxDelayMs: 100 } },
    })
    rig.freeze(server)
    await rig.passUntil(() => client.names.includes('onDisconnect'))

    rig.thaw(server)
    await rig.passUntil(() => client.called('onConnect').length === 2)
    client.send('back')
    await rig.passUntil(() => server.messages.length > 0)
    server.send('welcome', server.lastPeer)
    await rig.passUntil(() => client.messages.length > 0)

    expect(server.messages).toEqual(['back'])
    expect(client.messages).toEqual(['welcome'])
    expect(server.lastPeer.port).toBe(clientPeer.port)
  })

  it('make room when they have gone', async () => {
    const rig = createRig(protocol)
    const server = rig.pipe({ ...shared, maxClients: 1 })
    const [first, second] = [rig.pipe(), rig.pipe()]
    const port = await rig.start(server)
    await rig.connect(server, port, first)
    void first.close()
    await rig.passUntil(() => first.signal.aborted && [...server.peers()].length === 0)
    await rig.pass(3_000)

    void second.connect('127.0.0.1', port)
    await rig.passUntil(() => second.names.includes('onConnect'), 5_000)

    expect([...server.peers()]).toHaveLength(1)
  })

  it('are told when it closes, and then the port is free', async () => {
    const rig = createRig(protocol)
    const server = rig.pipe(shared)
    const clients = [rig.pipe({ reconnect: false }), rig.pipe({ reconnect: false })]
    const port = await rig.start(server)
    await rig.connect(server, port, ...clients)
    server.sendAll('the last word')

    void server.close()
    await rig.passUntil(() => server.signal.aborted && clients.every(({ signal }) => signal.aborted))

    for (const client of clients) {
      expect(client.messages).toEqual(['the last word'])
      expect(client.called('onDisconnect')[0]?.[1]).toMatchObject({ timedOut: false })
    }
    await openRawSocket(port)
  })

  it('that say HELLO while it closes get no answer, and are counted', async () => {
    const rig = createRig(protocol)
    const { server, client, port } = await rig.connectedPair({ server: shared })
    const late = rig.pipe()
    rig.freeze(client)
    void server.close()
    const before = server.counters.droppedMalformed

    void late.connect('127.0.0.1', port)
    await rig.pass(300)

    expect(server.counters.droppedMalformed - before).toBe(2)
    expect(server.called('onNewClient')).toHaveLength(1)
    expect(late.errorCodes).toEqual([])
  })

  it('may stand beside those of the other protocol', async () => {
    const rig = createRig(protocol)
    const server = rig.add(new Echo({ ...rig.options, ...shared, protocols: ['classic', 'reliable'] }))
    const clients = [rig.pipe({ protocol: 'classic' }), rig.pipe({ protocol: 'reliable' })]
    await rig.connect(server, await rig.start(server), ...clients)

    for (const client of clients) client.send(client.lastPeer.protocol)
    await rig.passUntil(() => clients.every(({ messages }) => messages.length > 0))

    expect(clients.map(({ messages }) => messages)).toEqual([['classic'], ['reliable']])
  })
})

describe('at a shared port', () => {
  it('a datagram of nobody is dropped and counted', async () => {
    const rig = createRig('reliable')
    const { server, client, port } = await rig.connectedPair({ server: shared })
    const stranger = await openRawSocket()
    const before = server.counters.droppedMalformed

    for (const text of ['\x80\x00\x01packet', `CONNECT\0\x01${'?'.repeat(16)}\x80\x00\x01packet`, 'CLOSE']) {
      stranger.say(text, port)
    }
    await rig.until(() => server.counters.droppedMalformed - before === 3)
    client.send('undisturbed')
    await rig.passUntil(() => server.messages.length > 0)

    expect(stranger.texts).toEqual([])
    expect(server.messages).toEqual(['undisturbed'])
  })

  it('a client that was refused may request again', async () => {
    const rig = createRig('reliable')
    class Choosy extends RecordingPipe {
      override onNewClient(...args: Parameters<RecordingPipe['onNewClient']>): boolean {
        super.onNewClient(...args)
        return this.called('onNewClient').length > 1
      }
    }
    const server = rig.add(new Choosy({ ...rig.options, ...shared }))
    const client = rig.pipe({ reconnect: { minDelayMs: 100, maxDelayMs: 100 } })
    void client.connect('127.0.0.1', await rig.start(server))

    await rig.passUntil(() => client.names.includes('onConnect'))

    expect(client.errorCodes).toEqual(['ERR_REFUSED'])
    expect([...server.peers()]).toHaveLength(1)
  })

  it('a classic message may begin as a HELLO does', async () => {
    const rig = createRig('classic')
    const { server, client } = await rig.connectedPair({ server: shared })

    client.send('HELLO everybody')
    await rig.until(() => server.messages.length > 0)

    expect(server.messages).toEqual(['HELLO everybody'])
    expect(server.called('onNewClient')).toHaveLength(1)
  })
})

class Echo extends RecordingPipe {
  override onNewMessage(...args: Parameters<RecordingPipe['onNewMessage']>): void {
    super.onNewMessage(...args)
    const [message, peer] = args
    this.send(message, peer)
  }
}
