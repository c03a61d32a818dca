import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PACKET_HEADER_BYTES } from '../../lib/reliable/wire/packet.ts'
import { plainSecurity } from '../../lib/security/plain.ts'
import { deliveries, type Delivery } from '../../lib/session/delivery.ts'
import type { Session, SessionEvent } from '../../lib/session/session.ts'
import type { SessionSettings } from '../../lib/session/settings.ts'
import { Random } from '../../lib/simulator/index.ts'
import { flipped } from '../support/flipped.ts'
import { fuzzRuns } from '../support/fuzz-runs.ts'
import type { GoldenPacket } from '../support/golden-packets.ts'
import { HostilePeer } from '../support/hostile-peer.ts'
import { HostileServer, privatePort } from '../support/hostile-server.ts'
import { packets } from '../support/packet-arbitraries.ts'
import { encodePacket, fromHex } from '../support/packet-description.ts'
import type { PacketForge } from '../support/packet-forge.ts'
import { DEFAULT_TOKEN, ReliableWorld } from '../support/reliable-world.ts'

const MAX_MESSAGE_BYTES = 100_000
/** A window of what costs credit, and as much of what costs none. */
const MAX_HELD_BYTES = 2 * (MAX_MESSAGE_BYTES + 1024 * 1024)
const settings = { maxMessageBytes: MAX_MESSAGE_BYTES, maxQueuedMessages: 40, maxQueuedBytes: 100_000 }

const vectorsUrl = new URL('../vectors/reliable-packets.json', import.meta.url)
/** Every packet that is written down, well formed and not. */
const corpus = (JSON.parse(readFileSync(vectorsUrl, 'utf8')) as readonly GoldenPacket[])
  .map(({ hex }) => fromHex(hex))
  .filter(({ length }) => length > PACKET_HEADER_BYTES)

/** The bytes of a packet as a peer with the right keys may seal them. */
const anyPacket = fc.oneof(
  fc.constantFrom(...corpus),
  packets.map(encodePacket),
  // Most acks are of what was never sent, which the connection bears a few times only.
  packets.filter(({ frames }) => frames.length > 0).map((packet) => encodePacket({ ...packet, ack: null })),
)
const anyBytes = fc.oneof(anyPacket, fc.uint8Array())
const damage = fc.array(fc.nat(8_000), { maxLength: 3 })

/** What can happen to a session whose peer has the right keys, at any moment and in any order. */
const action = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant('sealed' as const), packet: anyPacket, damage }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('unsealed' as const), packet: anyBytes, damage }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('again' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('send' as const),
      length: fc.oneof(fc.nat(300), fc.nat(20_000)),
      delivery: fc.constantFrom(...deliveries),
      channel: fc.nat(255),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('ping' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('close' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('let in' as const), isResumed: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('wait' as const),
      ms: fc.oneof(fc.nat(50), fc.nat(3_000), fc.nat(15_000)),
    }),
  },
)
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never

/** A session, and how it is told things. */
interface Victim {
  readonly session: Session
  readonly events: readonly SessionEvent[]
  readonly forge: PacketForge
  tell(bytes: Uint8Array): void
  send(bytes: Uint8Array, delivery: Delivery, channel: number): void
  ping(): void
  close(): void
  /** Answers a client that dials. */
  letIn(isResumed: boolean): void
  wait(ms: number): void
}

/** The server’s end of a connection. */
function createServerEnd(): Victim {
  const events: SessionEvent[] = []
  const server = { onEvent: (event: SessionEvent) => void events.push(event) }
  const world = new ReliableWorld({ seed: 1, link: { delayMs: 1 }, settings, server })
  const peer = new HostilePeer(world, new Random(1), DEFAULT_TOKEN)
  const end = peer.connect()
  return {
    session: end.session,
    events,
    forge: peer.forge,
    tell: (bytes) => peer.sendBytes(bytes),
    send: (bytes, delivery, channel) => void end.send(bytes, delivery, channel),
    ping: () => end.ping(),
    close: () => end.close(),
    letIn: () => {},
    wait: (ms) => world.run(ms),
  }
}

