import { describe, expect, it } from 'vitest'
import { createRig } from '../support/rig.ts'
import type { Delivery } from 'udpipe'

const deliveries: Delivery[] = ['reliable', 'reliable-unordered', 'sequenced', 'latest', 'unreliable']

describe('a reliable peer', () => {
  it('is what both ends are by default', async () => {
    const rig = createRig('reliable')
    const { clientPeer, serverPeer } = await rig.connectedPair()

    expect(clientPeer.protocol).toBe('reliable')
    expect(serverPeer.protocol).toBe('reliable')
  })

  it.each(deliveries)('carries %s messages on any channel, and says how they came', async (delivery) => {
    const rig = createRig('reliable')
    const { server, client, clientPeer } = await rig.connectedPair()

    client.send('up', undefined, { delivery, channel: 255 })
    clientPeer.send('down', { delivery, channel: 7 })
    await rig.passUntil(() => server.messages.length > 0 && client.messages.length > 0)

    expect(server.called('onNewMessage')).toEqual([[Buffer.from('up'), clientPeer, { delivery, channel: 255 }]])
    expect(client.called('onNewMessage')[0]?.[2]).toEqual({ delivery, channel: 7 })
  })

  it('sends what names nothing else reliably, on channel 0', async () => {
    const rig = createRig('reliable')
    const { server, client } = await rig.connectedPair()

    client.send('as usual')
    await rig.passUntil(() => server.messages.length > 0)

    expect(server.called('onNewMessage')[0]?.[2]).toEqual({ delivery: 'reliable', channel: 0 })
  })

  it('sends on a channel as its option says, unless the call says otherwise', async () => {
    const rig = createRig('reliable')
    const channels = { 3: { delivery: 'sequenced', priority: 0 } } as const
    const { server, client } = await rig.connectedPair({ client: { channels } })

    client.send('by the option', undefined, { channel: 3 })
    client.send('by the call', undefined, { channel: 3, delivery: 'reliable' })
    await rig.passUntil(() => server.messages.length === 2)

    const kinds = server.called('onNewMessage').map(([message, , info]) => [message.toString(), info.delivery])
    expect(Object.fromEntries(kinds)).toEqual({ 'by the option': 'sequenced', 'by the call': 'reliable' })
  })

  it('carries messages of a megabyte, and empty ones, whole and in order', async () => {
    const rig = createRig('reliable')
    const { server, client } = await rig.connectedPair()
    const large = Buffer.alloc(1024 * 1024, 'large enough to need fragments ')

    client.send(large)
    client.send('')
    client.send('PING')
    await rig.passUntil(() => server.messages.length === 3)

    const [first, second, third] = server.called('onNewMessage').map(([message]) => message)
    expect(first?.equals(large)).toBe(true)
    expect(second).toHaveLength(0)
    expect(third?.toString()).toBe('PING')
  })

  it('refuses a message over the limit at once', async () => {
    const rig = createRig('reliable')
    const { client } = await rig.connectedPair({ client: { maxMessageBytes: 1000 } })

    expect(() => client.send(Buffer.alloc(1001))).toThrow(expect.objectContaining({ code: 'ERR_MESSAGE_TOO_LARGE' }))
  })

  it('sends everything of one step in one datagram', async () => {
    const rig = createRig('reliable')
    const { server, client } = await rig.connectedPair()
    await rig.pass(3000)
    const before = client.getSentPackets()

    for (let i = 0; i < 10; i += 1) client.send(`message ${i}`, undefined, { channel: i })
    await rig.until(() => server.messages.length === 10)

    expect(client.getSentPackets() - before).toBe(1)
  })

  it('sends an immediate message before the turn is over', async () => {
    const rig = createRig('reliable')
    const { client } = await rig.connectedPair()
    const before = client.getSentPackets()

    client.send('now', undefined, { immediate: true })

    expect(client.getSentPackets()).toBe(before + 1)
  })

  it('tells the other side why it closed', async () => {
    const rig = createRig('reliable')
    const { server, client, clientPeer } = await rig.connectedPair({ client: { reconnect: false } })

    void server.close(clientPeer, { code: 4001, reason: 'the round is over' })
    await rig.passUntil(() => client.names.includes('onDisconnect'))

    const info = { code: 4001, reason: 'the round is over', timedOut: false, willReconnect: false }
    expect(client.called('onDisconnect')[0]?.[1]).toEqual(info)
    expect(server.called('onDisconnect')[0]?.[1]).toEqual(info)
  })

  it('knows its round trip and the other side’s clock', async () => {
    const rig = createRig('reliable')
    const { serverPeer } = await rig.connectedPair()
    await rig.pass(2000)

    expect(serverPeer.rttMs).toBeGreaterThanOrEqual(0)
    expect(Math.abs(serverPeer.clockOffsetMs)).toBeLessThan(100)
  })

  it('hands back what a lost connection may not have delivered, and keeps what was never sent for the next one', async () => {
    const rig = createRig('reliable')
    const { server, client } = await rig.connectedPair({ server: { resumeWindowMs: 0 } })
    rig.freeze(server)
    client.send('sent, never confirmed')
    await rig.pass(1500)
    expect(client.names).toContain('onStalled')
    client.send('never sent')
    await rig.pass(10_000)
    expect(client.called('onUndelivered')[0]?.[0]).toMatchObject([{ delivery: 'reliable', channel: 0 }])
    expect(client.called('onUndelivered')[0]?.[0].map(({ message }) => Buffer.from(message).toString())).toEqual([
      'sent, never confirmed',
    ])

    rig.thaw(server)
    await rig.passUntil(() => server.messages.includes('never sent'))

    expect(server.messages.filter((message) => message === 'never sent')).toHaveLength(1)
  })
})

