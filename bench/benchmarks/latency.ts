import type { AdapterName } from '../adapters/catalogue.ts'
import { Impairment, type LinkOptions } from '../network/impairment.ts'
import { Pair } from '../run/pair.ts'
import { quantile } from '../run/statistics.ts'
import type { WorkloadName } from '../workloads/catalogue.ts'
import type { Figures, Report } from '../workloads/workload.ts'
import type { Benchmark, BenchOptions, FigureColumn, Run, Sample } from './benchmark.ts'

const LOSSES = [0, 1, 5, 10]
const BYTES = 64
const HZ = 60
/** How finely a distribution is kept. */
const QUANTILES = 1_000
/** KCP's own scenario takes 20 seconds. */
const KCP_REPETITIONS = 2
const PATIENCE_MS = 45_000

const columns: readonly FigureColumn[] = [
  { name: 'p50', title: 'p50, ms', digits: 1, better: 'less' },
  { name: 'p95', title: 'p95, ms', digits: 1, better: 'less' },
  { name: 'p99', title: 'p99, ms', digits: 1, better: 'less' },
  { name: 'p999', title: 'p99.9, ms', digits: 1, better: 'less' },
  { name: 'max', title: 'max, ms', digits: 0, better: 'less' },
  { name: 'packetsPerMessage', title: 'packets a message', digits: 2 },
  { name: 'bytesPerMessage', title: 'bytes a message', digits: 0 },
  { name: 'missingPercent', title: 'never came, %', digits: 2, better: 'less' },
]

/** The benchmark that this library was made for. */
export const latency: Benchmark = {
  name: 'latency',
  title: 'Latency under loss',
  method:
    `A reliable message of ${BYTES} bytes ${HZ} times a second over a link of 25 ms each way that loses so many packets in both ` +
    `directions, each independently of the others. The time is from the call that sends to the one that receives, one way. All ` +
    `libraries run at the same time, each over a link of its own; each repetition has other losses. Packets and bytes are those on the ` +
    `link, both ways, with headers.`,
  figures: columns,
  runs: (options) => {
    const seconds = options.isQuick ? 5 : 8
    const parameters = { bytes: BYTES, intervalMs: 1000 / HZ, messages: HZ * seconds, connections: 1 }
    return LOSSES.map((lossPercent) =>
      together(options, `${lossPercent} % loss`, 'latency', parameters, { delayMs: 25, lossPercent }),
    )
  },
}

/** What KCP's own benchmark does. */
export const kcpScenario: Benchmark = {
  name: 'kcp',
  title: 'KCP’s own scenario',
  method:
    'As in the benchmark that KCP publishes: 8 bytes every 20 ms, sent back by the server, 1,001 of them, over a link with a round trip of 60 to ' +
    '125 ms and 5 % loss each way, 10 % there and back. Packets overtake each other.',
  figures: [{ name: 'mean', title: 'mean, ms', digits: 1, better: 'less' }, ...columns],
  runs: (options) => {
    const parameters = { bytes: 8, intervalMs: 20, messages: options.isQuick ? 250 : 1_001, outstanding: 0 }
    const link = { delayMs: 30, jitterMs: 32.5, lossPercent: 5.13 }
    return [{ ...together(options, 'echo', 'roundTrips', parameters, link), repetitions: KCP_REPETITIONS }]
  },
}

/** All adapters at the same time: what they need of the cores is little. */
function together(
  options: BenchOptions,
  scenario: string,
  workload: WorkloadName,
  parameters: Figures,
  link: Omit<LinkOptions, 'seed'>,
): Run {
  return {
    adapter: 'all',
    scenario,
    measure: async (repetition) => {
      const samples = await Promise.all(
        options.adapters.map((adapter) =>
          measure(adapter, scenario, workload, parameters, options, { ...link, seed: repetition + 1 }),
        ),
      )
      return samples
    },
  }
}

async function measure(
  adapter: AdapterName,
  scenario: string,
  workload: WorkloadName,
  parameters: Figures,
  { security }: BenchOptions,
  linkOptions: LinkOptions,
): Promise<Sample> {
  const link = await Impairment.open(linkOptions)
  let report: Report | undefined
  try {
    const pair = await Pair.start({ adapter, workload, parameters, security, link })
    const limitMs = (parameters['messages'] ?? 0) * (parameters['intervalMs'] ?? 0) + PATIENCE_MS
    try {
      report = await (workload === 'latency' ? pair.serverReport(limitMs) : pair.clientReport(limitMs))
    } finally {
      await pair.stop()
    }
  } catch (error) {
    console.error(`\n${adapter}, ${scenario}: ${(error as Error).message}`)
  }
  const { packets, bytes } = await link.close()
  if (report === undefined) return { adapter, scenario, figures: {} }
  const sorted = [...(report.samples ?? [])].sort((a, b) => a - b)
  const { expected = 0, received = 0 } = report.figures
  return {
    adapter,
    scenario,
    figures: {
      mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
      p50: quantile(sorted, 0.5),
      p95: quantile(sorted, 0.95),
      p99: quantile(sorted, 0.99),
      p999: quantile(sorted, 0.999),
      max: quantile(sorted, 1),
      packetsPerMessage: packets / expected,
      bytesPerMessage: bytes / expected,
      missingPercent: 100 * (1 - received / expected),
    },
    quantiles: Array.from({ length: QUANTILES + 1 }, (_, i) => quantile(sorted, i / QUANTILES)),
  }
}
