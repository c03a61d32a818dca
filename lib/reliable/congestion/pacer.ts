/** Packets leave in small groups this far ahead of their exact times, so that a fast link does not need a timer per packet. */
const QUANTUM_MS = 1

/** How much of the time that a late main loop lost may be made up for at once. */
const MAX_CATCH_UP_MS = 25

/**
 * Spreads packets out in time: each packet moves the earliest departure of the next by what it takes at the pacing rate.
 *
 * A sender that was held by its pacer and stepped too late may catch up; one that was quiet for other reasons earns no burst by it.
 */
export class Pacer {
  #releaseAt: number
  #groupEndsAt: number
  #isHolding = false

  constructor(now: number) {
    this.#releaseAt = now
    this.#groupEndsAt = now
  }

  /** When the next packet would go if packets went one by one. */
  get releaseAt(): number {
    return this.#releaseAt
  }

  /** When {@link mayRelease} will say yes, if no packet leaves before. */
  nextAt(now: number): number {
    return this.#releaseAt <= now || this.#releaseAt < this.#groupEndsAt ? now : this.#releaseAt
  }

  /** Whether a packet may go at the time `now`. A refusal is remembered: from then on the pacer is what holds the sender. */
  mayRelease(now: number): boolean {
    if (this.#releaseAt <= now) {
      this.#releaseAt = Math.max(this.#releaseAt, this.#isHolding ? now - MAX_CATCH_UP_MS : now)
      this.#groupEndsAt = now + QUANTUM_MS
      return true
    }
    if (this.#releaseAt < this.#groupEndsAt) return true
    this.#isHolding = true
    return false
  }

  /** The sender has nothing to send, or something else holds it: time that passes now is not made up for. */
  rest(): void {
    this.#isHolding = false
  }

  /** A packet left, whether the pacer was asked or not. */
  onPacketSent(now: number, bytes: number, bytesPerMs: number): void {
    const earliest = this.#isHolding ? now - MAX_CATCH_UP_MS : now
    this.#releaseAt = Math.max(this.#releaseAt, earliest) + bytes / bytesPerMs
  }
}
