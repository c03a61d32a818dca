import { requireNames, type OptionNames } from './option-checks.ts'

/** How a clock differs from the simulation's. */
export interface ClockOptions {
  /** What it shows when the simulation's shows 0, in milliseconds. Default 0. */
  readonly offsetMs?: number
  /** How much faster it runs, in millionths; real ones are within about 100 of each other. Default 0. */
  readonly driftPpm?: number
}

const clockNames = { offsetMs: true, driftPpm: true } satisfies OptionNames<ClockOptions>

/** The clock of one program, which need not agree with anybody else's. */
export class Clock {
  readonly #offsetMs: number
  readonly #pace: number

  /**
   * @throws RangeError for a clock that stands still or runs backwards
   * @throws UDPipeError `ERR_OPTION_UNKNOWN`
   */
  constructor(options: ClockOptions = {}) {
    requireNames('clock', options, clockNames)
    const { offsetMs = 0, driftPpm = 0 } = options
    this.#offsetMs = offsetMs
    this.#pace = 1 + driftPpm / 1_000_000
    if (!Number.isFinite(offsetMs)) throw new RangeError(`offsetMs must be a number, not ${offsetMs}.`)
    if (!(this.#pace > 0 && this.#pace < Infinity)) {
      throw new RangeError(`driftPpm must be more than -1,000,000, not ${driftPpm}.`)
    }
  }

  /** What this clock shows at a time of the simulation. */
  read(time: number): number {
    return this.#offsetMs + time * this.#pace
  }

  /** The first time of the simulation at which this clock shows `local` or more. */
  timeOf(local: number): number {
    let time = (local - this.#offsetMs) / this.#pace
    // Rounding may have put it a hair early; then a deadline would be called before it is due.
    for (let grain = Math.abs(time) * Number.EPSILON; this.read(time) < local; grain = Math.max(grain * 2, 1e-12)) {
      time += grain
    }
    return time
  }
}
