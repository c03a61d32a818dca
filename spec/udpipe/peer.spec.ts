import { describe, expect, it } from 'vitest'
import { openRawSocket, portIn } from '../support/raw-socket.ts'
import { createRig } from '../support/rig.ts'

/** How many datagrams wait at one socket for the next step. */
const INBOX_DATAGRAMS = 16_384

describe('a peer', () => {
  it('has an id unlike that of any other of its UDPipe, even of those that are gone', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const clients = [rig.pipe(), rig.pipe(), rig.pipe()]
    const port = await rig.start(server)
    for (const client of clients) {
      await rig.connect(server, port, client)
      void client.close()
      await rig.until(() => client.signal.aborted)
    }

    const ids = server.called('onConnect').map(([peer]) => peer.id)

    expect(new Set(ids).size).toBe(3)
  })

  it('knows both addresses of its connection', async () => {
    const rig = createRig()
    const { clientPeer, serverPeer, port } = await rig.connectedPair()

    expect(clientPeer.address).toBe('127.0.0.1')
    expect(clientPeer.port).toBe(serverPeer.localPort)
    expect(serverPeer.address).toBe('127.0.0.1')
    expect(serverPeer.port).toBe(clientPeer.localPort)
    expect(new Set([port, clientPeer.localPort, serverPeer.localPort]).size).toBe(3)
  })

  it('knows what it speaks', async () => {
    const rig = createRig()
    const { clientPeer, serverPeer } = await rig.connectedPair()

    expect(clientPeer.protocol).toBe('classic')
    expect(serverPeer.protocol).toBe('classic')
  })

  it('that is paused is not heard, however long that takes, and then once each and in order', async () => {
    const rig = createRig('reliable')
    const { server, client, clientPeer } = await rig.connectedPair()
    clientPeer.pause()
    for (let i = 0; i < 50; i += 1) client.send(String(i))
    await rig.pass(20_000)
    const whilePaused = server.messages.length

    clientPeer.resume()
    await rig.passUntil(() => server.messages.length === 50)

    expect(whilePaused).toBe(0)
    expect(server.messages.map(String)).toEqual(Array.from({ length: 50 }, (_, i) => String(i)))
    expect(server.called('onDisconnect')).toHaveLength(0)
  })

  it('that is paused makes the other side wait when its credit is used up, and holds no more than that', async () => {
    const rig = createRig('reliable')
    const { client, clientPeer, serverPeer } = await rig.connectedPair({
      server: { maxMessageBytes: 65_536 },
      client: { maxQueuedBytes: 256 * 1024 * 1024, maxQueuedMessages: 100_000 },
    })
    clientPeer.pause()
    for (let i = 0; i < 200; i += 1) client.send(Buffer.alloc(60_000))
    await rig.pass(5_000)

    expect(clientPeer.stats.heldBytes).toBeLessThan(4 * 1024 * 1024)
    expect(serverPeer.stats.queuedMessages).toBeGreaterThan(100)
    clientPeer.resume()
  })

  it('that is paused has its end told when it is resumed, behind its messages', async () => {
    const rig = createRig('reliable')
    const { server, client, clientPeer } = await rig.connectedPair()
    clientPeer.pause()
    client.send('last')
    void client.close()
    await rig.pass(2_000)
    const before = server.called('onDisconnect').length

    clientPeer.resume()
    await rig.passUntil(() => server.called('onDisconnect').length > 0)

    expect([before, server.messages.map(String)]).toEqual([0, ['last']])
  })

  it('keeps whatever belongs with it', async () => {
    const rig = createRig()
    const { server, client, clientPeer } = await rig.connectedPair()
    expect(clientPeer.userData).toBeUndefined()

    clientPeer.userData = { name: 'Ada' }
    client.send('hello')
    await rig.until(() => server.messages.length > 0)

    expect(server.called('onNewMessage')[0]?.[1].userData).toEqual({ name: 'Ada' })
  })

  it('is the same in every callback of its connection', async () => {
    const rig = createRig()
    const { server, client, clientPeer } = await rig.connectedPair()
    client.send('hello')
    client.ping()
    await rig.settle()
    void client.close()
    await rig.until(() => server.names.includes('onDisconnect'))

    const peers = [
      server.called('onConnect')[0]?.[0],
      server.called('onNewMessage')[0]?.[1],
      server.called('onPing')[0]?.[0],
      server.called('onClose')[0]?.[0],
      server.called('onDisconnect')[0]?.[0],
    ]
    expect(new Set(peers)).toEqual(new Set([clientPeer]))
  })

  it('has no times that the classic protocol cannot tell', async () => {
    const rig = createRig()
    const { clientPeer } = await rig.connectedPair()

    expect(clientPeer.clockOffsetMs).toBeNaN()
    expect(clientPeer.rttMs).toBeNaN()
  })

  it('goes through the states of its connection', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.pipe({ reconnect: { minDelayMs: 1_000, maxDelayMs: 1_000 } })
    const port = await rig.start(server)
    void client.connect('127.0.0.1', port)
    await rig.until(() => client.names.includes('onConnecting'))
    const [[peer] = []] = client.called('onConnecting')
    const states = [peer?.state]

    await rig.until(() => client.names.includes('onConnect'))
    states.push(peer?.state)
    rig.freeze(server)
    await rig.pass(1_100)
    states.push(peer?.state)
    await rig.pass(9_000)
    states.push(peer?.state)
    await rig.passUntil(() => peer?.state === 'dialing')
    states.push(peer?.state)
    await client.close()
    states.push(peer?.state)

    expect(states).toEqual(['connecting', 'connected', 'stalled', 'waiting', 'dialing', 'closed'])
  })

  it('is closing until the other side confirms', async () => {
    const rig = createRig()
    const { client, serverPeer } = await rig.connectedPair()

    void client.close()

    expect(serverPeer.state).toBe('closing')
  })
})

