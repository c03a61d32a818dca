import { describe, expect, it } from 'vitest'
import type { Delivery } from '../../../lib/session/delivery.ts'
import type { SessionEvent } from '../../../lib/session/session.ts'
import type { LinkOptions } from '../../../lib/simulator/index.ts'
import type { End } from '../../support/end.ts'
import { Random } from '../../../lib/simulator/index.ts'
import { ReliableWorld, type ReliableWorldOptions } from '../../support/reliable-world.ts'

const decoder = new TextDecoder()

function createWorld(options: Partial<ReliableWorldOptions> = {}): ReliableWorld {
  return new ReliableWorld({ seed: 1, link: { delayMs: 25 }, ...options })
}

/** Collects what an endpoint is told from now on. */
function listen(endpoint: End): SessionEvent[] {
  const events: SessionEvent[] = []
  endpoint.onEvent = (event) => void events.push(event)
  return events
}

function texts(events: readonly SessionEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'message' ? [decoder.decode(event.message)] : []))
}

function undelivered(events: readonly SessionEvent[]): string[] {
  return events.flatMap((event) =>
    event.type === 'undelivered' ? event.messages.map(({ message }) => decoder.decode(message)) : [],
  )
}

function setCut(world: ReliableWorld, client: End, isCut: boolean): void {
  world.uplink(client).configure({ loss: isCut ? 1 : 0 })
  world.downlink(client).configure({ loss: isCut ? 1 : 0 })
}

describe('a lost connection that nobody keeps', () => {
  const settings = { resumeWindowMs: 0 }

  it('hands back what was sent and not acknowledged, and sends the rest on the next one', () => {
    const received: SessionEvent[] = []
    const world = createWorld({ settings, server: { onEvent: (event) => void received.push(event) } })
    const { client } = world.connect()
    const events = listen(client)
    client.send('arrives')
    world.run(300)
    setCut(world, client, true)
    client.send('sent into the dark')
    world.run(2_000)
    client.send('never sent')
    world.run(9_000)
    expect(undelivered(events)).toEqual(['sent into the dark'])
    expect(events.findIndex(({ type }) => type === 'undelivered')).toBeGreaterThan(
      events.findIndex(({ type }) => type === 'ended'),
    )
    setCut(world, client, false)
    world.waitFor(() => client.session.state === 'connected')
    world.run(500)
    expect(texts(received)).toEqual(['arrives', 'never sent'])
    expect(undelivered(events)).toEqual(['sent into the dark'])
  })

  it('of a server hands back all that nobody confirmed', () => {
    const world = createWorld({ settings })
    const { client, server } = world.connect()
    const events = listen(server)
    setCut(world, client, true)
    server.send('sent into the dark')
    world.run(2_000)
    server.send('never sent')
    world.run(9_000)
    expect(undelivered(events)).toEqual(['sent into the dark', 'never sent'])
    expect(events.at(-1)).toEqual({ type: 'closed' })
  })

  it('counts what waits as queued, and a message that was sent on the second one as sent once', () => {
    const world = createWorld({ settings })
    const { client } = world.connect()
    setCut(world, client, true)
    world.run(2_000)
    for (const text of ['a', 'b']) client.send(text)
    world.waitFor(() => client.session.state === 'waiting')
    expect(client.session.stats).toMatchObject({ queuedMessages: 2, queuedBytes: 2, sentMessages: 0 })
    client.send('c')
    expect(client.session.stats).toMatchObject({ queuedMessages: 3, queuedBytes: 3 })
    setCut(world, client, false)
    world.waitFor(() => client.session.state === 'connected')
    world.run(100)
    expect(client.session.stats).toMatchObject({ queuedMessages: 0, queuedBytes: 0, sentMessages: 3 })
  })
})

