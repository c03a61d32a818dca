import { describe, expect, it } from 'vitest'
import { RecordingPipe } from '../support/recording-pipe.ts'
import { openRawSocket, portIn } from '../support/raw-socket.ts'
import { createRig } from '../support/rig.ts'

const closedByPeer = { code: 0, reason: '', timedOut: false, willReconnect: false }

describe('close on a client', () => {
  it('fires onClose, then onDisconnect, on both sides', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()
    server.forget()
    client.forget()

    void client.close()
    await rig.until(() => client.signal.aborted && server.names.length === 2)

    expect(client.names).toEqual(['onClose', 'onDisconnect'])
    expect(server.names).toEqual(['onClose', 'onDisconnect'])
  })

  it('tells both with the peer, and with the code and reason on its own side', async () => {
    const rig = createRig()
    const { server, client, clientPeer, serverPeer } = await rig.connectedPair()

    void client.close(undefined, { code: 4001, reason: 'game over' })
    await rig.until(() => client.signal.aborted && server.names.includes('onDisconnect'))

    expect(client.called('onClose')).toEqual([[serverPeer]])
    expect(client.called('onDisconnect')).toEqual([
      [serverPeer, { code: 4001, reason: 'game over', timedOut: false, willReconnect: false }],
    ])
    expect(server.called('onClose')).toEqual([[clientPeer]])
    expect(server.called('onDisconnect')).toEqual([[clientPeer, closedByPeer]])
  })

  it.each([
    ['x'.repeat(300), 'x'.repeat(256)],
    ['ż'.repeat(200), 'ż'.repeat(128)],
    [`x${'ż'.repeat(200)}`, `x${'ż'.repeat(127)}`],
    [`xy${'🐢'.repeat(100)}`, `xy${'🐢'.repeat(63)}`],
    ['🐢'.repeat(64), '🐢'.repeat(64)],
  ])('cuts a reason of more than 256 bytes at a character: %s', async (reason, cut) => {
    const rig = createRig('reliable')
    const { server, client, clientPeer } = await rig.connectedPair({ client: { reconnect: false } })

    void clientPeer.close({ reason })
    await rig.until(() => client.names.includes('onDisconnect') && server.names.includes('onDisconnect'))

    for (const pipe of [client, server]) expect(pipe.called('onDisconnect')[0]?.[1].reason).toBe(cut)
  })

  it('resolves when the server confirmed, stepping by itself', async () => {
    const rig = createRig()
    const { client, serverPeer } = await rig.connectedPair()
    rig.freeze(client)

    const closed = client.close()
    await rig.until(() => serverPeer.state === 'closed')

    await expect(closed).resolves.toBeUndefined()
  })

  it('resolves when nobody confirms, after a few repeats', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()
    rig.freeze(server)
    const before = client.getSentPackets()

    void client.close()
    await rig.passUntil(() => client.signal.aborted, 4_000)

    expect(client.getSentPackets() - before).toBe(5)
    expect(client.names).toContain('onDisconnect')
  })

  it('sends what was queued first', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()

    client.send('one')
    client.send('two')
    void client.close()
    await rig.until(() => server.names.includes('onDisconnect'))

    expect(server.messages).toEqual(['one', 'two'])
    expect(server.names.at(-1)).toBe('onDisconnect')
  })

  it('ends reconnecting', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()
    void client.close()
    await rig.until(() => client.signal.aborted)
    const { length } = server.names

    await rig.pass(20_000)

    expect(server.names.slice(length)).toEqual([])
  })

  it('ends dialing, too, and rejects what connect promised', async () => {
    const rig = createRig()
    const client = rig.pipe()
    const silent = await openRawSocket()
    const connected = client.connect('127.0.0.1', silent.port)
    await rig.pass(500)

    await client.close()

    await expect(connected).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    expect(client.names).toEqual([])
  })

  it('ends a wait between two attempts', async () => {
    const rig = createRig()
    const client = rig.pipe({ handshakeTimeoutMs: 200, reconnect: { minDelayMs: 5_000, maxDelayMs: 5_000 } })
    const silent = await openRawSocket()
    void client.connect('127.0.0.1', silent.port)
    await rig.passUntil(() => client.errorCodes.length > 0)

    await client.close()

    expect(client.signal.aborted).toBe(true)
  })

  it('ends the looking up of a name', async () => {
    const rig = createRig()
    const client = rig.pipe()
    const connected = client.connect('localhost', 9)

    await client.close()

    await expect(connected).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  })

  it('hands back what could not be sent', async () => {
    const rig = createRig()
    const client = rig.pipe()
    const silent = await openRawSocket()
    void client.connect('127.0.0.1', silent.port)
    client.send('never sent')

    await client.close()

    const [call] = client.called('onUndelivered')
    expect(call?.[0].map(({ message }) => Buffer.from(message).toString())).toEqual(['never sent'])
  })

  it('may be called twice, and both resolve', async () => {
    const rig = createRig()
    const { client } = await rig.connectedPair()

    const closed = Promise.all([client.close(), client.close()])
    await rig.until(() => client.signal.aborted)

    await expect(closed).resolves.toEqual([undefined, undefined])
  })

  it('may be called by a callback', async () => {
    const rig = createRig()
    class Shy extends RecordingPipe {
      override onConnect(...args: Parameters<RecordingPipe['onConnect']>): void {
        super.onConnect(...args)
        void this.close()
      }
    }
    const server = rig.pipe()
    const client = rig.add(new Shy(rig.options))
    void client.connect('127.0.0.1', await rig.start(server))

    await rig.until(() => client.signal.aborted && server.names.includes('onDisconnect'))

    expect(client.names).toEqual(['onConnecting', 'onConnect', 'onClose', 'onDisconnect'])
  })

  it('does nothing before anything was started', async () => {
    const rig = createRig()

    await expect(rig.pipe().close()).resolves.toBeUndefined()
  })

  it('takes the server as a peer, and ends the client all the same', async () => {
    const rig = createRig()
    const { client, serverPeer } = await rig.connectedPair()

    void client.close(serverPeer)
    await rig.until(() => client.signal.aborted)

    expect(client.names).toContain('onDisconnect')
  })
})

