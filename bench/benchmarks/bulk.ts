import type { AdapterName } from '../adapters/catalogue.ts'
import { Impairment, type LinkCounts, type LinkOptions } from '../network/impairment.ts'
import { Pair } from '../run/pair.ts'
import { swiftOf, type Benchmark, type BenchOptions, type Run } from './benchmark.ts'

const MiB = 1024 * 1024
const MESSAGE_BYTES = 64 * 1024
/** A peer that takes longer has no figure. */
const LIMIT_MS = 30_000
const QUICK_LIMIT_MS = 8_000

const SIZES_MIB = [1, 16, 256]
/** The largest takes seconds, in which chance evens out. */
const REPETITIONS_OF_256_MIB = 3

/** Much at once over loopback. */
export const bulk: Benchmark = {
  name: 'bulk',
  title: 'Bulk over loopback',
  method:
    'So many bytes in reliable messages of 64 KiB over a fresh connection, until the server’s answer to the last of ' +
    'them has come back. Transfers over connections of their own, up to eight of 16 MiB at most and for two seconds, go before it and warm both processes up.',
  figures: [
    { name: 'MiB/s', title: 'MiB/s', digits: 0, better: 'more' },
    { name: 'ms', title: 'ms', digits: 0, better: 'less' },
  ],
  runs: (options) =>
    SIZES_MIB.flatMap((sizeMib) =>
      swiftOf(options).map((adapter) => transfer(adapter, `${sizeMib} MiB`, sizeMib, options)),
    ),
}

const LOSSES = [0, 1, 5]

/** One MiB to somebody far away. */
export const distance: Benchmark = {
  name: 'distance',
  title: '1 MiB over a distance',
  method:
    'The same with 1 MiB, a fresh connection each time, over a link of 25 ms each way that loses so many packets in both directions; and ' +
    'over one of 10 Mbit/s with a queue of 100 packets and 25 ms. What the queue drops is counted of all transfers, those that warm up too.',
  figures: [
    { name: 'ms', title: 'ms', digits: 0, better: 'less' },
    { name: 'droppedPercent', title: 'dropped by the queue, %', digits: 1, better: 'less' },
  ],
  runs: (options) => {
    if (!options.canImpair) return []
    const losses = LOSSES.map((lossPercent) => ({ scenario: `${lossPercent} % loss`, delayMs: 25, lossPercent }))
    const links = [...losses, { scenario: '10 Mbit/s', delayMs: 25, rateKbits: 10_000, queuePackets: 100 }]
    return links.flatMap(({ scenario, ...link }) =>
      swiftOf(options).map((adapter) => transfer(adapter, scenario, 1, options, link)),
    )
  },
}

function transfer(
  adapter: AdapterName,
  scenario: string,
  sizeMib: number,
  { security, isQuick }: BenchOptions,
  linkOptions?: Omit<LinkOptions, 'seed'>,
): Run {
  return {
    adapter,
    scenario,
    ...(sizeMib === 256 && { repetitions: REPETITIONS_OF_256_MIB }),
    measure: async (repetition) => {
      const link = linkOptions && (await Impairment.open({ ...linkOptions, seed: repetition + 1 }))
      let figures: Record<string, number>
      let counts: LinkCounts | undefined
      try {
        const parameters = { totalBytes: sizeMib * MiB, messageBytes: MESSAGE_BYTES }
        const pair = await Pair.start({ adapter, workload: 'bulk', parameters, security, ...(link && { link }) })
        try {
          figures = (await pair.clientReport(isQuick ? QUICK_LIMIT_MS : LIMIT_MS)).figures
        } finally {
          await pair.stop()
        }
      } finally {
        counts = await link?.close()
      }
      return { adapter, scenario, figures: { ...figures, ...(counts && linkFigures(counts)) } }
    },
  }
}

function linkFigures({ packets, dropped }: LinkCounts): Record<string, number> {
  return { droppedPercent: (100 * dropped) / packets }
}
