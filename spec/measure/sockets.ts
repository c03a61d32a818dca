import type { LinkOptions } from '../../lib/simulator/index.ts'
import { measureMixed } from './beside-bulk.ts'
import type { Distribution } from './distribution.ts'
import { ECHOES, ECHO_STEP_MS, kcpLink, measureEchoes } from './echoes.ts'
import { measureLatency } from './latency.ts'
import { ms, type MeasureOptions, type Measurement, type Row } from './measurement.ts'
import { playOnSockets } from './stage.ts'
import { INTERVAL_MS } from './stream.ts'
import { measureTransfer } from './transfer.ts'
import { ONE_WAY_MS } from './worlds.ts'

/** What the relay reckons with, as networks do. */
const overheadBytes = 28
const bottleneck: LinkOptions = { delayMs: ONE_WAY_MS, rateBitsPerSecond: 10_000_000, queuePackets: 100, overheadBytes }
/** 200 ms of large datagrams. */
const slowLink: LinkOptions = { delayMs: ONE_WAY_MS, rateBitsPerSecond: 2_000_000, queuePackets: 41, overheadBytes }

const MAX_DIFFERENCE_MS = 10
/** A transfer is one time, where a stream is thousands. */
const TRANSFERS_A_SEED = 4
/** Simulated so much more often: that takes no real time, and the figure to compare with is to be no chance. */
const SIMULATIONS_A_SEED = 4

/**
 * What was measured in the simulator, on real sockets: each seed is a client, and a client's way through the relay has dice of its
 * own. It takes real time, and cores that have nothing else to do.
 */
export const sockets: Measurement = {
  name: 'sockets',
  title: `in the simulator, and over real sockets through \`udpipe sim\` (goal: ${MAX_DIFFERENCE_MS} ms slower at the most)`,
  async *rows(options) {
    for (const lossPercent of [0, 1, 5, 10]) yield await compareStreams(lossPercent, options)
    yield await compareEchoes(options)
    for (const lossPercent of [0, 1, 5]) {
      const link = { delayMs: ONE_WAY_MS, loss: lossPercent / 100 }
      yield await compareTransfers(`1 MiB, ${lossPercent} % loss`, link, options)
    }
    yield await compareTransfers('1 MiB, 10 Mbit/s', bottleneck, options)
    yield await compareMixed(options)
  },
}

async function compareStreams(lossPercent: number, options: MeasureOptions): Promise<Row> {
  const link = { delayMs: ONE_WAY_MS, loss: lossPercent / 100 }
  const scene = { ...streamsOf(options), delivery: 'reliable', isBesideBulk: false } as const
  const measured = await playOnSockets(scene, link, options)
  return compare(
    `64 B at 60/s, ${lossPercent} % loss`,
    'p99',
    measureLatency(lossPercent, oftener(options)).times,
    measured,
  )
}

async function compareEchoes(options: MeasureOptions): Promise<Row> {
  const scene = { name: 'echoes', clients: options.seeds, messages: ECHOES } as const
  const measured = await playOnSockets(scene, kcpLink, options, 1_000 / ECHO_STEP_MS)
  return compare('KCP’s scenario', 'mean', measureEchoes(oftener(options)).times, measured)
}

async function compareTransfers(name: string, link: LinkOptions, options: MeasureOptions): Promise<Row> {
  const scene = { name: 'transfers', count: options.seeds * TRANSFERS_A_SEED } as const
  const measured = await playOnSockets(scene, link, options)
  return compare(name, 'median', measureTransfer(name, link, 1, Infinity, oftener(options)).times, measured)
}

async function compareMixed(options: MeasureOptions): Promise<Row> {
  const scene = { ...streamsOf(options), delivery: 'sequenced', isBesideBulk: true } as const
  const measured = await playOnSockets(scene, slowLink, options)
  return compare('64 B at 60/s beside bulk, 2 Mbit/s', 'p99', measureMixed(oftener(options), slowLink).times, measured)
}

function streamsOf({ seeds, seconds }: MeasureOptions) {
  return { name: 'streams', clients: seeds, messages: Math.round((seconds * 1_000) / INTERVAL_MS) } as const
}

function oftener(options: MeasureOptions): MeasureOptions {
  return { ...options, seeds: options.seeds * SIMULATIONS_A_SEED }
}

const figures = {
  mean: (times: Distribution) => times.mean,
  median: (times: Distribution) => times.percentile(50),
  p99: (times: Distribution) => times.percentile(99),
}

function compare(name: string, figure: keyof typeof figures, simulated: Distribution, measured: Distribution): Row {
  const [expected, actual] = [simulated, measured].map(figures[figure]) as [number, number]
  return {
    cells: {
      what: name,
      figure,
      simulator: ms(expected),
      sockets: ms(actual),
      difference: ms(actual - expected),
      'max, simulator': ms(simulated.max),
      'max, sockets': ms(measured.max),
      times: String(measured.count),
    },
    isMet: actual - expected <= MAX_DIFFERENCE_MS,
  }
}
