import type { Results } from '../run/results.ts'

/** The results of a run, with what later ones measured again in its place; those benchmarks say which run they are of. */
export function mergeResults(first: Results, later: readonly Results[]): Results {
  const again = later.flatMap(({ startedAt, machine, benchmarks }) =>
    benchmarks.map((benchmark) => ({ ...benchmark, ownRun: { startedAt, machine } })),
  )
  const benchmarks = first.benchmarks.map((result) => again.findLast(({ name }) => name === result.name) ?? result)
  return { ...first, benchmarks }
}