describe('an idle connection', () => {
  const links: readonly (readonly [string, LinkOptions])[] = [
    ['within a machine', { delayMs: 0.1, jitterMs: 2 }],
    ['over 25 ms each way', { delayMs: 25 }],
    ['over 100 ms each way that jitter', { delayMs: 100, jitterMs: 20 }],
  ]

  it.each(links)('costs a datagram each way in a ping interval: %s', (_what, link) => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const world = createWorld({ seed, link })
      const { client } = world.connect()
      world.run(3_000)
      const before = [world.uplink(client), world.downlink(client)].map(({ stats }) => stats.offeredPackets)

      world.run(60_000)

      const after = [world.uplink(client), world.downlink(client)].map(({ stats }) => stats.offeredPackets)
      for (const [way, packets] of after.entries())
        expect(packets - (before[way] ?? 0), `seed ${seed}`).toBeLessThan(123)
    }
  })
})

describe('closing', () => {
  it('tells the other side the code and the reason', () => {
    const world = createWorld()
    const { client, server } = world.connect()
    const events = listen(server)
    const own = listen(client)
    client.close(4_711, 'that’s all, folks')
    world.run(1_500)
    const ended = { type: 'ended', code: 4_711, reason: 'that’s all, folks', willReconnect: false }
    expect(events).toContainEqual({ ...ended, cause: 'closed-there' })
    expect(own).toContainEqual({ ...ended, cause: 'closed-here' })
  })

  it('takes about a round trip', () => {
    const world = createWorld()
    const { client } = world.connect()
    world.run(1_000)
    const start = world.now
    client.close()
    expect(world.waitFor(() => client.isOver)).toBe(true)
    expect(world.now - start).toBeLessThan(60)
  })

  it('cuts a reason that is too long between two characters', () => {
    const world = createWorld()
    const { client, server } = world.connect()
    const events = listen(server)
    client.session.close(client.now, 1, 'ü'.repeat(500))
    client.wake()
    world.run(1_500)
    const ended = events.find((event) => event.type === 'ended')
    expect(ended?.reason).toBe('ü'.repeat(128))
  })

  it('does not take a code that CLOSE cannot carry', () => {
    const world = createWorld()
    const { client } = world.connect()
    for (const code of [-1, 65_536, 1.5, NaN])
      expect(() => client.session.close(client.now, code, '')).toThrow(RangeError)
    expect(client.session.state).toBe('connected')
  })

  it('waits for what is queued to be acknowledged, resent where it was lost', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const world = createWorld({ seed, link: { delayMs: 25, loss: 0.2 } })
      const { client, server } = world.connect()
      const events = listen(server)
      const sent = Array.from({ length: 100 }, (_, i) => `${i}`)
      for (const text of sent) client.send(text)
      client.close(5)
      world.run(15_000)
      expect(texts(events)).toEqual(sent)
      expect(events).toContainEqual(expect.objectContaining({ type: 'ended', cause: 'closed-there', code: 5 }))
    }
  })

  it('gives up what does not get through within its time, and says so', () => {
    const world = createWorld()
    const { client, server } = world.connect()
    const events = listen(client)
    world.uplink(client).configure({ rateBitsPerSecond: 100_000 })
    client.send(new Uint8Array(1_000_000))
    client.close(1, 'done')
    world.run(3_200)
    expect(client.session.state).toBe('closing')
    world.run(10_000)
    expect(events.map(({ type }) => type).filter((type) => type !== 'ping')).toEqual([
      'ended',
      'undelivered',
      'peer',
      'closed',
    ])
    expect(server.isOver).toBe(true)
  })

  it('says nothing behind CLOSE of what does not get through', () => {
    const world = createWorld()
    const { client } = world.connect()
    const saidAtMs: number[] = []
    world.uplink(client).configure({
      filter: (bytes, now) => {
        if (bytes.length > 200) saidAtMs.push(now)
        return bytes.length < 200
      },
    })
    world.downlink(client).configure({ loss: 1 })
    const startMs = world.now
    client.send(new Uint8Array(500))
    client.close()
    world.run(8_000)
    expect(client.isOver).toBe(true)
    expect(saidAtMs.length).toBeGreaterThan(3)
    expect(Math.max(...saidAtMs)).toBeLessThanOrEqual(startMs + 3_000)
  })

  it('acknowledges nothing that arrives behind the other’s CLOSE, so that it is handed back', () => {
    const world = createWorld()
    const { client, server } = world.connect()
    const [own, other] = [listen(client), listen(server)]
    // The message is held up for so long that CLOSE overtakes it, and CLOSED takes as long to get through.
    world.uplink(client).configure({ reorder: 1, reorderDelayMs: 3_400 })
    world.downlink(client).configure({ filter: (_bytes, now) => now > 3_500 })
    const message = 'hello'.repeat(20)
    client.send(message)
    world.run(20)
    world.uplink(client).configure({ reorder: 0, filter: (bytes) => bytes.length < message.length })
    client.close()
    world.run(10_000)
    expect(client.isOver && server.isOver).toBe(true)
    expect(texts(other)).toEqual([])
    expect(undelivered(own)).toEqual([message])
  })

  it('by both sides at once, with messages queued on both, delivers what arrives before the other’s CLOSE', () => {
    const world = createWorld()
    const { client, server } = world.connect()
    const [own, other] = [listen(client), listen(server)]
    client.send('from the client')
    server.send('from the server')
    client.close(1, 'client')
    server.close(2, 'server')
    world.run(5_000)
    expect(texts(own)).toEqual(['from the server'])
    expect(texts(other)).toEqual(['from the client'])
    expect(own).toContainEqual(expect.objectContaining({ type: 'ended', cause: 'closed-here', code: 1 }))
    expect(other).toContainEqual(expect.objectContaining({ type: 'ended', cause: 'closed-here', code: 2 }))
    expect(client.isOver && server.isOver).toBe(true)
  })

  it('by both sides at once is over at either with the CLOSED of the other, after one round trip', () => {
    const world = createWorld()
    const { client, server } = world.connect()
    world.run(300)
    client.close(1, 'client')
    server.close(2, 'server')
    world.run(49)
    const wereOver = [client.isOver, server.isOver]
    world.run(2)
    expect(wereOver).toEqual([false, false])
    expect([client.isOver, server.isOver]).toEqual([true, true])
  })

  it('while CONNECT is on its way brings the messages and the end along', () => {
    const received: SessionEvent[] = []
    const world = createWorld({ server: { onEvent: (event) => void received.push(event) } })
    const client = world.dial()
    client.send('hello')
    world.waitFor(() => client.session.state === 'connecting')
    client.close(3, 'only this')
    world.run(5_000)
    expect(received.filter(({ type }) => type !== 'ping').map(({ type }) => type)).toEqual([
      'peer',
      'connected',
      'message',
      'ended',
      'peer',
      'closed',
    ])
    expect(received).toContainEqual(expect.objectContaining({ type: 'ended', code: 3, reason: 'only this' }))
  })

  it('answers a CLOSE that is repeated, while it waits to dial again', () => {
    const world = createWorld({ settings: { reconnect: { minDelayMs: 4_000, maxDelayMs: 4_000, attempts: 9 } } })
    const { client, server } = world.connect()
    const start = world.now
    // Everything that the client says for a while is lost, its CLOSED too.
    world.uplink(client).configure({ partitions: [{ fromMs: start, untilMs: start + 400 }] })
    server.close()
    world.waitFor(() => client.session.state === 'waiting')
    expect(world.waitFor(() => server.isOver)).toBe(true)
    expect(world.now - start).toBeLessThan(1_500)
    expect(client.session.state).toBe('waiting')
  })
})

