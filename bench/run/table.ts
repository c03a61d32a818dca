import type { FigureColumn } from '../benchmarks/benchmark.ts'
import type { BenchmarkResult, ResultRow } from './results.ts'

/** A benchmark's results for a terminal: the median, and the least and the most of the repetitions. */
export function renderTable({ title, columns, rows }: BenchmarkResult): string {
  const header = ['', '', ...columns.map((column) => column.title)]
  const lines = rows.map((row) => [row.scenario, row.adapter, ...columns.map((column) => formatCell(row, column))])
  const table = [header, ...lines]
  const widths = header.map((_, i) => Math.max(...table.map((line) => (line[i] ?? '').length)))
  const text = table.map((line) =>
    line.map((part, i) => (i < 2 ? part.padEnd(widths[i] ?? 0) : part.padStart(widths[i] ?? 0))).join('  '),
  )
  return `\n${title}\n${text.map((line) => `  ${line}`).join('\n')}\n`
}

/** The median, and the least and the most where there are several. */
export function formatCell({ figures, failures }: ResultRow, { name, digits }: FigureColumn): string {
  const summary = figures[name]
  if (summary === undefined || summary.values.length === 0) return failures === undefined ? '' : 'failed'
  const { median, min, max, values } = summary
  const middle = formatNumber(median, digits)
  return values.length === 1 ? middle : `${middle} (${formatNumber(min, digits)}–${formatNumber(max, digits)})`
}

export function formatNumber(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}
