/** For how long a bucket that is full lets everything through at twice its rate. */
const BURST_SECONDS = 1

/** A rate with a burst: it holds as many tokens as one second brings, and is full at first. */
export class TokenBucket {
  readonly #perSecond: number
  #tokens: number
  #filledAt = -Infinity

  /** `perSecond` may be `Infinity`. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond
    this.#tokens = perSecond * BURST_SECONDS
  }

  /** Whether there are `count` tokens at the time `now`; a time before the last one told is that one. */
  has(now: number, count: number): boolean {
    if (this.#perSecond === Infinity) return true
    const elapsedMs = now - this.#filledAt
    if (elapsedMs > 0) {
      this.#tokens = Math.min(this.#perSecond * BURST_SECONDS, this.#tokens + (this.#perSecond * elapsedMs) / 1_000)
      this.#filledAt = now
    }
    return this.#tokens >= count
  }

  /** Takes a token at the time `now`, if there is one, and returns whether there was. */
  takeOne(now: number): boolean {
    if (!this.has(now, 1)) return false
    this.take(1)
    return true
  }

  /** Takes tokens, more than there are if need be: those are owed. */
  take(count: number): void {
    this.#tokens -= count
  }
}