describe('bytes that make no sense', () => {
  it('from the peer’s own address change nothing but a counter', () => {
    const world = createWorld()
    const { client, server } = world.connect()
    const events = [listen(client), listen(server)]
    const random = new Random(11)
    const captured: Uint8Array[] = []
    world.uplink(client).configure({ filter: (bytes) => captured.push(bytes.slice()) > 0 })
    for (let i = 0; i < 20; i += 1) {
      client.send(`${i}`)
      world.run(20)
    }
    for (let i = 0; i < 2_000; i += 1) {
      const [from, to] = random.chance(0.5) ? [client, server] : [server, client]
      const bytes = random.chance(0.5) ? random.bytes(random.integer(0, 200)) : random.pick(captured).slice()
      const at = random.integer(0, bytes.length - 1)
      if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(0, 7))
      world.network.inject(world.now, bytes, from.socket.address, to.socket.address)
      if (i % 50 === 0) world.run(10)
    }
    client.send('after')
    world.run(1_000)
    expect(client.session.state).toBe('connected')
    expect(server.session.state).toBe('connected')
    expect(texts(events[1] ?? [])).toContain('after')
    expect(server.session.stats.droppedMalformed).toBeGreaterThan(100)
    for (const list of events) expect(list.every(({ type }) => ['message', 'ping', 'pong'].includes(type))).toBe(true)
  })
})

