/** When something that wants an answer is said: at once, then again after 200 ms, then ever more slowly, up to 1 s apart. */
export class RetransmitTimer {
  #dueAt: number
  #intervalMs: number
  #count = 0

  /** `firstIntervalMs` lies between the first time and the second; on a very slow link it may be above a second. */
  constructor(now: number, firstIntervalMs: number = FIRST_INTERVAL_MS) {
    this.#dueAt = now
    this.#intervalMs = firstIntervalMs
  }

  /** When it is to be said next. */
  get dueAt(): number {
    return this.#dueAt
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
    if (now < this.#dueAt) return false
    this.#count += 1
    this.#dueAt = now + this.#intervalMs
    this.#intervalMs = Math.max(this.#intervalMs, Math.min(this.#intervalMs * INTERVAL_GROWTH, MAX_INTERVAL_MS))
    return true
  }
}

const FIRST_INTERVAL_MS = 200
const INTERVAL_GROWTH = 1.5
const MAX_INTERVAL_MS = 1_000
