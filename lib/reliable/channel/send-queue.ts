import { deliveries, MAX_CHANNEL, type Delivery } from '../../session/delivery.ts'
import type { SendOutcome, UndeliveredMessage } from '../../session/session.ts'
import type { SessionStats } from '../../session/stats.ts'
import { DeliveryCode, MAX_FRAGMENTS } from '../wire/frame.ts'
import type { ChannelsStats } from './channels-stats.ts'
import { LatestLane } from './latest.ts'
import { MessageMemory, messagesOf } from './message-memory.ts'
import { OutgoingFragments } from './outgoing-fragments.ts'
import { FIRST_HEAD_BYTES, MessagePool, type OutgoingMessage, type SendingLane } from './outgoing-message.ts'
import { ReliableLane } from './reliable.ts'
import { DEFAULT_PRIORITY, PRIORITIES, type LaneScheduler } from './lane-scheduler.ts'
import { UnreliableLane } from './unreliable.ts'

/** One for all connections, so that thousands of them that say little do not keep one each. */
const memory = new MessageMemory()

/** What a {@link SendQueue} has to keep to. */
export interface SendQueueLimits {
  /** The sequence of the first message of each lane. Default 0. */
  readonly firstSequence?: number
  readonly maxQueuedMessages: number
  readonly maxQueuedBytes: number
  readonly maxMessageBytes: number
  /** The largest message that is not fragmented, and the size of the fragments of one that is. */
  readonly fragmentBytes: number
  /** Messages up to this size travel with those that are sent with them. */
  readonly smallMessageBytes: number
  /** How many bytes of a packet such a run takes at most. */
  readonly maxRunBytes: number
  /** After waiting for this long, sequenced and unreliable messages are dropped. */
  readonly staleAfterMs: number
}

/** What a session shows of what leaves a {@link SendQueue}: messages that began to be written, and those that waited too long. */
export type SendCounts = Pick<SessionStats, 'sentMessages' | 'droppedStale'>

/** A message that was accepted and that nobody confirmed, and whether any of it was ever written to a packet. */
export interface UnconfirmedMessage extends UndeliveredMessage {
  readonly isSent: boolean
  readonly queuedAt: number
}

/** The messages that wait to be written for the first time, in one lane for each channel and delivery, within common limits. */
export class SendQueue {
  readonly #limits: SendQueueLimits
  readonly #scheduler: LaneScheduler
  readonly #pool: MessagePool
  readonly #stats: ChannelsStats
  readonly #counts: SendCounts
  /** By channel, then delivery; made when they are first used. */
  readonly #channels: (SendingLane | undefined)[][] = []
  readonly #lanes: SendingLane[] = []
  readonly #priorities: number[] = []
  #queuedMessages = 0
  #queuedBytes = 0
  #order = 0

  constructor(
    limits: SendQueueLimits,
    scheduler: LaneScheduler,
    pool: MessagePool,
    stats: ChannelsStats,
    counts: SendCounts,
  ) {
    this.#limits = limits
    this.#scheduler = scheduler
    this.#pool = pool
    this.#stats = stats
    this.#counts = counts
  }

