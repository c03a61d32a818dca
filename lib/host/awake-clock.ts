/** A step that comes this much after the time it was promised for is late: the main loop was elsewhere. */
const LATE_AFTER_MS = 250

/**
 * A clock that leaves out the main loop's own pauses: peers are only as silent as we were awake to listen.
 *
 * A step in time adds the time since the last one. A late step (a garbage collection, a breakpoint, a suspended laptop) adds
 * {@link LATE_AFTER_MS} at most, because nobody knows yet what lies unread in the kernel.
 */
export class AwakeClock {
  #awakeMs = 0
  #steppedAt = NaN
  #promisedMs = 0

  /** Notes a step at `now`; `limitMs` bounds what it adds. Returns the time on this clock. */
  step(now: number, limitMs: number): number {
    if (!Number.isNaN(this.#steppedAt)) {
      const elapsedMs = Math.max(0, now - this.#steppedAt)
      const isLate = elapsedMs > this.#promisedMs + LATE_AFTER_MS
      this.#awakeMs += Math.min(isLate ? LATE_AFTER_MS : elapsedMs, limitMs)
    }
    this.#steppedAt = now
    return this.#awakeMs
  }

  /** Notes when the next step was asked for: that long a sleep is not a pause. */
  promise(waitMs: number): void {
    this.#promisedMs = waitMs
  }
}
