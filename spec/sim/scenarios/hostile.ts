import { DataFlag, DeliveryCode } from '../../../lib/reliable/wire/frame.ts'
import { closeCodes } from '../../../lib/session/codes.ts'
import { deliveries } from '../../../lib/session/delivery.ts'
import type { SessionEvent } from '../../../lib/session/session.ts'
import type { SessionStats } from '../../../lib/session/stats.ts'
import type { Random } from '../../../lib/simulator/index.ts'
import type { End } from '../../support/end.ts'
import { createAck, HostilePeer } from '../../support/hostile-peer.ts'
import { DEFAULT_TOKEN } from '../../support/reliable-world.ts'
import { checkQueues, fail } from '../checks.ts'
import { Play } from '../play.ts'
import { defineScenario, type Scenario } from '../scenario.ts'

const MAX_MESSAGE_BYTES = 64 * 1024
const MAX_MESSAGES_PER_SECOND = 300

/** What a receiver holds at most: a window of what costs credit, and as much of what costs none. */
const MAX_HELD_BYTES = 2 * (MAX_MESSAGE_BYTES + 1024 * 1024)

/** Well above what a peer that pays attention to its rate ever sends. */
const FLOOD_PER_SECOND = 6 * MAX_MESSAGES_PER_SECOND

/** Well below it. */
const MODEST_PER_SECOND = MAX_MESSAGES_PER_SECOND / 3

/** What somebody does who has the right keys. */
interface Attack {
  readonly name: string
  readonly packetsPerSecond: number
  readonly durationMs: number
  /** See {@link Scenario}; most take as long as this. Default 30. */
  readonly cost?: number
  /** Sends one packet, the `i`th of the attack. */
  strike(peer: HostilePeer, random: Random, i: number): void
  /** Does something at the server's end first. */
  prepare?(end: End): void
  /** Throws unless what the attack led to is what it ought to. */
  check(outcome: Outcome): void
}

/** What an attack led to. */
interface Outcome {
  readonly peer: HostilePeer
  readonly stats: Readonly<SessionStats>
  /** The server's events of this peer; messages too. */
  readonly events: readonly SessionEvent[]
  /** Of the events: the last one that says how the connection ended, while the attack went on. */
  readonly ending: (SessionEvent & { readonly type: 'ended' }) | undefined
}

