/** Bytes per second, averaged over about a second: an exponential average, exact for a steady stream. */
export class RateMeter {
  #bytes = 0
  #bytesPerSecond = 0
  #advancedAt: number

  constructor(now: number) {
    this.#advancedAt = now
  }

  add(bytes: number): void {
    this.#bytes += bytes
  }

  /** The rate at the time `now`. */
  advance(now: number): number {
    const elapsedMs = now - this.#advancedAt
    if (elapsedMs < MIN_SAMPLE_MS) return this.#bytesPerSecond
    if (this.#bytes > 0 || this.#bytesPerSecond > 0) {
      const sample = (this.#bytes / elapsedMs) * 1_000
      this.#bytesPerSecond += (sample - this.#bytesPerSecond) * -Math.expm1(-elapsedMs / AVERAGED_OVER_MS)
      if (this.#bytesPerSecond < MIN_RATE) this.#bytesPerSecond = 0
    }
    this.#bytes = 0
    this.#advancedAt = now
    return this.#bytesPerSecond
  }
}

const AVERAGED_OVER_MS = 1_000

/** Shorter times say little about a rate; their bytes wait for the next sample. */
const MIN_SAMPLE_MS = 10

/** An average only approaches nothing: below this it is nothing. */
const MIN_RATE = 0.01
