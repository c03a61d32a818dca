/** The time in milliseconds of a clock that never goes back and knows no time of day, with a resolution below 0.01 ms. */
export function monotonicMs(): number {
  return performance.now()
}