const attacks: readonly Attack[] = [
  {
    name: 'flood-of-acks',
    packetsPerSecond: FLOOD_PER_SECOND,
    durationMs: 9_000,
    strike: (peer) => peer.send(() => false, 0, peer.honestAck()),
    check: (outcome) => checkExpelled(outcome, closeCodes.rateLimited),
  },
  {
    name: 'flood-of-messages',
    packetsPerSecond: MODEST_PER_SECOND,
    durationMs: 9_000,
    strike(peer, random) {
      const channel = random.integer(0, 255)
      peer.send((writer) => writer.message(DeliveryCode.unreliable, channel, -1, new Uint8Array(1)), 100)
    },
    check(outcome) {
      checkExpelled(outcome, closeCodes.rateLimited)
      // A packet that is taken may owe what it turned out to hold: less than a second's worth.
      const limit = MAX_MESSAGES_PER_SECOND * (9 + 2)
      const messages = outcome.events.filter(({ type }) => type === 'message').length
      if (messages > limit) fail(`${messages} messages were handed over, more than ${limit}`)
    },
  },
  {
    name: 'acks-made-costly',
    packetsPerSecond: MODEST_PER_SECOND,
    durationMs: 9_000,
    cost: 1,
    strike: (peer) => peer.send(() => false, 0, createAck(peer.largestReceived, 16_383)),
    check: (outcome) => checkExpelled(outcome, closeCodes.rateLimited),
  },
  {
    name: 'acks-of-what-was-never-sent',
    packetsPerSecond: MODEST_PER_SECOND,
    durationMs: 2_000,
    cost: 1,
    strike: (peer, random) =>
      peer.send(() => false, 0, createAck(peer.largestReceived + random.integer(200, 9_000), 1)),
    check: (outcome) => checkExpelled(outcome, closeCodes.violations),
  },
  {
    name: 'malformed-packets',
    packetsPerSecond: MODEST_PER_SECOND,
    durationMs: 2_000,
    strike(peer, random) {
      const unknown = Uint8Array.of(random.integer(0x88, 0xff))
      // Fragment 0 of 2, with one byte.
      const tiny = Uint8Array.of(DataFlag.fragment | random.integer(0, 4), 0, 0, 0, 1, 65)
      peer.sendRaw(0x80, random.pick([unknown, tiny, new Uint8Array(0)]))
    },
    check: (outcome) => checkExpelled(outcome, closeCodes.violations),
  },
  {
    name: 'messages-that-are-too-large',
    packetsPerSecond: MODEST_PER_SECOND,
    durationMs: 2_000,
    strike(peer, random, i) {
      const delivery = random.integer(DeliveryCode.reliable, DeliveryCode.unreliable)
      peer.send((writer) => writer.fragment(delivery, 0, i, new Uint8Array(256), 0, 65_535, 128), 1)
    },
    check: (outcome) => checkExpelled(outcome, closeCodes.violations),
  },
  {
    name: 'messages-without-end',
    packetsPerSecond: MODEST_PER_SECOND,
    durationMs: 6_000,
    strike(peer, _random, i) {
      // The first of two fragments, on one of all channels and by one of all deliveries after the other.
      const channel = (i * 7) % 256
      const write = (delivery: number) =>
        peer.send((writer) => writer.fragment(delivery, channel, i, new Uint8Array(2_000), 0, 1, 1_000), 1)
      write(i % deliveries.length)
    },
    check(outcome) {
      checkStands(outcome)
      if (outcome.events.some(({ type }) => type === 'message')) fail('a message arrived of which half was sent')
    },
  },
  {
    name: 'flood-of-fragments',
    packetsPerSecond: FLOOD_PER_SECOND,
    durationMs: 4_000,
    strike(peer, _random, i) {
      peer.send((writer) => writer.fragment(i % 5, i % 256, i, new Uint8Array(2_000), 0, 1, 1_000), 1)
    },
    check: () => {},
  },
  {
    name: 'flood-of-pings',
    packetsPerSecond: MODEST_PER_SECOND,
    durationMs: 3_000,
    strike: (peer) => peer.send((writer, id) => writer.ping(id, 1)),
    check(outcome) {
      checkStands(outcome)
      checkEvents(outcome, 'ping')
    },
  },
  {
    name: 'flood-of-windows',
    packetsPerSecond: MODEST_PER_SECOND,
    durationMs: 3_000,
    strike(peer, random, i) {
      const limit = 2 ** random.integer(20, 50) + 1_000 * i
      peer.send((writer, k) => writer.channelWindow(k % 256, limit + k) && writer.window(limit + k))
    },
    check: checkStands,
  },
  {
    name: 'flood-of-closes',
    packetsPerSecond: FLOOD_PER_SECOND,
    durationMs: 6_000,
    strike: (peer) => peer.send((writer) => writer.close(7, new Uint8Array(0))),
    check(outcome) {
      if (outcome.ending?.cause !== 'closed-there') fail('CLOSE did not end the connection')
      if (outcome.events.at(-1)?.type !== 'closed') fail('CLOSE that comes again keeps the session from its end')
    },
  },
  {
    name: 'flood-of-connects',
    packetsPerSecond: MODEST_PER_SECOND,
    durationMs: 3_000,
    strike: (peer) => peer.sendConnect(),
    check: checkStands,
  },
  {
    name: 'flood-of-copies',
    packetsPerSecond: FLOOD_PER_SECOND,
    durationMs: 8_000,
    strike(peer, _random, i) {
      if (i === 0) peer.send((writer) => writer.message(DeliveryCode.reliable, 0, 0, Uint8Array.of(1)), 1)
      else if (i % 400 === 0) peer.send((writer) => writer.ping(i, 0), 1)
      else peer.sendAgain()
    },
    check(outcome) {
      // Somebody who has seen a packet can send it again: that must not end the connection of who has sent it.
      checkStands(outcome)
      const messages = outcome.events.filter(({ type }) => type === 'message').length
      if (messages !== 1) fail(`${messages} messages arrived of 1`)
      if (outcome.stats.droppedDuplicates < outcome.peer.sentPackets / 2) fail('copies were not counted')
    },
  },
  {
    name: 'flood-of-garbage',
    packetsPerSecond: FLOOD_PER_SECOND,
    durationMs: 8_000,
    strike(peer, random, i) {
      if (i % 400 === 0) peer.send((writer) => writer.ping(i, 0), 1)
      const garbage = random.bytes(random.integer(1, 1_200))
      if (i % 2 === 0) garbage[0] = 0x80
      peer.sendBytes(garbage)
    },
    check(outcome) {
      // It bears the peer's address and not its seal: anybody may have sent it.
      checkStands(outcome)
      if (outcome.stats.violations > 0) fail('what nobody has sealed was held against the peer')
    },
  },
  {
    name: 'reader-that-never-acks',
    packetsPerSecond: 4,
    durationMs: 20_000,
    prepare: (end) => speak(end),
    strike: (peer, _random, i) => peer.send((writer) => writer.ping(i, 0), 1),
    check: checkFullQueue,
  },
  {
    name: 'reader-that-grants-nothing',
    packetsPerSecond: MODEST_PER_SECOND,
    durationMs: 20_000,
    prepare: (end) => speak(end),
    strike: (peer) => peer.send(() => false, 0, peer.honestAck()),
    check: checkFullQueue,
  },
]

