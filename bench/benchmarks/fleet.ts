import type { AdapterName } from '../adapters/catalogue.ts'
import { Pair } from '../run/pair.ts'
import type { Benchmark, BenchOptions, Run } from './benchmark.ts'

const BYTES = 64
const WARM_UP_MS = 2_000

interface Fleet {
  readonly clients: number
  readonly hz: number
  readonly seconds: number
  readonly repetitions?: number
}

/** A server with many clients. */
export const fleet: Benchmark = {
  name: 'fleet',
  title: 'Many clients',
  method:
    `A server that sends each of its clients ${BYTES} bytes in every tick, and clients that send it as much. The clients share a process ` +
    `and a core, the server has the other one. A step is what the server does in a tick: for udpipe all of its work, for ws its sends ` +
    `alone, because the rest happens as it comes. What counts is therefore the CPU.`,
  figures: [
    { name: 'serverCpuPercent', title: 'server CPU, % of a core', digits: 0, better: 'less' },
    { name: 'stepP50Ms', title: 'step p50, ms', digits: 2 },
    { name: 'stepP99Ms', title: 'step p99, ms', digits: 2 },
    { name: 'rssPerClientKiB', title: 'RSS, KiB a client', digits: 1, better: 'less' },
    { name: 'arrivedPercent', title: 'arrived of what is due, %', digits: 1, better: 'more' },
    { name: 'connections', title: 'connected', digits: 0 },
  ],
  runs: (options) => {
    const seconds = options.isQuick ? 3 : 8
    const fleets: Fleet[] = [
      { clients: 100, hz: 30, seconds },
      { clients: 1_000, hz: 30, seconds },
      ...(options.isQuick ? [] : [{ clients: 5_000, hz: 10, seconds: 60, repetitions: 1 }]),
    ]
    const adapters = options.adapters.filter((name) => name === 'udpipe' || name === 'ws')
    return fleets.flatMap((one) => adapters.map((adapter) => run(adapter, one, options)))
  },
}

function run(adapter: AdapterName, { clients, hz, seconds, repetitions }: Fleet, { security }: BenchOptions): Run {
  const scenario = `${clients.toLocaleString('en')} clients, ${hz} Hz`
  return {
    adapter,
    scenario,
    ...(repetitions !== undefined && { repetitions }),
    measure: async () => {
      const parameters = { bytes: BYTES, clients, hz }
      const pair = await Pair.start({ adapter, workload: 'fleet', parameters, security, maxConnections: clients })
      try {
        await pair.watch(WARM_UP_MS, 0)
        const { seconds: length, server, client, serverCpuMs } = await pair.watch(0, seconds * 1000)
        const { server: state } = await pair.counters()
        const due = clients * hz * length * 2
        return {
          adapter,
          scenario,
          figures: {
            serverCpuPercent: serverCpuMs / length / 10,
            stepP50Ms: server['stepP50Ms'] ?? NaN,
            stepP99Ms: server['stepP99Ms'] ?? NaN,
            rssPerClientKiB: state['rssPerClientKiB'] ?? NaN,
            arrivedPercent: (100 * ((server['messages'] ?? 0) + (client['messages'] ?? 0))) / due,
            connections: state['connections'] ?? NaN,
          },
        }
      } finally {
        await pair.stop()
      }
    },
  }
}
