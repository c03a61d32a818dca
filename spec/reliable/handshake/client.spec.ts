import { describe, expect, it } from 'vitest'
import { ReliableClient } from '../../../lib/reliable/handshake/client.ts'
import { encodeGoAway, helloEcho, helloId } from '../../../lib/reliable/wire/handshake.ts'
import type { SessionEvent } from '../../../lib/session/session.ts'
import type { End } from '../../support/end.ts'
import { refusalCodes } from '../../../lib/session/codes.ts'
import { Random } from '../../../lib/simulator/index.ts'
import { ReliableWorld, type ReliableClientOptions, type ReliableWorldOptions } from '../../support/reliable-world.ts'
import { createSettings } from '../../support/settings.ts'

const decoder = new TextDecoder()

function createWorld(options: Partial<ReliableWorldOptions> = {}): ReliableWorld {
  return new ReliableWorld({ seed: 1, link: { delayMs: 25 }, ...options })
}

/** Collects what an endpoint is told. */
function listen(endpoint: End): SessionEvent[] {
  const events: SessionEvent[] = []
  endpoint.onEvent = (event) => void events.push(event)
  return events
}

function startsWith(bytes: Uint8Array, word: string): boolean {
  return decoder.decode(bytes.subarray(0, word.length)) === word
}

