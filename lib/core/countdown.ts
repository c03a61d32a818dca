/** Sums of times are exact to about this much; without it a deadline could fall due a hair after itself, for ever. */
export const CLOCK_GRAIN_MS = 0.001

/**
 * How long something may take. The time is added up from the times between calls, each bounded by its
 * caller, so that a main loop that slept does not count its own sleep.
 */
export class Countdown {
  readonly #limitMs: number
  #elapsedMs = 0
  #advancedAt: number

  /** Starts at the time `now`; `limitMs` may be `Infinity`. */
  constructor(now: number, limitMs: number) {
    this.#limitMs = limitMs
    this.#advancedAt = now
  }

  /** When {@link advance} says that it is over. */
  get nextDeadline(): number {
    return this.#advancedAt + Math.max(0, this.#limitMs - this.#elapsedMs)
  }

  /** Adds the time since the last call, at most `maxElapsedMs` of it. Returns whether the countdown is over. */
  advance(now: number, maxElapsedMs: number): boolean {
    this.#elapsedMs += Math.min(Math.max(0, now - this.#advancedAt), maxElapsedMs)
    this.#advancedAt = Math.max(this.#advancedAt, now)
    return this.#elapsedMs + CLOCK_GRAIN_MS >= this.#limitMs
  }
}