describe('the stats of a peer', () => {
  it('count datagrams, bytes and messages', async () => {
    const rig = createRig()
    const { server, client, clientPeer, serverPeer } = await rig.connectedPair()

    client.send('hello')
    client.send('world!')
    await rig.until(() => server.messages.length === 2)

    expect(serverPeer.stats).toMatchObject({
      sentPackets: 4,
      sentBytes: 'HELLO CONNECThelloworld!'.length,
      sentMessages: 2,
      receivedPackets: 2,
      receivedBytes: `CONNECT 127.0.0.1 ${clientPeer.localPort}CONNECTED`.length,
      receivedMessages: 0,
    })
    expect(clientPeer.stats).toMatchObject({
      sentPackets: 1,
      sentBytes: 'CONNECTED'.length,
      sentMessages: 0,
      receivedPackets: 3,
      receivedBytes: 'CONNECThelloworld!'.length,
      receivedMessages: 2,
    })
  })

  it('are a copy', async () => {
    const rig = createRig()
    const { serverPeer } = await rig.connectedPair()

    serverPeer.stats.sentPackets = 1_000

    expect(serverPeer.stats.sentPackets).toBe(2)
  })

  it('measure the rates of the last second', async () => {
    const rig = createRig()
    const { client, clientPeer, serverPeer } = await rig.connectedPair({ client: { pingIntervalMs: 50 } })

    for (let i = 0; i < 100; i += 1) {
      client.send(new Uint8Array(500))
      await rig.pass(50)
    }

    expect(serverPeer.stats.sendRate).toBeGreaterThan(8_000)
    expect(serverPeer.stats.sendRate).toBeLessThan(12_000)
    expect(clientPeer.stats.receiveRate).toBeGreaterThan(5_000)
  })

  it('say that the classic protocol cannot tell what is lost, and has no window', async () => {
    const rig = createRig()
    const { serverPeer } = await rig.connectedPair()

    expect(serverPeer.stats).toMatchObject({
      lossRate: NaN,
      lostPackets: 0,
      retransmittedPackets: 0,
      redundantPackets: 0,
      congestionWindowBytes: Infinity,
    })
  })

  it('count what came from somebody else, and what said nothing', async () => {
    const rig = createRig()
    const { serverPeer } = await rig.connectedPair()

    expect(serverPeer.stats).toMatchObject({ droppedForeign: 0, droppedMalformed: 0 })
  })
})

describe('getSentPackets and getReceivedPackets', () => {
  it('count every datagram of a UDPipe', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()

    expect([client.getSentPackets(), client.getReceivedPackets()]).toEqual([2, 2])
    expect([server.getSentPackets(), server.getReceivedPackets()]).toEqual([2, 2])
  })

  it('are nothing before anything was sent', () => {
    const rig = createRig()
    const pipe = rig.pipe()

    expect([pipe.getSentPackets(), pipe.getReceivedPackets()]).toEqual([0, 0])
  })

  it('go on over connections', async () => {
    const rig = createRig()
    const { server, client, port } = await rig.connectedPair()
    void client.close()
    await rig.until(() => client.signal.aborted)
    await rig.connect(server, port, client)
    await rig.until(() => client.called('onConnect').length === 2)

    expect([client.getSentPackets(), client.getReceivedPackets()]).toEqual([5, 5])
  })

  it('count what was dropped, too', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const visitor = await openRawSocket()
    visitor.say('nonsense', await rig.start(server))

    await rig.until(() => server.getReceivedPackets() === 1)

    expect(server.counters.droppedMalformed).toBe(1)
  })
})

describe('counters', () => {
  it('count datagrams and bytes', async () => {
    const rig = createRig()
    const { client, clientPeer } = await rig.connectedPair()

    expect(client.counters).toMatchObject({
      sentPackets: 2,
      sentBytes: 'HELLO CONNECT'.length,
      receivedPackets: 2,
      receivedBytes: `CONNECT 127.0.0.1 ${clientPeer.localPort}CONNECTED`.length,
    })
  })

  it('are a copy', async () => {
    const rig = createRig()
    const { client } = await rig.connectedPair()

    client.counters.sentPackets = 1_000

    expect(client.counters.sentPackets).toBe(2)
  })

  it('keep what was dropped when the peer is gone', async () => {
    const rig = createRig()
    const server = rig.pipe({ handshakeTimeoutMs: 500 })
    const visitor = await openRawSocket()
    visitor.say('HELLO ', await rig.start(server))
    await rig.until(() => visitor.texts.length === 1)
    visitor.say('nonsense', portIn(visitor.texts[0]))
    await rig.until(() => server.counters.droppedMalformed === 1)

    await rig.passUntil(() => server.counters.abandonedHandshakes === 1)

    expect(server.counters.droppedMalformed).toBe(1)
  })

  it('count what found the inbox full, at the front door and behind it', async () => {
    const rig = createRig()
    const { server, client, port } = await rig.connectedPair()
    const visitor = await openRawSocket()
    rig.freeze(server)

    for (let sent = 0; sent < INBOX_DATAGRAMS + 500; sent += 100) {
      for (let i = 0; i < 100; i += 1) {
        visitor.say('request', port)
        client.send('tick')
      }
      await rig.settle()
    }

    const { droppedInbox } = server.counters
    expect(droppedInbox).toBeGreaterThan(900)
    server.step()
    expect(server.messages).toHaveLength(INBOX_DATAGRAMS)
    void server.close()
    await rig.until(() => server.signal.aborted)
    expect(server.counters.droppedInbox).toBe(droppedInbox)
  })
})
