import { describe, expect, it } from 'vitest'
import { isPortShared } from '../support/port-layout.ts'
import { RecordingPipe } from '../support/recording-pipe.ts'
import { createRig } from '../support/rig.ts'
import type { Peer } from 'udpipe'

describe('ping', () => {
  it('asks the server on a client: onPing there, onPong here', async () => {
    const rig = createRig()
    const { server, client, clientPeer, serverPeer } = await rig.connectedPair()

    client.ping()
    await rig.until(() => client.names.includes('onPong'))

    expect(server.called('onPing')).toEqual([[clientPeer]])
    expect(client.called('onPong')).toEqual([[serverPeer, 0]])
  })

  it('asks one peer on a server', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const [first, second] = [rig.pipe(), rig.pipe()]
    await rig.connect(server, await rig.start(server), first, second)

    server.ping(server.lastPeer)
    await rig.settle()

    expect(first.names).not.toContain('onPing')
    expect(second.names).toContain('onPing')
    expect(server.called('onPong')).toEqual([[server.lastPeer, 0]])
  })

  it('asks all peers on a server when none is named', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const [first, second] = [rig.pipe(), rig.pipe()]
    await rig.connect(server, await rig.start(server), first, second)

    server.ping()
    await rig.settle()

    expect(first.names).toContain('onPing')
    expect(second.names).toContain('onPing')
    expect(server.called('onPong')).toHaveLength(2)
  })

  it('is what Peer.ping is', async () => {
    const rig = createRig()
    const { server, clientPeer } = await rig.connectedPair()

    clientPeer.ping()
    await rig.settle()

    expect(server.called('onPong')).toEqual([[clientPeer, 0]])
  })

  it('measures the round trip, and the peer knows it from then on', async () => {
    const rig = createRig()
    const { server, client, serverPeer } = await rig.connectedPair()
    expect(serverPeer.rttMs).toBeNaN()
    rig.freeze(server)
    client.ping()
    await rig.settle()
    rig.clock.advance(30)
    rig.thaw(server)

    await rig.until(() => client.names.includes('onPong'))

    expect(client.called('onPong')).toEqual([[serverPeer, 30]])
    expect(serverPeer.rttMs).toBe(30)
    expect(serverPeer.stats.rttMs).toBe(30)
  })

  it('measures to the arrival of the answer, not to the step that reads it', async () => {
    const rig = createRig()
    const { client, serverPeer } = await rig.connectedPair()
    client.ping()
    rig.freeze(client)
    await rig.settle()
    rig.clock.advance(40)
    rig.thaw(client)

    await rig.until(() => client.names.includes('onPong'))

    expect(client.called('onPong')).toEqual([[serverPeer, 0]])
  })
})

describe('an idle connection', () => {
  it('is asked for a sign of life every pingIntervalMs, and stands', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair({ client: { pingIntervalMs: 200 } })

    await rig.pass(2_050)

    expect(server.called('onPing').length).toBeGreaterThanOrEqual(8)
    expect(server.called('onPing').length).toBeLessThanOrEqual(10)
    expect(client.called('onPong')).toHaveLength(server.called('onPing').length)
  })

  it('stands for an hour', async () => {
    const rig = createRig()
    const calm = { pingIntervalMs: 30_000, stallTimeoutMs: 60_000, timeoutMs: 120_000 }
    const { server, client } = await rig.connectedPair({ client: calm, server: calm })
    server.forget()
    client.forget()

    for (let minutes = 0; minutes < 60; minutes += 0.25) {
      rig.clock.advance(15_000)
      await rig.settle()
    }

    expect(new Set([...server.names, ...client.names])).toEqual(new Set(['onPing', 'onPong']))
  })

  it('is not asked while it talks', async () => {
    const rig = createRig()
    const { server, client, clientPeer } = await rig.connectedPair()

    for (let i = 0; i < 20; i += 1) {
      client.send('tick')
      server.send('tock', clientPeer)
      await rig.pass(100)
    }

    expect(client.names).not.toContain('onPing')
    expect(server.names).not.toContain('onPing')
  })
})

