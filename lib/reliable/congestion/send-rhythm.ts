/** The interval of a program that has not shown one yet, and the range in which an interval is followed. */
const DEFAULT_INTERVAL_MS = 16
const MIN_INTERVAL_MS = 4
const MAX_INTERVAL_MS = 60

/** Two messages closer than this belong to one step. */
const SAME_STEP_MS = 1

/** A pause longer than this is no interval. */
const LONGEST_PAUSE_MS = 150

/** A program that sent so often without such a pause is expected to go on. */
const REGULAR_INTERVALS = 4

/** A program that is later than this share of its interval is no longer waited for. */
const LATE_SHARE = 1.25

/** How much a new sample weighs. */
const GAIN = 1 / 8

/** The interval at which a program sends small messages, and how many bytes of them at a time. */
export class SendRhythm {
  #intervalMs = DEFAULT_INTERVAL_MS
  #bytes = NaN
  #regularCount = 0
  #lastAt = -Infinity

  /** The time between two datagrams with new small messages. */
  get intervalMs(): number {
    return this.#intervalMs
  }

  /** How many bytes of new small messages such a datagram carries; `NaN` before the first. */
  get bytes(): number {
    return this.#bytes
  }

  /** When the last one left. */
  get lastAt(): number {
    return this.#lastAt
  }

  /** Until when the program may take for its next one, and is not late; in the past when it is. */
  get patientUntil(): number {
    return this.#lastAt + this.#intervalMs * LATE_SHARE
  }

  /** When a program that sends regularly will have sent again; `Infinity` for one that does not, or no longer. */
  nextAt(now: number): number {
    return this.#regularCount >= REGULAR_INTERVALS && now < this.patientUntil ? this.patientUntil : Infinity
  }

  /** A datagram with new small messages leaves. */
  note(now: number, bytes: number): void {
    const pauseMs = now - this.#lastAt
    if (pauseMs <= SAME_STEP_MS) return
    if (pauseMs > LONGEST_PAUSE_MS) {
      this.#regularCount = 0
    } else {
      this.#regularCount += 1
      const sampleMs = Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, pauseMs))
      this.#intervalMs += (sampleMs - this.#intervalMs) * GAIN
    }
    this.#bytes = Number.isNaN(this.#bytes) ? bytes : this.#bytes + (bytes - this.#bytes) * GAIN
    this.#lastAt = now
  }
}