describe('close(peer) on a server', () => {
  it('closes that one and leaves the others and the front door alone', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const [first, second] = [rig.pipe({ reconnect: false }), rig.pipe()]
    const port = await rig.start(server)
    await rig.connect(server, port, first)
    const firstPeer = server.lastPeer
    await rig.connect(server, port, second)
    const secondPeer = server.lastPeer

    const closed = server.close(firstPeer, { code: 7, reason: 'kicked' })
    await rig.passUntil(() => first.signal.aborted)
    await closed

    expect(server.called('onDisconnect')).toEqual([
      [firstPeer, { code: 7, reason: 'kicked', timedOut: false, willReconnect: false }],
    ])
    expect(first.called('onDisconnect')).toEqual([[first.lastPeer, closedByPeer]])
    expect([...server.peers()]).toEqual([secondPeer])
    expect(second.names).not.toContain('onDisconnect')
  })

  it('is what Peer.close is', async () => {
    const rig = createRig()
    const { server, clientPeer } = await rig.connectedPair({ client: { reconnect: false } })

    const closed = clientPeer.close({ code: 7, reason: 'kicked' })
    await rig.until(() => server.names.includes('onDisconnect'))
    await closed

    expect(server.called('onDisconnect')).toEqual([
      [clientPeer, { code: 7, reason: 'kicked', timedOut: false, willReconnect: false }],
    ])
  })

  it('lets the client dial again', async () => {
    const rig = createRig()
    const { server, client, clientPeer, serverPeer } = await rig.connectedPair()

    void server.close(clientPeer)
    await rig.passUntil(() => client.called('onConnect').length === 2)

    expect(client.called('onDisconnect')).toEqual([[serverPeer, { ...closedByPeer, willReconnect: true }]])
    expect([...server.peers()]).toHaveLength(1)
  })

  it('resolves at once for a peer that is closed already', async () => {
    const rig = createRig()
    const { server, clientPeer } = await rig.connectedPair({ client: { reconnect: false } })
    void clientPeer.close()
    await rig.until(() => server.names.includes('onDisconnect'))
    await rig.pass(2_000)

    await expect(server.close(clientPeer)).resolves.toBeUndefined()
  })
})

