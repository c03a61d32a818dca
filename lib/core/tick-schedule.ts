import { checkCallOptions } from './call-options.ts'
import { UDPipeError } from './errors.ts'
import { show } from './show.ts'

/** Options of `ticks` and of `run`. */
export interface TicksOptions {
  /** Ends the loop when it aborts, without an error. */
  readonly signal?: AbortSignal
}

/**
 * Checks how often a loop is to tick. Returns the interval in milliseconds.
 *
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`
 */
export function tickIntervalMs(hz: number): number {
  if (typeof hz === 'number' && hz > 0 && hz <= 1000) return 1000 / hz
  throw new UDPipeError(
    'ERR_ARGUMENT_INVALID',
    `hz is how often a second, a number above 0 and at most 1000; it was ${show(hz)}.`,
  )
}

/**
 * Checks the options of `ticks` and of `run`.
 *
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`, `ERR_OPTION_UNKNOWN`
 */
export function checkTicksOptions(options: TicksOptions, method: 'ticks' | 'run'): void {
  checkCallOptions(options, { signal: 0 }, `${method}(hz, { signal })`)
  const { signal } = options
  if (signal === undefined || (signal as unknown) instanceof AbortSignal) return
  throw new UDPipeError('ERR_ARGUMENT_INVALID', `signal must be an AbortSignal; it was ${show(signal)}.`)
}

/** How far behind its schedule a loop may fall before it gives up the ticks it missed. */
const MAX_BEHIND_TICKS = 5

/**
 * When a main loop ticks: the schedule is fixed at the start, so the rate does not drift; a loop that falls behind catches up a few
 * ticks at once and skips the rest.
 */
export class TickSchedule {
  readonly #intervalMs: number
  #last: number
  #next: number

  /** The first tick is due one interval after `now`, or at `firstAt`. */
  constructor(now: number, intervalMs: number, firstAt: number = now + intervalMs) {
    this.#intervalMs = intervalMs
    this.#last = now
    this.#next = firstAt
  }

  /** How long after `now` the next tick is due; 0 when it is late. */
  waitMs(now: number): number {
    return Math.max(0, this.#next - now)
  }

  /** Ticks. Returns the milliseconds since the tick before. */
  tick(now: number): number {
    const elapsedMs = now - this.#last
    this.#last = now
    this.#next = Math.max(this.#next + this.#intervalMs, now - MAX_BEHIND_TICKS * this.#intervalMs)
    return elapsedMs
  }
}
