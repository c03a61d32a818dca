import type { BenchmarkResult, ResultRow } from '../run/results.ts'

const OURS = 'udpipe'

/** Where another peer does better than we do, by the first figure of each benchmark: one sentence for each scenario. */
export function listLosses(results: readonly BenchmarkResult[]): string[] {
  return results.flatMap((result) => {
    const [column] = result.columns.filter(({ better }) => better !== undefined)
    if (column?.better === undefined) return []
    const scenarios = [...new Set(result.rows.map(({ scenario }) => scenario))]
    return scenarios.flatMap((scenario) => {
      const rows = result.rows.filter((row) => row.scenario === scenario)
      const ours = valueOf(
        rows.find(({ adapter }) => adapter === OURS),
        column.name,
      )
      if (ours === undefined) return []
      const sign = column.better === 'more' ? 1 : -1
      const ahead = rows
        .map((row) => ({ name: row.adapter, value: valueOf(row, column.name) }))
        .filter((other): other is { name: string; value: number } => other.value !== undefined)
        .filter(({ name, value }) => name !== OURS && sign * value > sign * ours)
        .sort((a, b) => sign * (b.value - a.value))
      if (ahead.length === 0) return []
      const named = ahead.map(({ name, value }) => `${name} (${ratio(value, ours, sign)} times as good)`)
      return [`${result.title}, ${scenario}, by ${column.title}: ${named.join(', ')}.`]
    })
  })
}

function ratio(theirs: number, ours: number, sign: number): string {
  return (sign > 0 ? theirs / ours : ours / theirs).toFixed(2)
}

function valueOf(row: ResultRow | undefined, figure: string): number | undefined {
  const summary = row?.figures[figure]
  return summary === undefined || summary.values.length === 0 ? undefined : summary.median
}