describe('clocks', () => {
  it('that differ are known to differ, by as much as they do, from the first packets on', () => {
    const world = createWorld({ server: { loop: { clock: { offsetMs: 70_000 } } } })
    const { client, server } = world.connect()
    world.run(100)
    expect(client.session.clockOffsetMs).toBeCloseTo(70_000, 0)
    expect(server.session.clockOffsetMs).toBeCloseTo(-70_000, 0)
  })
})

describe('the handshake', () => {
  it('comes about where half of all datagrams are corrupted or cut, and leaves no second session behind', () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const world = createWorld({ seed, link: { delayMs: 25, corrupt: 0.4, truncate: 0.2 } })
      const client = world.dial()
      const isConnected = (): boolean =>
        client.session.state === 'connected' && world.serverEnd(client)?.session.state === 'connected'
      expect(world.waitFor(isConnected, 60_000), `seed ${seed}`).toBe(true)
      world.network.link(client.socket.address.host, world.server.address.host).configure({ corrupt: 0 })
      world.run(6_000)
      expect(world.server.clientCount).toBeLessThanOrEqual(2)
      expect(world.server.endpoints.filter(({ session }) => session.state === 'connecting')).toEqual([])
    }
  })
})

describe('a whole life over a link that could not be worse', () => {
  const deliveries: readonly Delivery[] = ['reliable', 'reliable-unordered', 'latest', 'sequenced', 'unreliable']
  const links: readonly (readonly [string, LinkOptions])[] = [
    [
      'a quarter lost, a quarter doubled, a second each way',
      { delayMs: 1_000, jitterMs: 50, loss: 0.25, duplicate: 0.25 },
    ],
    [
      'a tenth lost, reordered and corrupted',
      {
        delayMs: 30,
        jitterMs: 30,
        loss: 0.1,
        reorder: 0.1,
        reorderDelayMs: 50,
        corrupt: 0.05,
        truncate: 0.05,
      },
    ],
  ]

  it.each(links)('connects, delivers in order and closes: %s', (_what, link) => {
    for (let seed = 1; seed <= 15; seed += 1) {
      const received: SessionEvent[] = []
      const settings = { handshakeTimeoutMs: 20_000, timeoutMs: 30_000, stallTimeoutMs: 8_000 }
      const world = createWorld({ seed, link, settings, server: { onEvent: (event) => void received.push(event) } })
      const client = world.dial()
      const events = listen(client)
      const sent = Array.from({ length: 60 }, (_, i) => `${i}`)
      for (const [i, text] of sent.entries()) {
        client.at(i * 50, () => void client.send(text))
        for (const delivery of deliveries.slice(1)) client.at(i * 50, () => void client.send(text, delivery, 3))
      }
      world.run(40_000)
      const ordered = received.filter((event) => event.type === 'message' && event.channel === 0)
      expect(texts(ordered), `seed ${seed}`).toEqual(sent)
      expect(events.filter(({ type }) => type === 'connected')).toHaveLength(1)
      expect(received.filter(({ type }) => type === 'connected')).toHaveLength(1)
      expect(world.server.clientCount).toBe(1)

      client.close(1, 'bye')
      world.run(40_000)
      expect(client.isOver).toBe(true)
      // A server to which every CLOSE was lost finds out by itself, and keeps the connection for whoever may come back.
      world.run(40_000)
      expect(world.server.clientCount).toBe(0)
    }
  })
})
