import type { BenchmarkResult, ResultRow } from '../run/results.ts'
import { barChart, lineChart, type Series } from './charts.ts'

/** A chart, and the file it goes to. */
export interface Picture {
  readonly file: string
  readonly caption: string
  readonly svg: string
}

const MAX_LATENCY_MS = 300
/** Tails are seen best where each tick is a tenth of the one before. */
const SHARES_LATER = [1, 0.1, 0.01, 0.001]

/** The charts of one benchmark; most have none. */
export function drawPictures(result: BenchmarkResult): Picture[] {
  switch (result.name) {
    case 'latency':
      return scenariosOf(result).map((scenario) => drawLatency(result, scenario))
    case 'small':
      return scenariosOf(result).map((scenario) => drawBars(result, scenario, 'perSecond', 'messages a second', 0))
    case 'bulk':
      return scenariosOf(result).map((scenario) => drawBars(result, scenario, 'MiB/s', 'MiB/s', 0))
    case 'distance':
      return scenariosOf(result).map((scenario) => drawBars(result, scenario, 'ms', 'ms: less is better', 0))
    case 'fleet':
      return drawFleet(result)
    default:
      return []
  }
}

function drawLatency(result: BenchmarkResult, scenario: string): Picture {
  const caption = `Latency at ${scenario}: the share of the messages that took longer`
  const series = rowsOf(result, scenario).map(({ adapter, quantiles = [] }): Series => {
    const last = quantiles.length - 1
    return { name: adapter, points: quantiles.slice(0, -1).map((ms, i) => [ms, 1 - i / last] as const) }
  })
  const x = { title: 'ms, one way', ticks: [0, 50, 100, 150, 200, 250, MAX_LATENCY_MS] }
  const percent = (share: number) => `${Number((share * 100).toFixed(1))} %`
  const y = { title: 'took longer', ticks: [...SHARES_LATER].reverse(), isLogarithmic: true, format: percent }
  return { file: fileOf(result, scenario), caption, svg: lineChart(caption, x, y, series) }
}

function drawBars(result: BenchmarkResult, scenario: string, figure: string, unit: string, digits: number): Picture {
  const caption = `${result.title}, ${scenario}: ${unit}`
  const bars = rowsOf(result, scenario).flatMap(({ adapter, figures }) => {
    const summary = figures[figure]
    return summary === undefined || summary.values.length === 0 ? [] : [{ name: adapter, ...summary }]
  })
  return { file: fileOf(result, scenario), caption, svg: barChart(caption, bars, digits) }
}

/** What a client costs, by how many there are. */
function drawFleet(result: BenchmarkResult): Picture[] {
  const adapters = [...new Set(result.rows.map(({ adapter }) => adapter))]
  const series = adapters.map((name): Series => ({
    name,
    points: result.rows
      .filter(({ adapter }) => adapter === name)
      .flatMap((row) => {
        const cpu = row.figures['serverCpuPercent']?.median
        const clients = clientsOf(row)
        // Of a core, by client and by message each way, so that rates that differ compare.
        return cpu === undefined ? [] : [[clients, (cpu * 10_000) / clients / hzOf(row)] as const]
      }),
  }))
  const caption = 'Server CPU, µs for each client in each tick'
  const highest = Math.max(1, ...series.flatMap(({ points }) => points.map(([, value]) => value)))
  const step = Math.ceil(highest / 4)
  const x = { title: 'clients', ticks: [100, 1_000, 10_000], isLogarithmic: true }
  const y = { title: 'µs', ticks: [0, 1, 2, 3, 4].map((i) => i * step) }
  return [{ file: fileOf(result, 'cost'), caption, svg: lineChart(caption, x, y, series) }]
}

function clientsOf({ scenario }: ResultRow): number {
  return Number((scenario.split(' ')[0] ?? '').replace(',', ''))
}

function hzOf({ scenario }: ResultRow): number {
  return Number(/(\d+) Hz/.exec(scenario)?.[1])
}

function rowsOf({ rows }: BenchmarkResult, scenario: string): ResultRow[] {
  return rows.filter((row) => row.scenario === scenario)
}

function scenariosOf({ rows }: BenchmarkResult): string[] {
  return [...new Set(rows.map(({ scenario }) => scenario))]
}

function fileOf({ name }: BenchmarkResult, scenario: string): string {
  const slug = scenario.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  return `${name}-${slug}`.replace(/-+$/, '') + '.svg'
}
