import type { ReconnectSettings } from './settings.ts'

/**
 * The delays between a client's attempts: doubling, with "equal jitter" (half fixed, half random), so that the clients of
 * a server that restarted do not come back in one wave.
 */
export class Backoff {
  readonly #settings: ReconnectSettings
  readonly #random: () => number
  #attempts = 0

  /** `random` returns numbers from 0 up to, not including, 1. */
  constructor(settings: ReconnectSettings, random: () => number) {
    this.#settings = settings
    this.#random = random
  }

  /** Whether another attempt is allowed. */
  get hasNext(): boolean {
    return this.#attempts < this.#settings.attempts
  }

  /** Takes an attempt and returns how long to wait before it, in milliseconds. */
  next(): number {
    const { minDelayMs, maxDelayMs } = this.#settings
    const delayMs = Math.min(maxDelayMs, minDelayMs * 2 ** Math.min(this.#attempts, 30))
    this.#attempts += 1
    return delayMs / 2 + (delayMs / 2) * this.#random()
  }

  /** Starts over, after a connection stood. */
  reset(): void {
    this.#attempts = 0
  }
}
