/** How many packet numbers may lie between the oldest packet that is still of interest and the next one. */
export const MAX_TRACKED_PACKETS = 16_384

/** A game's packets are acked before many more have left; a server has as many rings as clients. */
const FIRST_CAPACITY = 2

/** What is known of a packet that was sent. */
export const PacketState = {
  /** It needs no ack (it held nothing but one), so nobody waits for it. */
  untracked: 0,
  inFlight: 1,
  acked: 2,
  /** Given up; it may still turn out to have been overtaken only. */
  lost: 3,
} as const
export type PacketState = (typeof PacketState)[keyof typeof PacketState]

/** What packets carried, as {@link SentPackets} knows it. */
export interface PacketContents {
  /** Forgets everything, for the next packet. */
  clear(): void
}

/** One packet that was sent. Records are used again and again, never allocated per packet. */
export class SentPacket<Frames = unknown> {
  packetNumber = 0
  state: PacketState = PacketState.untracked
  sentAt = 0
  bytes = 0
  /** When it was given up, and whether a queue stood on the path then. */
  lostAt = 0
  wasQueued = false

  // What the delivery rate is computed from, at the time the packet was sent (see `delivery-rate.ts`).
  delivered = 0
  deliveredAt = 0
  firstSentAt = 0
  isAppLimited = false

  /** The messages and fragments that it carried. */
  readonly sentFrames: Frames

  constructor(sentFrames: Frames) {
    this.sentFrames = sentFrames
  }
}

/**
 * The packets that were sent, from the oldest that is still of interest to the newest: a ring of records that grows to what is in
 * flight and no further.
 */
export class SentPackets<Frames extends PacketContents> {
  readonly #createFrames: () => Frames
  #ring: SentPacket<Frames>[]
  #oldest: number
  #next: number

  /** `first` is the number of the first packet; `createFrames` makes the part of a record that says what a packet carried. */
  constructor(first: number, createFrames: () => Frames) {
    this.#createFrames = createFrames
    this.#ring = this.#createRecords(FIRST_CAPACITY)
    this.#oldest = first
    this.#next = first
  }

  /** The number of the oldest packet that {@link at} knows; equal to {@link next} when it knows none. */
  get oldest(): number {
    return this.#oldest
  }

  /** The number that the next packet bears. */
  get next(): number {
    return this.#next
  }

  /** Whether the oldest packet must be retired before another one can be added. */
  get isFull(): boolean {
    return this.#next - this.#oldest >= MAX_TRACKED_PACKETS
  }

  /** The record that the next packet will have, for filling in its sentFrames. Nothing happens until {@link add}. */
  peekNext(): SentPacket<Frames> {
    if (this.#next - this.#oldest >= this.#ring.length) this.#grow()
    return this.#record(this.#next)
  }

  /** Adds the packet whose record {@link peekNext} returned. Not when {@link isFull}. */
  add(now: number, bytes: number, state: PacketState): SentPacket<Frames> {
    const packet = this.peekNext()
    packet.packetNumber = this.#next
    packet.state = state
    packet.sentAt = now
    packet.bytes = bytes
    this.#next += 1
    // While nothing is awaited, acks that are sent need no room.
    if (state === PacketState.untracked && this.#oldest === this.#next - 1) this.#oldest = this.#next
    return packet
  }

  /** The packet of this number; one between {@link oldest} and {@link next}. */
  at(packetNumber: number): SentPacket<Frames> {
    return this.#record(packetNumber)
  }

  /** Forgets the oldest packet. */
  retireOldest(): void {
    this.#record(this.#oldest).sentFrames.clear()
    this.#oldest += 1
  }

  #record(packetNumber: number): SentPacket<Frames> {
    const record = this.#ring[packetNumber % this.#ring.length]
    if (record === undefined) throw new RangeError(`Packet ${packetNumber} has no record`)
    return record
  }

  #grow(): void {
    const grown = this.#createRecords(this.#ring.length * 2)
    for (let number = this.#oldest; number < this.#next; number += 1)
      grown[number % grown.length] = this.#record(number)
    this.#ring = grown
  }

  #createRecords(count: number): SentPacket<Frames>[] {
    return Array.from({ length: count }, () => new SentPacket(this.#createFrames()))
  }
}
