/**
 * When something that wants an answer is said: at once, then again after 200 ms, then ever more slowly, up to 1 s apart, as often as it
 * may be.
 */
export class RetransmitTimer {
  readonly #attempts: number
  #nextAt: number
  #intervalMs: number
  #count = 0

  /** `firstIntervalMs` lies between the first time and the second; on a very slow link it may be above a second. */
  constructor(now: number, firstIntervalMs: number = FIRST_INTERVAL_MS, attempts: number = UNLIMITED) {
    this.#attempts = attempts
    this.#nextAt = now
    this.#intervalMs = firstIntervalMs
  }

  /** When it is to be said next; `Infinity` when it was said as often as it may be. */
  get dueAt(): number {
    return this.#count < this.#attempts ? this.#nextAt : Infinity
  }

  /** How often it was said. */
  get count(): number {
    return this.#count
  }

  /**
   * Whether it is to be said now, which is then taken as done. The next time is an interval after this one, however late
   * this one is, so a pause of the main loop is followed by one datagram and not by all that it missed.
   */
  poll(now: number): boolean {
    if (now < this.dueAt) return false
    this.#count += 1
    this.#nextAt = now + this.#intervalMs
    this.#intervalMs = Math.max(this.#intervalMs, Math.min(this.#intervalMs * INTERVAL_GROWTH, MAX_INTERVAL_MS))
    return true
  }
}

const FIRST_INTERVAL_MS = 200
const UNLIMITED = Infinity
const INTERVAL_GROWTH = 1.5
const MAX_INTERVAL_MS = 1_000
