import type { BenchmarkResult, ResultRow } from './results.ts'
import type { Summary } from './statistics.ts'

/** A benchmark's results for a terminal: the median, and the least and the most of the repetitions. */
export function renderTable({ title, columns, rows }: BenchmarkResult): string {
  const header = ['', '', ...columns.map((column) => column.title)]
  const lines = rows.map((row) => [
    row.scenario,
    row.adapter,
    ...columns.map(({ name, digits }) => cell(row, row.figures[name], digits)),
  ])
  const table = [header, ...lines]
  const widths = header.map((_, i) => Math.max(...table.map((line) => (line[i] ?? '').length)))
  const text = table.map((line) =>
    line.map((part, i) => (i < 2 ? part.padEnd(widths[i] ?? 0) : part.padStart(widths[i] ?? 0))).join('  '),
  )
  return `\n${title}\n${text.map((line) => `  ${line}`).join('\n')}\n`
}

function cell(row: ResultRow, summary: Summary | undefined, digits: number): string {
  if (summary === undefined || summary.values.length === 0) return row.failures?.[0] === undefined ? '' : 'failed'
  const { median, min, max, values } = summary
  const middle = formatNumber(median, digits)
  return values.length === 1 ? middle : `${middle} (${formatNumber(min, digits)}–${formatNumber(max, digits)})`
}

export function formatNumber(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}
