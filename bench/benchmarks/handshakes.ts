import type { AdapterName } from '../adapters/catalogue.ts'
import type { Benchmark, BenchOptions, Run } from './benchmark.ts'
import { rateOf, WARM_UP_MS, watchedRun } from './watched.ts'

const CONCURRENCY = 32

/** Clients that come and go. */
export const handshakes: Benchmark = {
  name: 'handshakes',
  title: 'Handshakes',
  method:
    `${CONCURRENCY} clients in one process that connect, leave and connect again. The client's core has more to do than the server's, so ` +
    `what the server could do is told by its CPU for each of them. They do so for ${WARM_UP_MS / 1000} seconds before it is measured.`,
  figures: [
    { name: 'perSecond', title: 'a second', digits: 0, better: 'more' },
    { name: 'serverCpuUs', title: 'server CPU, µs each', digits: 0, better: 'less' },
    { name: 'perServerCore', title: 'a second of one server core', digits: 0, better: 'more' },
  ],
  runs: (options) =>
    options.adapters
      .filter((name) => name === 'udpipe' || name === 'ws' || name === 'net')
      .map((adapter) => run(adapter, options)),
}

function run(adapter: AdapterName, { security, isQuick }: BenchOptions): Run {
  return watchedRun({
    scenario: 'connect and leave',
    pair: { adapter, workload: 'handshakes', parameters: { concurrency: CONCURRENCY }, security },
    warmUpMs: isQuick ? 1_500 : WARM_UP_MS,
    lengthMs: isQuick ? 700 : 2_000,
    figures: (window) => {
      const connections = window.server['connections'] ?? 0
      return { ...rateOf(connections, window), perServerCore: (connections * 1000) / window.serverCpuMs }
    },
  })
}
