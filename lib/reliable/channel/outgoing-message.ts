import { Link } from './linked-list.ts'
import type { SendingLane } from './sending-lane.ts'

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

/** In place of the number of writings that are due because a fragment was lost. */
const ACKED = 0xff

/** How often one fragment may be in flight at once. */
const MAX_IN_FLIGHT = 0xff

/** The fragments of a message: which were written, which are lost, which are acknowledged. */
export class OutgoingFragments {
  /** The size of each but the last. */
  readonly size: number
  /** The number of the last one. */
  readonly last: number
  /** The first one that was never written. */
  next = 0
  readonly #inFlight: Uint8Array
  /** {@link ACKED}, or how often it has to be written because it was lost. */
  readonly #resends: Uint8Array
  /** One bit for each one that is lost. */
  readonly #lost: Uint32Array
  #lostCount = 0
  #ackedCount = 0
  /** The lost one that was written again last. */
  #resentLast = -1
  /** The first one that is not acknowledged. */
  #oldestUnacked = 0

  constructor(messageBytes: number, size: number) {
    const count = Math.ceil(messageBytes / size)
    this.size = size
    this.last = count - 1
    this.#inFlight = new Uint8Array(count)
    this.#resends = new Uint8Array(count)
    this.#lost = new Uint32Array(Math.ceil(count / 32))
  }

  get isWhollyWritten(): boolean {
    return this.next > this.last
  }

  get isWhollyAcked(): boolean {
    return this.#ackedCount > this.last
  }

  get hasLost(): boolean {
    return this.#lostCount > 0
  }

  /** The length of a fragment of a message of so many bytes. */
  lengthOf(index: number, messageBytes: number): number {
    return Math.min(this.size, messageBytes - index * this.size)
  }

  /** The next lost one, going round, after the one that was written again last; -1 when there is none. */
  nextLost(): number {
    if (this.#lostCount === 0) return -1
    const start = this.#resentLast + 1
    let word = start >>> 5
    let bits = this.#lostBits(word) & (-1 << (start & 31))
    while (bits === 0) {
      word = word + 1 < this.#lost.length ? word + 1 : 0
      bits = this.#lostBits(word)
    }
    return word * 32 + lowestBit(bits)
  }

  /** The oldest one that was written and is not acknowledged, -1 when there is none. */
  oldestUnacked(): number {
    while (this.#oldestUnacked < this.next && this.#resends[this.#oldestUnacked] === ACKED) this.#oldestUnacked += 1
    return this.#oldestUnacked < this.next ? this.#oldestUnacked : -1
  }

  /** Fragment `index` was written, for the first time or again. */
  noteWritten(index: number): void {
    if (index === this.next) this.next += 1
    this.#inFlight[index] = Math.min(MAX_IN_FLIGHT, (this.#inFlight[index] ?? 0) + 1)
    if (!this.#isLost(index)) return
    this.#resentLast = index
    const resends = (this.#resends[index] ?? 0) - 1
    this.#resends[index] = resends
    if (resends === 0) this.#setLost(index, false)
  }

  noteAcked(index: number): void {
    if (this.#resends[index] === ACKED) return
    if (this.#isLost(index)) this.#setLost(index, false)
    this.#resends[index] = ACKED
    this.#ackedCount += 1
  }

  /** A packet with fragment `index` was lost: with the last such one it is lost itself, and due to be written `resends` times. */
  noteLost(index: number, resends: number): void {
    const inFlight = Math.max(0, (this.#inFlight[index] ?? 0) - 1)
    this.#inFlight[index] = inFlight
    if (inFlight > 0 || this.#resends[index] === ACKED) return
    if (!this.#isLost(index)) this.#setLost(index, true)
    this.#resends[index] = resends
  }

  #isLost(index: number): boolean {
    return (this.#lostBits(index >>> 5) & (1 << (index & 31))) !== 0
  }

  #setLost(index: number, isLost: boolean): void {
    this.#lost[index >>> 5] = this.#lostBits(index >>> 5) ^ (1 << (index & 31))
    this.#lostCount += isLost ? 1 : -1
  }

  #lostBits(word: number): number {
    return this.#lost[word] ?? 0
  }
}

/** The number of the lowest bit that is set. */
function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits)
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
