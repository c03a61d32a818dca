import type { Scheduler } from '../port/platform.ts'
import { TickSchedule } from '../core/tick-schedule.ts'

/** What a {@link Ticker} steps. */
export interface Tickable {
  /** Steps, `dtMs` after the last time. What it throws stops the ticker. */
  step(dtMs: number): void
  /** Hears what `step` threw. */
  onError(error: Error): void
}

/** Steps something at a rate, whatever arrives, as a game's main loop does. */
export class Ticker {
  readonly #scheduler: Scheduler
  readonly #clock: () => number
  readonly #tickable: Tickable
  readonly #schedule: TickSchedule
  #timer: unknown

  /** The first tick comes one interval from now, or at `firstAt`. */
  constructor(scheduler: Scheduler, clock: () => number, intervalMs: number, tickable: Tickable, firstAt?: number) {
    this.#scheduler = scheduler
    this.#clock = clock
    this.#tickable = tickable
    this.#schedule = new TickSchedule(clock(), intervalMs, firstAt)
    this.#sleep()
  }

  /** Nothing: it ticks when it ticks. */
  wake(): void {
    // What has come waits for the next tick.
  }

  stop(): void {
    this.#scheduler.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #sleep(): void {
    const waitMs = this.#schedule.waitMs(this.#clock())
    const { grainMs } = this.#scheduler
    // Where timers keep whole milliseconds: sleep the whole ones, and let the fraction carry over to the next tick.
    const roundedMs = grainMs > 0 ? Math.round(waitMs / grainMs) * grainMs : waitMs
    this.#timer = this.#scheduler.setTimeout(this.#tick, roundedMs)
  }

  // One function for the ticker's life, so that a tick allocates no closure.
  readonly #tick = (): void => {
    this.#timer = undefined
    const dtMs = this.#schedule.tick(this.#clock())
    // Armed before the step, so that a step that ends everything stops it.
    this.#sleep()
    try {
      this.#tickable.step(dtMs)
    } catch (error) {
      this.stop()
      this.#tickable.onError(error as Error)
    }
  }
}
