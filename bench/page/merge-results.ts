import type { Results } from '../run/results.ts'

/** The results of a run, with what later ones measured again in its place; those benchmarks say which run they are of. */
export function mergeResults(first: Results, later: readonly Results[]): Results {
  const again = later.flatMap(({ startedAt, machine, benchmarks }) =>
    benchmarks.map((benchmark) => ({ ...benchmark, ownRun: { startedAt, machine } })),
  )
  // A map keeps the place of what it has, and puts what is new behind it.
  const byName = new Map([...first.benchmarks, ...again].map((result) => [result.name, result]))
  return { ...first, benchmarks: [...byName.values()] }
}
