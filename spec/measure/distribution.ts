/** Many numbers, of which the shape is wanted. */
export class Distribution {
  #values = new Float64Array(1_024)
  #count = 0
  #isSorted = true

  get count(): number {
    return this.#count
  }

  get values(): Float64Array {
    return this.#values.subarray(0, this.#count)
  }

  get mean(): number {
    let sum = 0
    for (let i = 0; i < this.#count; i += 1) sum += this.#values[i] ?? 0
    return sum / this.#count
  }

  get max(): number {
    return this.percentile(100)
  }

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const values = new Float64Array(this.#count * 2)
      values.set(this.#values)
      this.#values = values
    }
    this.#values[this.#count] = value
    this.#count += 1
    this.#isSorted = false
  }

  addAll(values: Iterable<number>): void {
    for (const value of values) this.add(value)
  }

  /** The value that `percent` of all values do not exceed (nearest rank); `NaN` when there are none. */
  percentile(percent: number): number {
    if (this.#count === 0) return NaN
    if (!this.#isSorted) this.#values.subarray(0, this.#count).sort()
    this.#isSorted = true
    // 99.9 % of 5,000 is 4,995, although not in binary.
    const rank = Math.ceil((percent / 100) * this.#count - 1e-9)
    return this.#values[Math.max(0, rank - 1)] ?? NaN
  }
}
