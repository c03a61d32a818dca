/** How often a property is tried: the same cases every time, unless `SEED` says otherwise; `RUNS` times as many when that is set. */
export function fuzzRuns(numRuns: number): { numRuns: number; seed: number } {
  const { SEED = '1', RUNS = '1' } = process.env
  return { numRuns: numRuns * Number(RUNS), seed: Number(SEED) }
}
