import { RateMeter } from '../core/rate-meter.ts'
import type { SessionStats } from './stats.ts'

/** Counts the datagrams that come and go in a session's stats, with the meters behind its rates. */
export class Traffic {
  readonly #stats: SessionStats
  readonly #sendRate: RateMeter
  readonly #receiveRate: RateMeter

  constructor(now: number, stats: SessionStats) {
    this.#stats = stats
    this.#sendRate = new RateMeter(now)
    this.#receiveRate = new RateMeter(now)
  }

  sent(bytes: number): void {
    this.#stats.sentPackets += 1
    this.#stats.sentBytes += bytes
    this.#sendRate.add(bytes)
  }

  received(bytes: number): void {
    this.#stats.receivedPackets += 1
    this.#stats.receivedBytes += bytes
    this.#receiveRate.add(bytes)
  }

  /** Brings the rates up to the time `now`. */
  advance(now: number): void {
    this.#stats.sendRate = this.#sendRate.advance(now)
    this.#stats.receiveRate = this.#receiveRate.advance(now)
  }
}
