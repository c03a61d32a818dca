import type { AdapterName } from '../adapters/catalogue.ts'
import { Pair } from '../run/pair.ts'
import type { Benchmark, BenchOptions, Run } from './benchmark.ts'

const CONCURRENCY = 32

/** Clients that come and go. */
export const handshakes: Benchmark = {
  name: 'handshakes',
  title: 'Handshakes',
  method:
    `${CONCURRENCY} clients in one process that connect, leave and connect again. The client's core has more to do than the server's, so ` +
    `what the server could do is told by its CPU for each of them.`,
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
  const scenario = 'connect and leave'
  return {
    adapter,
    scenario,
    measure: async () => {
      const parameters = { concurrency: CONCURRENCY }
      const pair = await Pair.start({ adapter, workload: 'handshakes', parameters, security })
      try {
        const window = await pair.watch(500, isQuick ? 700 : 2_000)
        const connections = window.server['connections'] ?? 0
        return {
          adapter,
          scenario,
          figures: {
            perSecond: connections / window.seconds,
            serverCpuUs: (window.serverCpuMs * 1000) / connections,
            perServerCore: (connections * 1000) / window.serverCpuMs,
          },
        }
      } finally {
        await pair.stop()
      }
    },
  }
}