/** A sender with more to say than its rate allows, as honest as can be. */
const honestBulk = defineScenario(
  'honest-bulk-above-its-rate',
  (context) => {
    const { random } = context
    const play = new Play(context, {
      link: { delayMs: random.between(1, 60), jitterMs: random.between(0, 5) },
      settings: random.pick([{ maxMessagesPerSecond: 300 }, { maxBytesPerSecond: 200_000 }]),
    })
    const conversation = play.connect()
    const untilMs = play.world.now + 8_000
    conversation.client.every(20, () => conversation.sendUp(random.integer(4, 60_000)), { untilMs })
    play.world.runUntil(untilMs)
    if (conversation.countEvents('rate-limited') === 0) fail('the rate was never reached')
    play.waitForAll(120_000)
    play.finish()
  },
  60,
)

/** How much a server may answer to one datagram: its own pings, acks and probes not counted. */
const SPARE_DATAGRAMS = 300

/** Attacks on a server, each with an honest client beside it that must not notice. */
export const hostileScenarios: readonly Scenario[] = [honestBulk, ...attacks.map(createScenario)]

function createScenario(attack: Attack): Scenario {
  return defineScenario(
    `hostile-${attack.name}`,
    (context) => {
      const { random } = context
      const play = new Play(context, {
        link: { delayMs: random.between(1, 60), jitterMs: random.between(0, 5) },
        settings: {
          maxMessageBytes: MAX_MESSAGE_BYTES,
          maxMessagesPerSecond: MAX_MESSAGES_PER_SECOND,
          maxQueuedBytes: 200_000,
        },
      })
      const honest = play.connect()
      const peer = new HostilePeer(play.world, random.fork('hostile'), DEFAULT_TOKEN)
      const end = peer.connect()
      const events: SessionEvent[] = []
      end.onEvent = (event) => void events.push(event)
      attack.prepare?.(end)
      honest.chat({ durationMs: attack.durationMs, intervalMs: 50, maxBytes: 1_500 })
      strikeOn(play, peer, end, attack, random)

      const ending = events.findLast((event) => event.type === 'ended')
      attack.check({ peer, stats: end.session.stats, events, ending })
      if (attack.prepare === undefined && peer.receivedPackets > peer.sentPackets + SPARE_DATAGRAMS)
        fail(`${peer.receivedPackets} datagrams answered ${peer.sentPackets}`)
      if (!play.world.waitFor(() => play.world.server.clientCount === 1, 20_000))
        fail('the hostile peer keeps its port')
      if (honest.countEvents('stalled') + honest.countEvents('rate-limited') > 0) fail('the honest client noticed')
      play.finish()
    },
    attack.cost ?? 30,
  )
}

/** Strikes again and again, and looks all the while that the limits hold. */
function strikeOn(play: Play, peer: HostilePeer, end: End, attack: Attack, random: Random): void {
  const { world } = play
  const untilMs = world.now + attack.durationMs
  let strikes = 0
  world.every(
    1_000 / attack.packetsPerSecond,
    () => {
      attack.strike(peer, random, strikes)
      strikes += 1
      const { heldBytes } = end.session.stats
      if (heldBytes > MAX_HELD_BYTES) fail(`${heldBytes} bytes are held, more than ${MAX_HELD_BYTES}`)
      checkQueues(end, play.settings)
    },
    { untilMs },
  )
  world.runUntil(untilMs)
}

/** The server has more to say than its peer wants to hear. */
function speak(end: End): void {
  end.every(10, () => {
    if (end.session.state === 'connected') end.send(new Uint8Array(1_000))
  })
}

function checkExpelled({ ending, events }: Outcome, code: number): void {
  if (ending?.cause !== 'closed-here' || ending.code !== code) {
    fail(`the peer was to be expelled with the code ${code}: ${ending === undefined ? 'it stands' : ending.reason}`)
  }
  const isTold = events.some(({ type }) => type === 'rate-limited')
  if (isTold !== (code === closeCodes.rateLimited)) fail(`told of a rate: ${isTold}`)
}

function checkStands({ ending, events }: Outcome): void {
  if (ending !== undefined) fail(`the connection ended: ${ending.reason}`)
  if (events.some(({ type }) => type === 'stalled' || type === 'rate-limited')) fail('the connection was disturbed')
}

/** An event a packet is what a peer can cause, whatever is in it. */
function checkEvents({ events, peer }: Outcome, type: SessionEvent['type']): void {
  const count = events.filter((event) => event.type === type).length
  if (count > peer.sentPackets) fail(`${count} events ${type} of ${peer.sentPackets} packets`)
}

function checkFullQueue(outcome: Outcome): void {
  checkStands(outcome)
  const { refusedMessages, sentPackets } = outcome.stats
  if (refusedMessages === 0) fail('the queue to a peer that does not read never fills up')
  if (sentPackets > 16_384) fail(`${sentPackets} packets were sent to a peer that does not read`)
}
