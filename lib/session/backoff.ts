import type { ReconnectSettings } from './settings.ts'

/**
 * The delays between a client's attempts: doubling, with "equal jitter" (half fixed, half random), so that the clients of
 * a server that restarted do not come back in one wave.
 */
export class Backoff {
  readonly #settings: ReconnectSettings
  readonly #random: () => number
  #attempts = 0
  /** Since when the present connection stands; `undefined` when none does. */
  #establishedAt: number | undefined

  /** `random` returns numbers from 0 up to, not including, 1. */
  constructor(settings: ReconnectSettings, random: () => number) {
    this.#settings = settings
    this.#random = random
  }

  /** Which attempt the last delay was for, from 1, counted from where both began anew. */
  get attempt(): number {
    return this.#attempts
  }

  /** A connection has come to stand. */
  established(now: number): void {
    this.#establishedAt = now
  }

  /**
   * An attempt or a connection is over, of which the other side was heard for the last time at `heardAt`. Takes another attempt and
   * returns how long to wait before it, in milliseconds; `undefined` when no more are allowed. Both begin anew after a connection that
   * stood for {@link STANDING_MS}: whoever is let in and shown the door each time waits ever longer.
   */
  next(heardAt: number): number | undefined {
    const { attempts, minDelayMs, maxDelayMs } = this.#settings
    if (this.#establishedAt !== undefined && heardAt - this.#establishedAt >= STANDING_MS) this.#attempts = 0
    this.#establishedAt = undefined
    if (this.#attempts >= attempts) return undefined
    const delayMs = Math.min(maxDelayMs, minDelayMs * 2 ** Math.min(this.#attempts, 30))
    this.#attempts += 1
    return delayMs / 2 + (delayMs / 2) * this.#random()
  }
}

/** How long a connection has to stand for the next delay to be the shortest again. */
const STANDING_MS = 10_000