  get queuedMessages(): number {
    return this.#queuedMessages
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /** Every lane that was ever used. */
  get lanes(): readonly SendingLane[] {
    return this.#lanes
  }

  /** See `Channels.setPriority`. */
  setPriority(channel: number, priority: number): void {
    requireInRange('priority', priority, PRIORITIES - 1)
    requireInRange('channel', channel, MAX_CHANNEL)
    this.#priorities[channel] = priority
    for (const lane of this.#channels[channel] ?? []) {
      if (lane === undefined) continue
      lane.priority = priority
      this.#scheduler.place(lane)
    }
  }

  /** See `Channels.send`. */
  send(now: number, bytes: Uint8Array, delivery: Delivery, channel: number): SendOutcome {
    requireInRange('channel', channel, MAX_CHANNEL)
    if (bytes.length > this.#limits.maxMessageBytes) return 'too-large'
    if (bytes.length > this.#limits.fragmentBytes * MAX_FRAGMENTS) return 'too-large'
    const lane = this.#laneOf(channel, deliveries.indexOf(delivery))
    const newest = lane.queue.last?.owner
    const replaced = lane.keepsNewest && newest?.hasBegun === false ? newest : undefined
    if (!this.#hasRoom(now, bytes.length, replaced)) return 'queue-full'
    if (replaced !== undefined) {
      this.#discard(replaced)
      this.#stats.replaced += 1
    }
    const isJoined = newest !== undefined && this.#join(newest, bytes, lane)
    if (!isJoined) this.#enqueue(now, bytes, lane)
    this.#order += 1
    this.#queuedMessages += 1
    this.#queuedBytes += bytes.length
    if (!isJoined && lane.queue.size === 1) this.#scheduler.place(lane)
    return 'accepted'
  }

  /** Where a lane begins with a run that is longer than this, or than may begin, splits off what is not. */
  fitHead(lane: SendingLane, roomBytes: number, roomMessages: number): void {
    const run = lane.head
    if (run === undefined || run.count === 1) return
    const maxMessages = Math.min(roomMessages, lane.mayBegin)
    if (run.frameBytes <= roomBytes && run.count <= maxMessages) return
    const part = this.#pool.take()
    if (!memory.split(run, part, roomBytes - FIRST_HEAD_BYTES, maxMessages)) {
      this.#pool.give(part)
      return
    }
    part.lane = lane
    part.order = run.order
    part.queuedAt = run.queuedAt
    run.order += part.count
    lane.queue.prepend(part.queueLink)
  }

  /** The first message of a lane, which is not fragmented, was written: it waits no more. */
  noteWritten(message: OutgoingMessage): void {
    this.#counts.sentMessages += message.count
    this.#queuedBytes -= message.length
    this.#leave(message)
  }

  /** `length` bytes of the first message of a lane were written as a fragment. */
  noteFragmentWritten(message: OutgoingMessage, length: number): void {
    this.#queuedBytes -= length
    // The first fragment is what begins it.
    if (message.fragments?.next === 1) this.#counts.sentMessages += 1
    if (message.fragments?.isWhollyWritten === true) this.#leave(message)
  }

  /** Drops the messages of a lane that waited too long. One that has begun goes on. */
  dropStale(now: number, lane: SendingLane): void {
    if (lane.isAcked) return
    while (lane.head !== undefined && !lane.head.hasBegun && now - lane.head.queuedAt > this.#limits.staleAfterMs) {
      this.#discard(lane.head)
      this.#counts.droppedStale += 1
    }
  }

  /** Drops the messages of every lane that waited too long. */
  dropAllStale(now: number): void {
    for (const lane of this.#lanes) {
      if (lane.isAcked) continue
      this.dropStale(now, lane)
      this.#scheduler.place(lane)
    }
  }

  /** What was accepted and is not confirmed, in the order in which it was sent. */
  unconfirmed(): UnconfirmedMessage[] {
    const messages: OutgoingMessage[] = []
    for (const lane of this.#lanes) {
      for (let link = lane.unacked.first; link !== undefined; link = link.next) messages.push(link.owner)
      for (let link = lane.queue.first; link !== undefined; link = link.next) {
        if (!link.owner.hasBegun) messages.push(link.owner)
      }
    }
    messages.sort((a, b) => a.order - b.order)
    return messages.flatMap((record) =>
      messagesOf(record).map((message) => ({
        message,
        delivery: deliveries[record.lane?.delivery ?? 0] ?? 'reliable',
        channel: record.lane?.channel ?? 0,
        isSent: record.hasBegun,
        queuedAt: record.queuedAt,
      })),
    )
  }

  /** Whether there is room, if need be after dropping what waited too long. One message that is too large for the queue may wait alone. */
  #hasRoom(now: number, bytes: number, replaced: OutgoingMessage | undefined): boolean {
    if (this.#fits(bytes, replaced)) return true
    this.dropAllStale(now)
    return this.#fits(bytes, replaced)
  }

  #fits(bytes: number, replaced: OutgoingMessage | undefined): boolean {
    const messages = this.#queuedMessages - (replaced === undefined ? 0 : 1)
    const queuedBytes = this.#queuedBytes - (replaced?.length ?? 0)
    if (messages >= this.#limits.maxQueuedMessages) return false
    return messages === 0 || queuedBytes + bytes <= this.#limits.maxQueuedBytes
  }

  #enqueue(now: number, bytes: Uint8Array, lane: SendingLane): void {
    const { fragmentBytes } = this.#limits
    const message = this.#pool.take()
    message.lane = lane
    message.order = this.#order
    message.queuedAt = now
    if (bytes.length > fragmentBytes) {
      message.fragments = new OutgoingFragments(bytes.length, fragmentBytes)
      memory.placeWhole(message, bytes)
    } else {
      memory.place(message, bytes)
    }
    lane.queue.append(message.queueLink)
  }

  /** Lets a small message travel with the one that was sent before it, if that still waits and is small, too. */
  #join(newest: OutgoingMessage, bytes: Uint8Array, lane: SendingLane): boolean {
    if (!lane.hasCredit || newest.hasBegun || !this.#scheduler.isSmall(newest)) return false
    return (
      bytes.length <= this.#limits.smallMessageBytes &&
      memory.extend(newest, bytes, lane.delivery, this.#limits.maxRunBytes)
    )
  }

  /** Drops a message that was never written. */
  #discard(message: OutgoingMessage): void {
    this.#queuedBytes -= message.length
    this.#leave(message)
    this.#pool.give(message)
  }

  #leave(message: OutgoingMessage): void {
    message.queueLink.leave()
    this.#queuedMessages -= message.count
  }

  #laneOf(channel: number, delivery: number): SendingLane {
    const lanes = (this.#channels[channel] ??= [])
    let lane = lanes[delivery]
    if (lane === undefined) {
      const { firstSequence = 0 } = this.#limits
      lane = createLane(channel, delivery, this.#priorities[channel] ?? DEFAULT_PRIORITY, firstSequence)
      lanes[delivery] = lane
      this.#lanes.push(lane)
    }
    return lane
  }
}

function createLane(channel: number, delivery: number, priority: number, firstSequence: number): SendingLane {
  switch (delivery) {
    case DeliveryCode.reliable:
    case DeliveryCode.reliableUnordered:
      return new ReliableLane(channel, delivery, priority, firstSequence)
    case DeliveryCode.latest:
      return new LatestLane(channel, delivery, priority, firstSequence)
    case DeliveryCode.sequenced:
    case DeliveryCode.unreliable:
      return new UnreliableLane(channel, delivery, priority, firstSequence)
    default:
      throw new RangeError(`There is no delivery ${delivery}`)
  }
}

function requireInRange(name: string, value: number, highest: number): void {
  if (!Number.isInteger(value) || value < 0 || value > highest) {
    throw new RangeError(`A ${name} is a whole number from 0 to ${highest}, not ${value}`)
  }
}
