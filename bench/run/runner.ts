import type { Benchmark, BenchOptions, Run, Sample } from '../benchmarks/benchmark.ts'
import type { BenchmarkResult, ResultRow } from './results.ts'
import { quantile, summarize } from './statistics.ts'
import { StolenTime } from './stolen-time.ts'

/** After so many failures a run is not repeated any more. */
const MAX_FAILURES = 2

interface Record {
  readonly samples: Sample[]
  readonly failures: string[]
}

interface Planned {
  readonly run: Run
  failures: number
}

/** How many runs there are at most. */
export function countRuns(benchmark: Benchmark, options: BenchOptions): number {
  return benchmark
    .runs(options)
    .reduce((sum, { repetitions }) => sum + Math.min(repetitions ?? Infinity, options.repetitions), 0)
}

/**
 * Runs a benchmark: each repetition has every run once, and begins with another one, so that what changes on the machine meanwhile
 * is spread over all of them.
 */
export async function runBenchmark(
  benchmark: Benchmark,
  options: BenchOptions,
  onRun: (what: string) => void,
  onDone: () => void,
): Promise<BenchmarkResult> {
  const planned: Planned[] = benchmark.runs(options).map((run) => ({ run, failures: 0 }))
  const records = new Map<string, Record>()
  const stolen = new StolenTime()
  for (let repetition = 0; repetition < options.repetitions; repetition++) {
    for (const plan of rotated(planned, repetition * 3)) {
      if (repetition >= (plan.run.repetitions ?? Infinity)) continue
      onRun(`${plan.run.adapter}, ${plan.run.scenario}`)
      if (plan.failures < MAX_FAILURES) await runOnce(plan, repetition, records)
      onDone()
    }
  }
  const { name, title, method, figures } = benchmark
  const rows = [...records].map(([key, record]) => summarizeRow(key, record))
  const { percent } = stolen
  return {
    name,
    title,
    method,
    columns: figures,
    rows: inOrder(rows, planned, options),
    ...(percent !== undefined && { stolenPercent: percent }),
  }
}

async function runOnce(plan: Planned, repetition: number, records: Map<string, Record>): Promise<void> {
  try {
    const measured = await plan.run.measure(repetition)
    for (const sample of 'figures' in measured ? [measured] : measured) {
      recordOf(records, sample.scenario, sample.adapter).samples.push(sample)
    }
  } catch (error) {
    plan.failures += 1
    recordOf(records, plan.run.scenario, plan.run.adapter).failures.push((error as Error).message)
  }
}

function recordOf(records: Map<string, Record>, scenario: string, adapter: string): Record {
  const key = JSON.stringify([scenario, adapter])
  const record = records.get(key) ?? { samples: [], failures: [] }
  records.set(key, record)
  return record
}

function summarizeRow(key: string, { samples, failures }: Record): ResultRow {
  const [scenario, adapter] = JSON.parse(key) as [string, string]
  const names = new Set(samples.flatMap(({ figures }) => Object.keys(figures)))
  const figures = Object.fromEntries(
    [...names].map((name) => [
      name,
      summarize(samples.map((sample) => sample.figures[name] ?? NaN).filter((value) => !Number.isNaN(value))),
    ]),
  )
  const quantiles = mergedQuantiles(samples)
  return { scenario, adapter, figures, ...(quantiles && { quantiles }), ...(failures.length > 0 && { failures }) }
}

/** The distribution of all repetitions together: each counts alike. */
function mergedQuantiles(samples: readonly Sample[]): number[] | undefined {
  const lists = samples.flatMap(({ quantiles }) => (quantiles === undefined ? [] : [quantiles]))
  const [first] = lists
  if (first === undefined) return undefined
  const merged = Float64Array.from(lists.flat()).sort()
  return first.map((_, i) => Math.round(quantile(merged, i / (first.length - 1)) * 100) / 100)
}

/** As the benchmark lists its scenarios, and the peers as they are listed everywhere. */
function inOrder(rows: readonly ResultRow[], planned: readonly Planned[], { adapters }: BenchOptions): ResultRow[] {
  const scenarios = planned.map(({ run }) => run.scenario)
  const rank = ({ scenario, adapter }: ResultRow) =>
    scenarios.indexOf(scenario) * 100 + (adapters as readonly string[]).indexOf(adapter)
  return [...rows].sort((a, b) => rank(a) - rank(b))
}

function rotated<T>(list: readonly T[], by: number): T[] {
  const at = list.length === 0 ? 0 : by % list.length
  return [...list.slice(at), ...list.slice(0, at)]
}