describe('close on a server', () => {
  it('tells every client, and closes every port', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const clients = [rig.pipe({ reconnect: false }), rig.pipe({ reconnect: false })]
    const port = await rig.start(server)
    await rig.connect(server, port, ...clients)
    const ports = new Set([port, ...[...server.peers()].map(({ localPort }) => localPort)])

    const closed = server.close()
    await rig.passUntil(() => server.signal.aborted)
    await closed

    for (const client of clients) expect(client.called('onDisconnect')).toHaveLength(1)
    for (const each of ports) await openRawSocket(each)
  })

  it('fires onClose and onDisconnect for each client', async () => {
    const rig = createRig()
    const { server, clientPeer } = await rig.connectedPair({ client: { reconnect: false } })
    server.forget()

    void server.close(undefined, { code: 1, reason: 'restart' })
    await rig.until(() => server.signal.aborted)

    expect(server.names).toEqual(['onClose', 'onDisconnect'])
    expect(server.called('onDisconnect')).toEqual([
      [clientPeer, { code: 1, reason: 'restart', timedOut: false, willReconnect: false }],
    ])
  })

  it('lets nobody in any more', async () => {
    const rig = createRig()
    const { server, port } = await rig.connectedPair()
    const late = await openRawSocket()
    void server.close()

    late.say('HELLO ', port)
    await rig.pass(500)

    expect(late.texts).toEqual([])
  })

  it('resolves at once when nobody is there', async () => {
    const rig = createRig()
    const server = rig.pipe()
    await rig.start(server)

    await expect(server.close()).resolves.toBeUndefined()
  })

  it('ends one that is still looking up its name, and leaves no socket behind', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const before = openSockets()
    const started = server.start(0, 'localhost')

    await server.close()

    await expect(started).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    expect(openSockets()).toBe(before)
  })
})

describe('a UDPipe that was closed', () => {
  it('starts again, with clients that dialed on', async () => {
    const rig = createRig()
    const { server, client, port } = await rig.connectedPair()
    void server.close()
    await rig.until(() => server.signal.aborted)

    await server.start(port, '127.0.0.1')
    await rig.passUntil(() => client.called('onConnect').length === 2)

    expect([...server.peers()]).toHaveLength(1)
  })

  it('connects again', async () => {
    const rig = createRig()
    const { server, client, port } = await rig.connectedPair()
    void client.close()
    await rig.until(() => client.signal.aborted)
    const before = server.called('onConnect').length

    void client.connect('127.0.0.1', port)
    await rig.until(() => server.called('onConnect').length > before && client.called('onConnect').length === 2)

    expect(client.called('onConnect')[0]?.[0]).not.toBe(client.lastPeer)
  })
})

describe('signal', () => {
  it('aborts when the connection is over, and not before', async () => {
    const rig = createRig()
    const { client } = await rig.connectedPair()
    expect(client.signal.aborted).toBe(false)

    void client.close()
    await rig.until(() => client.signal.aborted)

    expect(client.signal.aborted).toBe(true)
  })

  it('aborts when a client that does not reconnect lost its server', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair({ client: { reconnect: false } })
    rig.freeze(server)

    await rig.pass(10_100)

    expect(client.signal.aborted).toBe(true)
    expect(client.names.at(-1)).toBe('onDisconnect')
    expect(client.step()).toBe(60_000)
  })

  it('is a new one after another start', async () => {
    const rig = createRig()
    const server = rig.pipe()
    await rig.start(server)
    const { signal } = server
    await server.close()

    await rig.start(server)

    expect(signal.aborted).toBe(true)
    expect(server.signal.aborted).toBe(false)
  })
})

describe('Symbol.asyncDispose', () => {
  it('closes', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()

    const disposed = client[Symbol.asyncDispose]()
    await rig.until(() => server.names.includes('onDisconnect'))
    await disposed

    expect(client.signal.aborted).toBe(true)
  })
})

describe('a client that closes half way through the handshake', () => {
  it('leaves no peer behind on the server', async () => {
    const rig = createRig()
    const server = rig.pipe({ handshakeTimeoutMs: 500 })
    const client = rig.pipe()
    const port = await rig.start(server)
    void client.connect('127.0.0.1', port)
    await rig.until(() => client.names.includes('onConnecting'))

    void client.close()
    await rig.passUntil(() => client.signal.aborted)
    await rig.pass(2_000)

    expect([...server.peers()]).toEqual([])
    expect(client.names).not.toContain('onConnect')
  })
})

describe('a late CLOSE', () => {
  it('is answered again when the answer was lost', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const visitor = await openRawSocket()
    const port = await rig.start(server)
    visitor.say('HELLO ', port)
    await rig.until(() => visitor.texts.length === 1)
    const privatePort = portIn(visitor.texts[0])
    visitor.say('CONNECT', privatePort)
    await rig.until(() => visitor.texts.length === 2)

    visitor.say('CLOSE', privatePort)
    await rig.until(() => visitor.texts.length === 3)
    visitor.say('CLOSE', privatePort)
    await rig.until(() => visitor.texts.length === 4)

    expect(visitor.texts.slice(1)).toEqual(['CONNECTED', 'CLOSED', 'CLOSED'])
    expect(server.called('onDisconnect')).toHaveLength(1)
  })
})

/** How many UDP sockets this process has open. */
function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'UDPWRAP').length
}