describe('a server of the reliable protocol', () => {
  it('sends away a client with another token, and the client learns why', async () => {
    const rig = createRig('reliable')
    const server = rig.pipe({ token: 'right' })
    const client = rig.pipe({ token: 'wrong', reconnect: false })
    void client.connect('127.0.0.1', await rig.start(server)).catch(() => undefined)

    await rig.passUntil(() => client.names.includes('onError'))

    expect(server.names).toEqual(['onBadToken'])
    expect(client.errorCodes).toEqual(['ERR_REFUSED'])
    expect(client.called('onError')[0]?.[0].message).toMatch(/token/)
  })

  it('sends away whom it has no place for, and the client learns why', async () => {
    const rig = createRig('reliable')
    const server = rig.pipe({ maxClients: 1 })
    const port = await rig.start(server)
    await rig.connect(server, port, rig.pipe())
    const second = rig.pipe({ reconnect: false })
    void second.connect('127.0.0.1', port).catch(() => undefined)

    await rig.passUntil(() => second.names.includes('onError'))

    expect(server.names).toContain('onMaxClients')
    expect(second.called('onError')[0]?.[0].message).toMatch(/full/)
  })

  it('answers classic clients beside reliable ones when both are listed', async () => {
    const rig = createRig('reliable')
    const server = rig.pipe({ protocols: ['reliable', 'classic'] })
    const port = await rig.start(server)

    await rig.connect(server, port, rig.pipe(), rig.pipe({ protocol: 'classic' }))

    expect([...server.peers()].map(({ protocol }) => protocol).sort()).toEqual(['classic', 'reliable'])
  })

  it('answers no classic client when that is not listed', async () => {
    const rig = createRig('reliable')
    const server = rig.pipe()
    const client = rig.pipe({ protocol: 'classic', reconnect: false, handshakeTimeoutMs: 500 })
    void client.connect('127.0.0.1', await rig.start(server)).catch(() => undefined)

    await rig.passUntil(() => client.names.includes('onError'))

    expect(client.errorCodes).toEqual(['ERR_HANDSHAKE_TIMEOUT'])
    expect(server.counters.droppedMalformed).toBeGreaterThan(0)
    expect(server.getSentPackets()).toBe(0)
  })
})