describe('a silent peer', () => {
  it('is stalled after stallTimeoutMs, and not before', async () => {
    const rig = createRig()
    const { server, client, serverPeer } = await rig.connectedPair()
    rig.freeze(server)

    await rig.pass(950)
    expect(client.names).not.toContain('onStalled')
    expect(serverPeer.state).toBe('connected')

    await rig.pass(100)
    expect(client.called('onStalled')).toEqual([[serverPeer]])
    expect(serverPeer.state).toBe('stalled')
  })

  it('is stalled on a server, too', async () => {
    const rig = createRig()
    const { server, client, clientPeer } = await rig.connectedPair({ server: { stallTimeoutMs: 700 } })
    rig.freeze(client)

    await rig.pass(750)

    expect(server.called('onStalled')).toEqual([[clientPeer]])
  })

  it('stalls once, however long it is silent', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()
    rig.freeze(server)

    await rig.pass(5_000)

    expect(client.called('onStalled')).toHaveLength(1)
  })

  it('that is heard again is not stalled any more', async () => {
    const rig = createRig()
    const { server, client, serverPeer } = await rig.connectedPair()
    rig.freeze(server)
    await rig.pass(1_500)
    rig.thaw(server)

    await rig.until(() => client.names.includes('onUnstalled'))

    expect(client.called('onUnstalled')).toEqual([[serverPeer]])
    expect(serverPeer.state).toBe('connected')
    expect(client.names).not.toContain('onDisconnect')
  })

  it('gets nothing while it is stalled, and then all that waited, in order', async () => {
    const rig = createRig()
    const { server, client, serverPeer } = await rig.connectedPair()
    rig.freeze(server)
    await rig.pass(1_100)
    const sentMessages = serverPeer.stats.sentMessages

    for (const message of ['one', 'two', 'three']) expect(client.send(message)).toBe(true)
    await rig.pass(500)
    expect(serverPeer.stats).toMatchObject({ sentMessages, queuedMessages: 3, queuedBytes: 11 })

    rig.thaw(server)
    await rig.until(() => server.messages.length === 3)
    expect(server.messages).toEqual(['one', 'two', 'three'])
    expect(serverPeer.stats).toMatchObject({ queuedMessages: 0, queuedBytes: 0 })
  })

  it('gets what onUnstalled sends after what waited', async () => {
    const rig = createRig()
    class Eager extends RecordingPipe {
      override onUnstalled(): void {
        this.send('from onUnstalled')
      }
    }
    const server = rig.pipe()
    const client = rig.add(new Eager(rig.options))
    await rig.connect(server, await rig.start(server), client)
    rig.freeze(server)
    await rig.pass(1_100)
    client.send('waited')
    rig.thaw(server)

    await rig.until(() => server.messages.length === 2)

    expect(server.messages).toEqual(['waited', 'from onUnstalled'])
  })

  it('of a client is lost after timeoutMs: no onClose, then onDisconnect says so', async () => {
    const rig = createRig()
    const { server, client, serverPeer } = await rig.connectedPair()
    client.forget()
    rig.freeze(server)

    await rig.pass(9_900)
    expect(client.names).toEqual(['onStalled'])

    await rig.pass(150)
    expect(client.names).toEqual(['onStalled', 'onDisconnect', 'onReconnecting'])
    expect(client.called('onDisconnect')).toEqual([
      [serverPeer, { code: 0, reason: 'timed out', timedOut: true, willReconnect: true }],
    ])
  })

  it('of a server is lost after timeoutMs', async () => {
    const rig = createRig()
    const { server, client, clientPeer } = await rig.connectedPair()
    rig.freeze(client)

    await rig.pass(10_050)

    expect(server.called('onDisconnect')).toEqual([
      [clientPeer, { code: 0, reason: 'timed out', timedOut: true, willReconnect: false }],
    ])
    expect(clientPeer.state).toBe('closed')
    expect([...server.peers()]).toEqual([])
  })

  it.runIf(!isPortShared)('of a server that is lost gives its private port back', async () => {
    const rig = createRig()
    const { client, clientPeer } = await rig.connectedPair()
    rig.freeze(client)

    await rig.pass(10_050)

    await expect(rig.pipe().start(clientPeer.localPort, '127.0.0.1')).resolves.toBeDefined()
  })

  it('that is lost hands back what waited for it', async () => {
    const rig = createRig()
    const { server, client, clientPeer } = await rig.connectedPair()
    rig.freeze(client)
    await rig.pass(1_500)
    server.send('one', clientPeer)
    server.send('two', clientPeer)

    await rig.pass(10_000)

    expect(undelivered(server)).toEqual([
      ['one', clientPeer],
      ['two', clientPeer],
    ])
  })
})

describe('setTimeout', () => {
  it('holds for peers that are connected already', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()
    client.setTimeout(3)
    rig.freeze(server)

    await rig.pass(2_900)
    expect(client.names).not.toContain('onDisconnect')

    await rig.pass(150)
    expect(client.names).toContain('onDisconnect')
  })

  it('holds for peers that come later', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.pipe()
    const port = await rig.start(server)
    server.setTimeout(3)
    await rig.connect(server, port, client)
    rig.freeze(client)

    await rig.pass(3_050)

    expect(server.names).toContain('onDisconnect')
  })

  it('holds for what is started later', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.pipe()
    client.setTimeout(3)
    await rig.connect(server, await rig.start(server), client)
    rig.freeze(server)

    await rig.pass(3_050)

    expect(client.names).toContain('onDisconnect')
  })

  it('may be more than the timeout was', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair({ client: { timeoutMs: 2_000 } })
    client.setTimeout(5)
    rig.freeze(server)

    await rig.pass(4_900)

    expect(client.names).not.toContain('onDisconnect')
  })

  it.each(['client', 'server'] as const)(
    'of a %s, below the silence so far, ends it in the next step',
    async (side) => {
      const rig = createRig()
      const pair = await rig.connectedPair()
      rig.freeze(side === 'client' ? pair.server : pair.client)
      await rig.pass(5_000)
      const pipe = pair[side]
      const before = [...pipe.names]

      pipe.setTimeout(3)
      pipe.step()

      expect(before).not.toContain('onDisconnect')
      expect(pipe.names).toContain('onDisconnect')
    },
  )

  it('is judged by the times of the connection that stands', async () => {
    const rig = createRig()
    const server = rig.pipe()
    await rig.start(server, { pingIntervalMs: 20, stallTimeoutMs: 60 })

    expect(() => server.setTimeout(0.2)).not.toThrow()
  })
})

