import { describe, expect, it } from 'vitest'
import { freePort, openRawSocket } from '../support/raw-socket.ts'
import { isPortShared } from '../support/port-layout.ts'
import { createRig } from '../support/rig.ts'

describe('a server that starts', () => {
  it('returns the address it is bound to', async () => {
    const rig = createRig()
    const server = rig.pipe()

    const address = await server.start(0, '127.0.0.1')

    expect(address.host).toBe('127.0.0.1')
    expect(address.port).toBeGreaterThan(0)
  })

  it('listens on every IPv4 address by default', async () => {
    const rig = createRig()

    expect((await rig.pipe().start()).host).toBe('0.0.0.0')
  })

  it('may be stepped before the address is known', () => {
    const rig = createRig()
    const server = rig.pipe()
    void server.start(0, '127.0.0.1')

    expect(server.step()).toBeGreaterThan(0)
  })
})

describe('a client that connects', () => {
  it('is shown a private port, goes there, and both sides hear of it in order', async () => {
    const rig = createRig()

    const { server, client } = await rig.connectedPair()

    expect(server.names).toEqual(['onNewClient', 'onConnect'])
    expect(client.names).toEqual(['onConnecting', 'onConnect'])
  })

  it('tells the server with onNewClient where its private port is, and where the client is', async () => {
    const rig = createRig()

    const { server, clientPeer, serverPeer } = await rig.connectedPair()

    expect(server.called('onNewClient')).toEqual([
      [Buffer.alloc(0), '127.0.0.1', clientPeer.localPort, '127.0.0.1', serverPeer.localPort],
    ])
  })

  it('tells with onConnecting and onConnect where its port at the server is', async () => {
    const rig = createRig()

    const { client, clientPeer, serverPeer, port } = await rig.connectedPair()

    expect(client.called('onConnecting')).toEqual([[serverPeer, '127.0.0.1', clientPeer.localPort]])
    expect(client.called('onConnect')).toEqual([[serverPeer, '127.0.0.1', clientPeer.localPort, { isResumed: false }]])
    expect(clientPeer.localPort === port).toBe(isPortShared)
  })

  it('tells the server with onConnect where the client is', async () => {
    const rig = createRig()

    const { server, clientPeer, serverPeer } = await rig.connectedPair()

    expect(server.called('onConnect')).toEqual([[clientPeer, '127.0.0.1', serverPeer.localPort, { isResumed: false }]])
  })

  it('resolves the promise of connect with the server', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.pipe()
    const port = await rig.start(server)

    const connected = client.connect('127.0.0.1', port)
    await rig.until(() => client.names.includes('onConnect'))

    expect(await connected).toBe(client.lastPeer)
  })

  it('repeats its HELLO until the server is there', async () => {
    const rig = createRig()
    const port = await freePort()
    const client = rig.pipe()
    void client.connect('127.0.0.1', port)
    await rig.pass(1_000)
    const server = rig.pipe()

    await server.start(port, '127.0.0.1')
    await rig.passUntil(() => client.names.includes('onConnect'), 2_000)

    expect(client.names).toEqual(['onConnecting', 'onConnect'])
  })

  it('has one connection however often it says HELLO', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.pipe()
    const port = await rig.start(server)
    rig.freeze(server)
    void client.connect('127.0.0.1', port)
    await rig.pass(3_000)
    rig.thaw(server)

    await rig.until(() => client.names.includes('onConnect'))
    await rig.settle()

    expect(client.getSentPackets()).toBeGreaterThan(3)
    expect(server.names).toEqual(['onNewClient', 'onConnect'])
    expect([...server.peers()]).toHaveLength(1)
  })

  it('tells onError with ERR_HANDSHAKE_TIMEOUT when nobody answers, and goes on dialing', async () => {
    const rig = createRig()
    const client = rig.pipe({ handshakeTimeoutMs: 400 })
    void client.connect('127.0.0.1', await freePort())

    await rig.passUntil(() => client.errorCodes.length === 2)

    expect(client.errorCodes).toEqual(['ERR_HANDSHAKE_TIMEOUT', 'ERR_HANDSHAKE_TIMEOUT'])
    expect(client.signal.aborted).toBe(false)
  })

  it('is over when nobody answers and it is not to reconnect', async () => {
    const rig = createRig()
    const client = rig.pipe({ handshakeTimeoutMs: 400, reconnect: false })
    const connected = client.connect('127.0.0.1', await freePort())

    await rig.passUntil(() => client.signal.aborted)

    await expect(connected).rejects.toMatchObject({ code: 'ERR_HANDSHAKE_TIMEOUT' })
    expect(client.errorCodes).toEqual(['ERR_HANDSHAKE_TIMEOUT'])
  })

  it('gives up after as many attempts as it may take', async () => {
    const rig = createRig()
    const reconnect = { minDelayMs: 10, maxDelayMs: 20, attempts: 2 }
    const client = rig.pipe({ handshakeTimeoutMs: 400, reconnect })
    void client.connect('127.0.0.1', await freePort())

    await rig.passUntil(() => client.signal.aborted)

    expect(client.errorCodes).toHaveLength(3)
  })

  it('begins at once: step need not have been called', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const port = await rig.start(server)
    const client = rig.pipe()
    rig.freeze(client)
    void client.connect('127.0.0.1', port)

    await rig.until(() => server.names.includes('onNewClient'))

    expect(client.names).toEqual([])
  })
})

describe('private ports that nobody comes to', () => {
  it('are closed after the handshake timeout', async () => {
    const rig = createRig()
    const server = rig.pipe({ handshakeTimeoutMs: 1_000 })
    const port = await rig.start(server)
    const visitor = await openRawSocket()
    visitor.say('HELLO ', port)
    await rig.until(() => visitor.texts.length === 1)

    await rig.pass(1_100)

    expect(server.names).toEqual(['onNewClient'])
    expect(server.counters.abandonedHandshakes).toBe(1)
  })
})