describe('ReliableClient', () => {
  it('connects in two round trips, and knows how long one is', () => {
    const world = createWorld()
    const client = world.dial()
    expect(world.waitFor(() => client.session.state === 'connected')).toBe(true)
    expect(world.now).toBe(100)
    expect(client.session.rttMs).toBeCloseTo(50, 0)
  })

  it('sends what waits behind what is sent when the connection stands', () => {
    const texts: string[] = []
    const world = createWorld({
      server: {
        onEvent: (event) => {
          if (event.type === 'message') texts.push(decoder.decode(event.message))
        },
      },
    })
    const client = world.dial()
    client.onEvent = ({ type }) => {
      if (type === 'connecting') client.send('second')
      if (type === 'connected') client.send('login')
    }
    client.send('first')
    world.run(300)
    expect(texts).toEqual(['login', 'first', 'second'])
  })

  it('sends what waits when it is closed while CONNECT is on its way, and the server takes it once', () => {
    const texts: string[] = []
    const world = createWorld({
      server: {
        onEvent: (event) => {
          if (event.type === 'message') texts.push(decoder.decode(event.message))
        },
      },
    })
    const client = world.dial({ downlink: { filter: (bytes) => startsWith(bytes, 'CONNECT\0') || world.now > 2_000 } })
    client.send('hello')
    world.waitFor(() => client.session.state === 'connecting')
    client.close()
    world.run(1_900)
    expect(texts).toEqual(['hello'])
    world.run(2_000)
    expect(client.session.state).toBe('closed')
    expect(texts).toEqual(['hello'])
  })

  it('takes any packet of the server’s for CONNECTED, which may be lost', () => {
    const world = createWorld()
    const client = world.dial({ downlink: { filter: (bytes) => !startsWith(bytes, 'CONNECTED') } })
    world.waitFor(() => world.serverEnd(client)?.session.state === 'connected')
    world.serverEnd(client)?.send('hello')
    world.run(1_000)
    expect(client.session.state).toBe('connected')
  })

  it('repeats CONNECT after about a round trip, not after the first guess', () => {
    const world = createWorld()
    const times: number[] = []
    const client = world.dial({
      uplink: {
        filter: (bytes) => {
          if (!startsWith(bytes, 'CONNECT')) return true
          times.push(world.now)
          return false
        },
      },
    })
    world.run(500)
    expect(client.session.state).toBe('connecting')
    const [first = NaN, second = NaN] = times
    expect(second - first).toBeGreaterThan(50)
    expect(second - first).toBeLessThan(200)
  })

  it('is told why it was refused, and by whom it was not', () => {
    const world = createWorld({
      settings: { reconnect: false },
      server: { maxClients: 1 },
    })
    world.connect()
    const client = world.dial({ link: { delayMs: 25 } })
    const events = listen(client)
    const offPath = encodeGoAway(new Random(5).bytes(16), 1, 'forged')
    world.network.inject(world.now, offPath, world.server.address, client.socket.address)
    world.run(1_000)
    expect(events.filter(({ type }) => type === 'refused')).toEqual([
      { type: 'refused', code: refusalCodes.full, reason: 'the server is full', willReconnect: false },
    ])
    expect(client.session.stats.droppedMalformed).toBe(1)
  })

  it('is told in words that the server speaks another version', () => {
    const session = new ReliableClient(
      0,
      createSettings({ reconnect: false }),
      { host: '10.0.0.1', port: 1 },
      {
        token: '',
        randomBytes: (length) => new Random(1).bytes(length),
      },
    )
    const hello = new Uint8Array(1_200)
    session.pollTransmit(0, hello)
    const goAway = encodeGoAway(helloEcho(hello), 2, 'this server speaks version 2')
    goAway[9] = 2
    session.handleDatagram(30, goAway, { host: '10.0.0.1', port: 1 })
    const events: SessionEvent[] = []
    for (let event = session.pollEvent(); event; event = session.pollEvent()) events.push(event)
    expect(events).toContainEqual({
      type: 'refused',
      code: 2,
      reason: 'this server speaks version 2',
      willReconnect: false,
    })
  })

  it('uses the smaller of both ends’ largest datagrams', () => {
    const world = createWorld({ settings: { mtuBytes: 1_200 } })
    const client = world.dial({ settings: { mtuBytes: 700 } })
    let largest = 0
    const measure = (bytes: Uint8Array) => {
      largest = Math.max(largest, bytes.length)
      return true
    }
    world.waitFor(() => client.session.state === 'connected')
    world.uplink(client).configure({ filter: measure })
    world.downlink(client).configure({ filter: measure })
    client.send(new Uint8Array(5_000))
    world.serverEnd(client)?.send(new Uint8Array(5_000))
    world.run(1_000)
    expect(largest).toBeGreaterThan(650)
    expect(largest).toBeLessThanOrEqual(700)
  })

  it('keeps CONNECT within the largest datagram, however much waits', () => {
    const world = createWorld()
    let largest = 0
    const client = world.dial({
      uplink: {
        filter: (bytes) => {
          largest = Math.max(largest, bytes.length)
          return true
        },
      },
    })
    for (let i = 0; i < 100; i += 1) client.send(new Uint8Array(300))
    world.run(1_000)
    expect(largest).toBe(1_200)
  })

  it('hands back a waiting message that the server would not take, and sends no such message later', () => {
    const world = createWorld({ settings: { maxMessageBytes: 1_000 } })
    const client = world.dial({ settings: { maxMessageBytes: 2_000 } })
    const events = listen(client)
    expect(client.send(new Uint8Array(1_500))).toBe('accepted')
    world.run(500)
    const undelivered = events.find((event) => event.type === 'undelivered')
    expect(undelivered?.messages.map(({ message }) => message.length)).toEqual([1_500])
    expect(client.send(new Uint8Array(1_001))).toBe('too-large')
    expect(client.send(new Uint8Array(1_000))).toBe('accepted')
  })

  it('that leaves before the connection stands is told of nothing, and the server of what that was', () => {
    const served: SessionEvent[] = []
    const world = createWorld({
      server: {
        onEvent: (event, endpoint) => {
          served.push(event)
          if (event.type === 'connected') endpoint.send('welcome')
        },
      },
    })
    const client = world.dial()
    const events = listen(client)
    world.waitFor(() => client.session.state === 'connecting')
    client.send('bye')
    client.close()
    world.run(5_000)

    const told = events.map(({ type }) => type).filter((type) => type !== 'peer')
    expect(told).toEqual(['connecting', 'closed'])
    expect(served.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['connected', 'message', 'ended', 'undelivered', 'closed']),
    )
  })

  it('shows the server what its user sends along', () => {
    const payloads: Uint8Array[] = []
    const world = createWorld({ server: { onAdmit: (_endpoint, { payload }) => void payloads.push(payload) } })
    world.connect({ payload: new Uint8Array([4, 5, 6]) })
    expect(payloads).toEqual([new Uint8Array([4, 5, 6])])
  })

  it('cannot be made with a payload or a datagram size that HELLO cannot have', () => {
    const create = (payload: Uint8Array, mtuBytes: number) => () =>
      new ReliableClient(
        0,
        createSettings({ mtuBytes }),
        { host: '10.0.0.1', port: 1234 },
        {
          token: '',
          randomBytes: (length) => new Random(1).bytes(length),
          payload,
        },
      )

    expect(create(new Uint8Array(512), 1_200)).not.toThrow()
    expect(create(new Uint8Array(513), 1_200)).toThrow(RangeError)
    expect(create(new Uint8Array(0), 500)).toThrow(RangeError)
  })

  it('goes to the address HELLO was sent to when CONNECT names none', () => {
    const world = createWorld()
    const client = world.dial()
    const events = listen(client)
    const [door] = world.server.frontDoors
    if (door === undefined) throw new Error('There is no front door.')
    const admit = door.admit.bind(door)
    door.admit = (now, request, endpoint) => admit(now, request, { host: '0.0.0.0', port: endpoint.port })
    expect(world.waitFor(() => client.session.state === 'connected', 500)).toBe(true)
    const connecting = events.find((event) => event.type === 'connecting')
    expect(connecting?.remote.host).toBe(world.server.address.host)
  })

  it('waits with jitter before it dials again, longer each time, and anew after a connection stood for ten seconds', () => {
    const world = createWorld({ settings: { handshakeTimeoutMs: 1_000 } })
    const dials: number[] = []
    const client = world.dial({ uplink: { partitions: [{ fromMs: 0, untilMs: 20_000 }] } })
    client.onEvent = (event) => {
      if (event.type === 'peer' && event.remote !== undefined) dials.push(world.now)
    }
    world.run(20_000)
    const pauses = dials.slice(1).map((at, i) => at - (dials[i] ?? 0) - 1_000)
    expect(pauses.length).toBeGreaterThan(3)
    for (const [i, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual(125 * 2 ** i)
      expect(pause).toBeLessThanOrEqual(250 * 2 ** i + 1)
    }
    const waitsAfter = (standingMs: number): number => {
      world.waitFor(() => client.session.state === 'connected')
      world.run(standingMs)
      world.serverEnd(client)?.close()
      world.waitFor(() => client.session.state === 'waiting')
      const waitingSince = world.now
      world.waitFor(() => client.session.state === 'dialing')
      return world.now - waitingSince
    }
    expect(waitsAfter(9_000)).toBeGreaterThan(1_000)
    expect(waitsAfter(10_500)).toBeLessThanOrEqual(251)
  })

  describe('that nobody answers in time', () => {
    const hasty = { handshakeTimeoutMs: 1_000, reconnect: { minDelayMs: 200, maxDelayMs: 200, attempts: Infinity } }

    /** A client whose HELLOs are counted, each of another id once. */
    function dialCounting(world: ReliableWorld, options: ReliableClientOptions = {}) {
      const ids = new Set<string>()
      const client = world.dial({
        settings: hasty,
        ...options,
        uplink: {
          ...options.uplink,
          filter: (bytes, now) => {
            if (startsWith(bytes, 'HELLO')) ids.add(helloId(bytes).join())
            return options.uplink?.filter?.(bytes, now) ?? true
          },
        },
      })
      return { client, ids, events: listen(client) }
    }

    it('says the same HELLO in its next attempts, so that a late answer is one', () => {
      const world = createWorld()
      const { client, ids, events } = dialCounting(world, { downlink: { delayMs: 3_000 } })
      world.run(100)
      world.downlink(client).configure({ delayMs: 25, loss: 1 })
      world.run(2_900)
      world.downlink(client).configure({ loss: 0 })
      world.waitFor(() => client.session.state === 'connecting', 10_000)
      expect(world.now).toBeLessThan(3_100)
      expect(world.waitFor(() => client.session.state === 'connected', 200)).toBe(true)
      expect(ids.size).toBe(1)
      expect(events.filter(({ type }) => type === 'unanswered')).toHaveLength(2)
      expect(world.server.clientCount).toBe(1)
    })

    it('takes the answer that comes while it waits to dial again', () => {
      const reconnect = { minDelayMs: 20_000, maxDelayMs: 20_000, attempts: Infinity }
      const world = createWorld()
      const settings = { ...hasty, reconnect }
      const { client } = dialCounting(world, { settings, downlink: { delayMs: 2_000 } })
      world.run(1_500)
      expect(client.session.state).toBe('waiting')
      world.downlink(client).configure({ delayMs: 25 })
      expect(world.waitFor(() => client.session.state === 'connected', 1_000)).toBe(true)
    })

    it('takes no such answer from anybody else, and nothing else while it waits', () => {
      const reconnect = { minDelayMs: 20_000, maxDelayMs: 20_000, attempts: Infinity }
      const world = createWorld()
      const settings = { ...hasty, reconnect }
      const answers: Uint8Array[] = []
      const { client } = dialCounting(world, {
        settings,
        downlink: { filter: (bytes) => (answers.push(bytes.slice()), false) },
      })
      world.run(1_500)
      const [connect = new Uint8Array(0)] = answers
      world.network.inject(world.now, connect, { ...world.server.address, port: 666 }, client.socket.address)
      world.network.inject(
        world.now,
        encodeGoAway(new Uint8Array(16), 1, ''),
        world.server.address,
        client.socket.address,
      )
      world.run(100)
      expect(client.session.state).toBe('waiting')
    })

    it('says the cookie in its next attempt that came too late for the one before', () => {
      const world = createWorld({ limits: { retryThreshold: 0 } })
      const { client, ids } = dialCounting(world, { downlink: { delayMs: 1_100 } })
      world.run(1_000)
      world.downlink(client).configure({ loss: 1 })
      world.run(150)
      world.downlink(client).configure({ loss: 0, delayMs: 25 })
      expect(world.waitFor(() => client.session.state === 'connected', 1_000)).toBe(true)
      expect(ids.size).toBe(1)
    })

    it('says another HELLO once it was answered', () => {
      const world = createWorld()
      const { client, ids } = dialCounting(world, { uplink: { filter: (bytes) => startsWith(bytes, 'HELLO') } })
      world.waitFor(() => client.session.state === 'connecting')
      world.waitFor(() => client.session.state === 'dialing')
      world.run(10)
      expect(ids.size).toBe(2)
    })

    it('says another HELLO once it was refused', () => {
      const world = createWorld({ server: { maxClients: 1 } })
      world.connect()
      const { client, ids } = dialCounting(world)
      world.waitFor(() => client.session.state === 'waiting')
      world.waitFor(() => client.session.state === 'dialing')
      world.run(10)
      expect(ids.size).toBe(2)
    })

    it('says another HELLO when the one it said is too old', () => {
      const world = createWorld()
      const { ids } = dialCounting(world, { downlink: { loss: 1 } })
      world.run(29_000)
      expect(ids.size).toBe(1)
      world.run(3_000)
      expect(ids.size).toBe(2)
    })

    it('says another HELLO to the next server of its connect token', () => {
      const connectToken = {
        expiresAtMs: 1e15,
        psk: new Uint8Array(32),
        servers: [
          { host: '10.0.0.1', port: 1 },
          { host: '10.0.0.1', port: 2 },
        ],
        ticket: new Uint8Array(100),
      }
      const world = createWorld()
      const { ids } = dialCounting(world, { connectToken })
      world.run(500)
      expect(ids.size).toBe(1)
      world.run(1_000)
      expect(ids.size).toBe(2)
    })
  })
})