describe('a main loop that was away', () => {
  it('for 3 s does not take its own pause for the silence of its peers', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()
    server.forget()
    client.forget()

    rig.clock.advance(3_000)
    await rig.settle()

    expect(new Set([...server.names, ...client.names])).toEqual(new Set())
  })

  it('for 15 s, longer than the timeout, neither', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()
    server.forget()
    client.forget()

    rig.clock.advance(15_000)
    await rig.pass(2_000)

    expect(new Set([...server.names, ...client.names])).toEqual(new Set(['onPing', 'onPong']))
  })

  it('again and again neither', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()

    for (let i = 0; i < 20; i += 1) {
      rig.clock.advance(3_000)
      await rig.settle()
    }

    for (const { names } of [server, client]) expect(names).not.toContain('onStalled')
  })

  it('reads what arrived meanwhile before it judges', async () => {
    const rig = createRig()
    const { server, client, clientPeer } = await rig.connectedPair()
    server.forget()
    rig.freeze(server)
    for (let i = 0; i < 60; i += 1) {
      client.send(`message ${i}`)
      await rig.pass(50)
    }
    rig.thaw(server)

    await rig.settle()

    expect(server.names).not.toContain('onStalled')
    expect(clientPeer.state).toBe('connected')
    expect(server.messages.length).toBeGreaterThan(0)
  })

  it('still finds out that a peer is gone', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()
    rig.freeze(server)

    for (let i = 0; i < 50; i += 1) {
      rig.clock.advance(3_000)
      await rig.settle()
    }

    expect(client.names).toContain('onDisconnect')
  })

  it.each(['classic', 'reliable'] as const)(
    'right after it let somebody in calls them neither silent nor gone (%s)',
    async (protocol) => {
      const rig = createRig(protocol)
      const server = rig.pipe()
      const client = rig.pipe()
      const port = await rig.start(server)
      await rig.pass(30_000)
      void client.connect('127.0.0.1', port)
      await rig.until(() => server.names.includes('onNewClient'))

      rig.freeze(server)
      await rig.until(() => client.names.includes('onConnecting'))
      await rig.settle()
      rig.clock.advance(15_000)
      rig.thaw(server)
      await rig.until(() => server.names.includes('onConnect'))
      await rig.settle()

      expect(server.names).toContain('onConnect')
      expect(server.names).not.toContain('onStalled')
      expect(server.names).not.toContain('onDisconnect')
    },
  )

  it('before it first steps has all the time of the handshake left', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.pipe()
    const port = await rig.start(server)
    rig.freeze(client)
    void client.connect('127.0.0.1', port)
    await rig.settle()
    rig.clock.advance(60_000)
    rig.thaw(client)

    await rig.until(() => client.names.includes('onConnect'))

    expect(client.errorCodes).toEqual([])
  })
})

describe('dt', () => {
  it('bounds the silence that a step may add', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()
    rig.freeze(server)
    rig.freeze(client)

    for (let i = 0; i < 30; i += 1) stepAfter(client, 100, 0.025)
    expect(client.names).not.toContain('onStalled')

    for (let i = 0; i < 15; i += 1) stepAfter(client, 100, 0.025)
    expect(client.names).toContain('onStalled')

    function stepAfter(pipe: RecordingPipe, ms: number, dt: number): void {
      rig.clock.advance(ms)
      pipe.step(dt)
    }
  })

  it('adds no time of its own', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()
    rig.freeze(server)
    rig.freeze(client)

    for (let i = 0; i < 100; i += 1) client.step(10)

    expect(client.names).not.toContain('onStalled')
  })

  it('may be left out', async () => {
    const rig = createRig()
    const { client } = await rig.connectedPair()

    expect(() => client.step()).not.toThrow()
  })
})

/** The texts that onUndelivered handed back, each with its peer. */
function undelivered(pipe: RecordingPipe): [string, Peer | undefined][] {
  return pipe
    .called('onUndelivered')
    .flatMap(([messages, peer]) =>
      messages.map(({ message }): [string, Peer | undefined] => [Buffer.from(message).toString(), peer]),
    )
}