/** A client’s, that has heard of its private port and nothing more. */
function createConnectingClient(reconnect: SessionSettings['reconnect'] = false): Victim {
  const server = new HostileServer({ ...settings, reconnect }, plainSecurity)
  const { client } = server
  server.letIn()
  return {
    session: client,
    events: server.events,
    get forge() {
      return server.forge
    },
    tell: (bytes) => server.sendBytes(bytes),
    send: (bytes, delivery, channel) => void client.send(server.now, bytes, delivery, channel),
    ping: () => client.ping(server.now),
    close: () => client.close(server.now, 0, ''),
    letIn: (isResumed) => {
      if (client.state === 'dialing') server.letIn(privatePort, isResumed)
    },
    wait: (ms) => server.run(ms),
  }
}

function createConnectedClient(reconnect: SessionSettings['reconnect'] = false): Victim {
  const victim = createConnectingClient(reconnect)
  victim.tell(victim.forge.forge((writer) => writer.ping(0, 0), 1))
  victim.wait(5)
  return victim
}

/** Has it happen. `last`: the datagram before, for whoever says it again. */
function happen(victim: Victim, happening: Action, last: Uint8Array): Uint8Array {
  switch (happening.type) {
    case 'sealed': {
      const bytes = damaged(happening.packet, happening.damage)
      const body = bytes.subarray(PACKET_HEADER_BYTES, PACKET_HEADER_BYTES + victim.forge.maxBodyBytes)
      return say(victim, victim.forge.forgeRaw(bytes[0] ?? 0, body))
    }
    case 'unsealed':
      return say(victim, damaged(happening.packet, happening.damage))
    case 'again':
      return say(victim, last)
    case 'send':
      victim.send(new Uint8Array(happening.length), happening.delivery, happening.channel)
      break
    case 'ping':
      victim.ping()
      break
    case 'close':
      victim.close()
      break
    case 'let in':
      victim.letIn(happening.isResumed)
      break
    case 'wait':
      victim.wait(happening.ms)
  }
  return last
}

function say(victim: Victim, bytes: Uint8Array): Uint8Array {
  const datagram = Uint8Array.from(bytes)
  victim.tell(datagram)
  return datagram
}

function damaged(bytes: Uint8Array, bits: readonly number[]): Uint8Array {
  return bits.reduce((copy, bit) => flipped(copy, bit % Math.max(8, 8 * copy.length)), bytes)
}

/** Throws unless each connection ended once before the next one stood, and messages came only while one did. */
function expectLives(events: readonly SessionEvent[]): void {
  let isConnected = false
  for (const { type } of events) {
    if (type === 'connected' || type === 'ended') {
      expect(isConnected).toBe(type === 'ended')
      isConnected = type === 'connected'
    }
    if (type === 'message') expect(isConnected).toBe(true)
  }
  expect(isConnected).toBe(false)
}

const dialsAgain = { minDelayMs: 10, maxDelayMs: 100, attempts: 50 }

describe.each([
  { name: 'a server’s end', create: createServerEnd, state: 'connected' },
  { name: 'a client that connects', create: createConnectingClient, state: 'connecting' },
  { name: 'a client that is connected', create: createConnectedClient, state: 'connected' },
  { name: 'a client that dials again', create: () => createConnectedClient(dialsAgain), state: 'connected' },
])('$name whose peer has the right keys', ({ create, state }) => {
  it('is in its state', () => {
    expect(create().session.state).toBe(state)
  })

  it('survives whatever it is told, within its limits, and comes to its end once', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (happenings) => {
        const victim = create()
        let last: Uint8Array = new Uint8Array(1)
        for (const happening of happenings) {
          // A program whose session has closed has let go of it.
          if (victim.events.some(({ type }) => type === 'closed')) break
          last = happen(victim, happening, last)
          const { heldBytes, queuedBytes, queuedMessages } = victim.session.stats
          expect(heldBytes).toBeLessThanOrEqual(MAX_HELD_BYTES)
          expect(queuedBytes).toBeLessThanOrEqual(settings.maxQueuedBytes)
          expect(queuedMessages).toBeLessThanOrEqual(settings.maxQueuedMessages)
        }
        victim.close()
        victim.wait(60_000)

        const types = victim.events.map(({ type }) => type)
        expect(types.filter((type) => type === 'closed')).toEqual(['closed'])
        expect(types.at(-1)).toBe('closed')
        expectLives(victim.events)
        expect(victim.session.stats).toMatchObject({ queuedMessages: 0, queuedBytes: 0 })
      }),
      fuzzRuns(1000),
    )
  })
})
