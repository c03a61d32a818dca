/** A datagram that is said at once, and again until it is answered: after 200 ms, then ever more slowly, up to 1 s apart. */
export class Repeater {
  readonly #bytes: Uint8Array
  #attemptsLeft: number
  #dueAt: number
  #intervalMs = FIRST_INTERVAL_MS

  constructor(now: number, bytes: Uint8Array, attempts: number) {
    this.#bytes = bytes
    this.#attemptsLeft = attempts
    this.#dueAt = now
  }

  /** When it is to be said next; `Infinity` when it was said as often as it may. */
  get dueAt(): number {
    return this.#attemptsLeft > 0 ? this.#dueAt : Infinity
  }

  /**
   * The datagram, when it is due. The next one is due an interval after this one, however late this one is, so a pause
   * of the main loop is followed by one datagram and not by all that it missed.
   */
  poll(now: number): Uint8Array | undefined {
    if (now < this.dueAt) return undefined
    this.#attemptsLeft -= 1
    this.#dueAt = now + this.#intervalMs
    this.#intervalMs = Math.min(this.#intervalMs * INTERVAL_GROWTH, MAX_INTERVAL_MS)
    return this.#bytes
  }
}

const FIRST_INTERVAL_MS = 200
const INTERVAL_GROWTH = 1.5
const MAX_INTERVAL_MS = 1_000
