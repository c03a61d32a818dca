import { describe, expect, it } from 'vitest'
import { createRig } from '../support/rig.ts'
import { openRawSocket } from '../support/raw-socket.ts'

const always = { minDelayMs: 100, maxDelayMs: 800, attempts: Infinity }

describe('a client that lost its server', () => {
  it('dials again by itself when the server comes back on the same port', async () => {
    const rig = createRig()
    const { server, client, port } = await rig.connectedPair({ client: { reconnect: always } })
    void server.close()
    await rig.passUntil(() => client.names.includes('onDisconnect') && server.signal.aborted)
    await rig.pass(3_000)
    const restarted = rig.pipe()

    await restarted.start(port, '127.0.0.1')
    await rig.passUntil(() => restarted.names.includes('onConnect'))
    await rig.passUntil(() => client.called('onConnect').length === 2)

    expect(restarted.names).toEqual(['onNewClient', 'onConnect'])
    expect([...client.peers()]).toEqual([client.lastPeer])
  })

  it('dials again when the server fell silent', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair({ client: { timeoutMs: 2_000, reconnect: always } })
    rig.freeze(server)
    await rig.passUntil(() => client.names.includes('onDisconnect'))
    expect(client.called('onDisconnect')[0]?.[1]).toMatchObject({ timedOut: true, willReconnect: true })

    rig.thaw(server)
    await rig.passUntil(() => client.called('onConnect').length === 2)
    client.send('back')
    await rig.until(() => server.messages.length > 0)

    expect(server.messages).toEqual(['back'])
    expect([...server.peers()]).toHaveLength(1)
  })

  it('keeps its peer: the same object, with the same userData', async () => {
    const rig = createRig()
    const { server, client, port, serverPeer } = await rig.connectedPair({ client: { reconnect: always } })
    serverPeer.userData = 'mine'
    void server.close()
    await rig.passUntil(() => server.signal.aborted)

    await server.start(port, '127.0.0.1')
    await rig.passUntil(() => client.called('onConnect').length === 2)

    expect(client.lastPeer).toBe(serverPeer)
    expect(client.lastPeer.userData).toBe('mine')
  })

  it('sends on the new connection what it queued meanwhile, in order', async () => {
    const rig = createRig()
    const { server, client, port } = await rig.connectedPair({ client: { reconnect: always } })
    void server.close()
    await rig.passUntil(() => client.names.includes('onDisconnect') && server.signal.aborted)
    for (const message of ['one', 'two', 'three']) expect(client.send(message)).toBe(true)
    const restarted = rig.pipe()

    await restarted.start(port, '127.0.0.1')
    await rig.passUntil(() => restarted.messages.length === 3)

    expect(restarted.messages).toEqual(['one', 'two', 'three'])
    expect(client.names).not.toContain('onUndelivered')
  })

  it('sends on the new connection what waited for the stalled one', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair({ client: { timeoutMs: 2_000, reconnect: always } })
    rig.freeze(server)
    await rig.passUntil(() => client.names.includes('onStalled'))
    client.send('one')
    client.send('two')
    await rig.passUntil(() => client.names.includes('onDisconnect'))

    rig.thaw(server)
    await rig.passUntil(() => server.messages.length === 2)

    expect(server.messages).toEqual(['one', 'two'])
  })

  it('fires onDisconnect once for each onConnect', async () => {
    const rig = createRig()
    const { server, client, port } = await rig.connectedPair({ client: { reconnect: always } })

    for (let restarts = 1; restarts <= 3; restarts += 1) {
      void server.close()
      await rig.passUntil(() => server.signal.aborted)
      await server.start(port, '127.0.0.1')
      await rig.passUntil(() => client.called('onConnect').length === restarts + 1)
    }

    const lives = client.names.filter((name) => name === 'onConnect' || name === 'onDisconnect')
    expect(lives).toEqual(Array.from({ length: 7 }, (_, i) => (i % 2 === 0 ? 'onConnect' : 'onDisconnect')))
  })

  it('does not dial again when it was told so', async () => {
    const rig = createRig()
    const { server, client, port } = await rig.connectedPair({ client: { reconnect: false } })
    void server.close()
    await rig.passUntil(() => server.signal.aborted)
    expect(client.called('onDisconnect')[0]?.[1]).toMatchObject({ willReconnect: false })
    const successor = await openRawSocket(port)

    await rig.pass(20_000)

    expect(successor.texts).toEqual([])
  })

  it('waits longer and longer between attempts, up to the limit', async () => {
    const rig = createRig()
    const refusing = await openRawSocket()
    const client = rig.pipe({ reconnect: { minDelayMs: 400, maxDelayMs: 3_200, attempts: Infinity } })
    void client.connect('127.0.0.1', refusing.port)
    const dialedAt: number[] = []

    for (let attempt = 1; attempt <= 7; attempt += 1) {
      await rig.passUntil(() => refusing.texts.length === attempt)
      dialedAt.push(rig.clock.now)
      refusing.say('GO AWAY!', refusing.received.at(-1)?.port ?? NaN)
      await rig.until(() => client.errorCodes.length === attempt)
    }

    const waits = dialedAt.slice(1).map((time, i) => time - (dialedAt[i] ?? NaN))
    const limits = [400, 800, 1_600, 3_200, 3_200, 3_200]
    for (const [i, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual((limits[i] ?? NaN) / 2)
      expect(wait).toBeLessThanOrEqual((limits[i] ?? NaN) + 100)
    }
  })

  it('waits as its random source says', async () => {
    expect(await firstWait(0)).toBeLessThanOrEqual(1_100)
    expect(await firstWait(255)).toBeGreaterThanOrEqual(1_900)

    async function firstWait(byte: number): Promise<number> {
      const rig = createRig()
      const refusing = await openRawSocket()
      const random = (lengthBytes: number): Uint8Array => new Uint8Array(lengthBytes).fill(byte)
      const client = rig.pipe({ random, reconnect: { minDelayMs: 2_000, maxDelayMs: 2_000, attempts: Infinity } })
      void client.connect('127.0.0.1', refusing.port)
      await rig.until(() => refusing.texts.length === 1)
      refusing.say('GO AWAY!', refusing.received[0]?.port ?? NaN)
      await rig.until(() => client.errorCodes.length === 1)
      const refusedAt = rig.clock.now
      await rig.passUntil(() => refusing.texts.length === 2)
      return rig.clock.now - refusedAt
    }
  })
})
