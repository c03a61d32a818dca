/** A figure over its repetitions. */
export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly values: readonly number[]
}

export function summarize(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b)
  return { median: quantile(sorted, 0.5), min: quantile(sorted, 0), max: quantile(sorted, 1), values }
}

/** Of values in ascending order, with straight lines between them. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const at = (sorted.length - 1) * q
  const low = Math.floor(at)
  const below = sorted[low] ?? NaN
  const above = sorted[Math.min(low + 1, sorted.length - 1)] ?? NaN
  return below + (above - below) * (at - low)
}
