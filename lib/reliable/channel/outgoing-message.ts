import { DeliveryCode } from '../wire/frame.ts'
import { sequenceAfter } from '../wire/sequence.ts'
import { Link, LinkedList } from './linked-list.ts'
import type { OutgoingFragments } from './outgoing-fragments.ts'

const NO_BYTES = new Uint8Array(0)

/** How many records a pool keeps for messages to come: a burst's worth, for all connections together. */
const MAX_POOLED = 16_384

/** The first byte of a frame, its channel and its sequence: what the first of several has before its length. */
export const FIRST_HEAD_BYTES = 4

/** What a message costs besides its bytes, so that empty ones are not free. */
export const MESSAGE_COST_BYTES = 64

/**
 * A message on its way out, or a run of small ones that travel together: they are written to the same packets, and so acknowledged and
 * lost together. Records are used again: whoever keeps one notes its {@link generation} with it.
 */
export class OutgoingMessage {
  /** Counts the messages that this record has been; a note with another generation is about a message that is gone. */
  generation = 0
  /** How many messages it is. */
  count = 1
  /** How many bytes they have, their heads apart. */
  length = 0
  /** Where they lie, see {@link MessageMemory}; `lastStart` is where the length of the last one does. */
  memory: Uint8Array = NO_BYTES
  start = 0
  lastStart = 0
  end = 0
  lane: SendingLane | undefined
  /** Counts the messages of the connection in the order in which they were sent. */
  order = 0
  queuedAt = 0
  /** -1 until the message begins to be written, and for good where its delivery has none. */
  sequence = -1
  /** `undefined` for a message that fits in a packet. */
  fragments: OutgoingFragments | undefined

  /** Whether it is acknowledged, and waits for others before it to be so. */
  isAcked = false

  // What is known of an unfragmented message that was written and is not acknowledged yet.
  firstSentAt = 0
  lastSentAt = 0
  /** How often it was written since it was first sent or last lost. */
  timesWritten = 0
  /** How many packets carry it of which nothing is known yet. */
  inFlight = 0
  /** How often it has to be written because it was lost; 0 while it is not. */
  resends = 0
  /** The packet that it was written to last: never twice to the same one. */
  lastPacketNumber = -1

  /** In the queue of its lane, until it is wholly written. */
  readonly queueLink: Link<OutgoingMessage> = new Link<OutgoingMessage>(this)
  /** In its lane's list of messages that wait to be confirmed. */
  readonly unackedLink: Link<OutgoingMessage> = new Link<OutgoingMessage>(this)
  /** Among the lost ones, or, for as long as it is not lost, among those that may be copied. */
  readonly repeatLink: Link<OutgoingMessage> = new Link<OutgoingMessage>(this)

  /** Whether any of it was ever written. */
  get hasBegun(): boolean {
    return this.sequence >= 0
  }

  /** How many bytes its frames take at most, where it is not fragmented. */
  get frameBytes(): number {
    return FIRST_HEAD_BYTES + this.end - this.start
  }

  /** What the next piece that is written for the first time costs. */
  get nextCost(): number {
    const { fragments } = this
    if (fragments === undefined) return this.length + this.count * MESSAGE_COST_BYTES
    return fragments.lengthOf(fragments.next, this.length) + (fragments.next === 0 ? MESSAGE_COST_BYTES : 0)
  }
}

/** What the messages of one channel and one delivery go through on their way out. */
export abstract class SendingLane {
  readonly channel: number
  /** The delivery, as the wire says it. */
  readonly delivery: number
  /** What waits to be written for the first time, oldest first; the first one may have begun. */
  readonly queue: LinkedList<OutgoingMessage> = new LinkedList<OutgoingMessage>()
  /** What has begun to be written and is not confirmed, oldest first; the first one is not acknowledged. */
  readonly unacked: LinkedList<OutgoingMessage> = new LinkedList<OutgoingMessage>()
  /** Where it waits for its turn to write. */
  readonly turnLink: Link<SendingLane> = new Link<SendingLane>(this)
  /** Lanes of a lower number go first. */
  priority: number
  #nextSequence: number

  constructor(channel: number, delivery: number, priority: number, firstSequence: number) {
    this.channel = channel
    this.delivery = delivery
    this.priority = priority
    this.#nextSequence = firstSequence
  }

  /** Whether messages are written again until they are acknowledged; otherwise they are written once and forgotten. */
  abstract readonly isAcked: boolean

  /** Whether the other side hands messages over in their order, so that one is confirmed only with all before it. */
  get isOrdered(): boolean {
    return this.delivery === DeliveryCode.reliable
  }

  /** Whether messages cost credit. */
  abstract readonly hasCredit: boolean

  /** Whether a message takes the place of the one before it. */
  abstract readonly keepsNewest: boolean

  /** How many messages of the queue may begin to be written, credit apart. */
  abstract readonly mayBegin: number

  /** The message that is next to be written. */
  get head(): OutgoingMessage | undefined {
    return this.queue.first?.owner
  }

  /** The sequence that the next message has that needs one. */
  get nextSequence(): number {
    return this.#nextSequence
  }

  /** `count` messages, the first one with {@link nextSequence}, begin to be written. */
  takeSequences(count: number): void {
    this.#nextSequence = sequenceAfter(this.#nextSequence, count)
  }
}

/** Records of messages that are gone, for messages to come. */
export class MessagePool {
  readonly #free: OutgoingMessage[] = []

  take(): OutgoingMessage {
    return this.#free.pop() ?? new OutgoingMessage()
  }

  /** Takes a record back, out of whichever lists it is in. */
  give(message: OutgoingMessage): void {
    message.queueLink.leave()
    message.unackedLink.leave()
    message.repeatLink.leave()
    message.generation += 1
    message.count = 1
    message.length = 0
    message.memory = NO_BYTES
    message.lane = undefined
    message.sequence = -1
    message.fragments = undefined
    message.isAcked = false
    message.timesWritten = 0
    message.inFlight = 0
    message.resends = 0
    message.lastPacketNumber = -1
    if (this.#free.length < MAX_POOLED) this.#free.push(message)
  }
}
