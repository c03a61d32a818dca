/**
 * A round trip of a connection that sends all the time: it is over when a packet is acked that was sent after it had begun
 * (draft-cardwell-iccrg-bbr, "Round Trip Counting").
 */
export class Round {
  /** Counts the round trips. */
  number = 0
  ackedPackets = 0
  lostPackets = 0
  #startedAt: number
  /** How many bytes had been delivered when it began. */
  #startDelivered = 0

  constructor(now: number) {
    this.#startedAt = now
  }

  /** Whether a packet belongs to the next one that was sent when `priorDelivered` bytes had been delivered. */
  isOverFor(priorDelivered: number): boolean {
    return priorDelivered >= this.#startDelivered
  }

  /** Begins the next one, when `delivered` bytes have been delivered. */
  start(now: number, delivered: number): void {
    this.#startedAt = now
    this.#startDelivered = delivered
    this.ackedPackets = 0
    this.lostPackets = 0
  }

  /** How fast bytes were delivered since it began, a millisecond; `Infinity` where no time has passed. */
  rate(now: number, delivered: number): number {
    const elapsedMs = now - this.#startedAt
    return elapsedMs > 0 ? (delivered - this.#startDelivered) / elapsedMs : Infinity
  }
}
