import { CLOCK_GRAIN_MS } from '../core/countdown.ts'
import type { SessionSettings } from './settings.ts'

/** What {@link Liveness.advance} found. */
export type LivenessVerdict = 'quiet' | 'ping-due' | 'stalled' | 'timed-out'

/** What is heard within this share of the ping interval after a PING is taken for its answer. */
const ANSWER_SHARE = 0.5

/**
 * How long the other side has been silent, and what follows from it: a PING, a stall, the end.
 *
 * Silence is added up from the times between calls, each bounded by its caller, instead of being read off the clock:
 * so a main loop that slept through ten seconds does not accuse its peer of them.
 *
 * Both ends hear each other for the last time in the same exchange, and would both ask after the same time, twice as often as
 * needed. So whoever asked last defers to the other for a while, and not both for as long.
 */
export class Liveness {
  readonly #settings: SessionSettings
  readonly #deferenceShare: number
  #silenceMs = 0
  #advancedAt: number
  #nextPingAtSilence: number
  #askedAt = -Infinity
  #stalled = false

  /** After an answer this end asks later than else by so great a share of the ping interval, so that it is the other's turn. */
  constructor(now: number, settings: SessionSettings, deferenceShare = 0) {
    this.#settings = settings
    this.#deferenceShare = deferenceShare
    this.#advancedAt = now
    this.#nextPingAtSilence = settings.pingIntervalMs
  }

  get isStalled(): boolean {
    return this.#stalled
  }

  get silenceMs(): number {
    return this.#silenceMs
  }

  /** When {@link advance} has something new to say, if nothing is heard until then. */
  get nextDeadline(): number {
    const { stallTimeoutMs, timeoutMs } = this.#settings
    const next = Math.min(this.#nextPingAtSilence, this.#stalled ? Infinity : stallTimeoutMs, timeoutMs)
    return this.#advancedAt + Math.max(0, next - this.#silenceMs)
  }

  /** The other side was heard at the time `now`. Returns whether that ended a stall. */
  heard(now: number): boolean {
    const wasStalled = this.#stalled
    this.#silenceMs = 0
    this.#advancedAt = Math.max(this.#advancedAt, now)
    this.#nextPingAtSilence = this.#settings.pingIntervalMs + this.#deferenceMs(now)
    this.#stalled = false
    return wasStalled
  }

  /**
   * Adds the time since the last call to the silence, at most `maxSilenceMs` of it, and says what is due.
   * Several things can be due at once: call it until it says `'quiet'` or `'timed-out'`.
   */
  advance(now: number, maxSilenceMs: number): LivenessVerdict {
    this.#silenceMs += Math.min(Math.max(0, now - this.#advancedAt), maxSilenceMs)
    this.#advancedAt = Math.max(this.#advancedAt, now)
    const silenceMs = this.#silenceMs + CLOCK_GRAIN_MS
    if (silenceMs >= this.#settings.timeoutMs) return 'timed-out'
    if (!this.#stalled && silenceMs >= this.#settings.stallTimeoutMs) {
      this.#stalled = true
      return 'stalled'
    }
    if (silenceMs >= this.#nextPingAtSilence) {
      this.#nextPingAtSilence = this.#silenceMs + this.#settings.pingIntervalMs
      this.#askedAt = now
      return 'ping-due'
    }
    return 'quiet'
  }

  /** What is heard at the time `now` may answer the PING that was due; another one is due well before a stall all the same. */
  #deferenceMs(now: number): number {
    const { pingIntervalMs, stallTimeoutMs } = this.#settings
    if (now - this.#askedAt > pingIntervalMs * ANSWER_SHARE) return 0
    return Math.min(pingIntervalMs * this.#deferenceShare, Math.max(0, stallTimeoutMs - pingIntervalMs) / 2)
  }
}
