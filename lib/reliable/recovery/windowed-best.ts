/**
 * The greatest (or least) of the values seen within a sliding window, in constant space and time: the best, the second best and
 * the third best, each younger than the one before, so that when the best grows too old its successor is at hand.
 * This is Kathleen Nichols' algorithm, as in Linux's `lib/win_minmax.c`. The window is measured in whatever the caller counts:
 * milliseconds or round trips.
 */
export class WindowedBest {
  readonly #isBetter: 1 | -1
  readonly #windowLength: number
  #time0 = NaN
  #time1 = NaN
  #time2 = NaN
  #value0 = NaN
  #value1 = NaN
  #value2 = NaN

  /** `kind` says whether the greatest or the least value is the best. */
  constructor(kind: 'max' | 'min', windowLength: number) {
    this.#isBetter = kind === 'max' ? 1 : -1
    this.#windowLength = windowLength
  }

  /** The best value within the window; `NaN` until there was one. */
  get value(): number {
    return this.#value0
  }

  /** When the best value was seen. */
  get time(): number {
    return this.#time0
  }

  /** Forgets everything but one value. */
  reset(time: number, value: number): void {
    this.#time0 = this.#time1 = this.#time2 = time
    this.#value0 = this.#value1 = this.#value2 = value
  }

  /** Adds a value seen at `time`, which never goes back. Returns the best one now. */
  update(time: number, value: number): number {
    if (Number.isNaN(this.#value0) || this.#isAtLeast(value, this.#value0) || time - this.#time2 > this.#windowLength) {
      this.reset(time, value)
      return value
    }
    if (this.#isAtLeast(value, this.#value1)) {
      this.#time1 = this.#time2 = time
      this.#value1 = this.#value2 = value
    } else if (this.#isAtLeast(value, this.#value2)) {
      this.#time2 = time
      this.#value2 = value
    }
    this.#retireOld(time, value)
    return this.#value0
  }

  #isAtLeast(a: number, b: number): boolean {
    return this.#isBetter * (a - b) >= 0
  }

  #retireOld(time: number, value: number): void {
    const age = time - this.#time0
    if (age > this.#windowLength) {
      this.#shift(time, value)
      if (time - this.#time0 > this.#windowLength) this.#shift(time, value)
    } else if (this.#time1 === this.#time0 && age > this.#windowLength / 4) {
      // A quarter of the window passed without a second best: take this one, or there would be no successor.
      this.#time1 = this.#time2 = time
      this.#value1 = this.#value2 = value
    } else if (this.#time2 === this.#time1 && age > this.#windowLength / 2) {
      this.#time2 = time
      this.#value2 = value
    }
  }

  #shift(time: number, value: number): void {
    this.#time0 = this.#time1
    this.#value0 = this.#value1
    this.#time1 = this.#time2
    this.#value1 = this.#value2
    this.#time2 = time
    this.#value2 = value
  }
}
