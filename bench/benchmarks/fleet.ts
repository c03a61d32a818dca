import type { AdapterName } from '../adapters/catalogue.ts'
import type { Benchmark, BenchOptions, Run } from './benchmark.ts'
import { watchedRun } from './watched.ts'

const BYTES = 64
const WARM_UP_MS = 2_000

interface Fleet {
  readonly clients: number
  readonly hz: number
  readonly seconds: number
  readonly repetitions?: number
}

/** As many as are to be held for a while: whether they are is what counts, so nobody stands beside them. */
const CROWD: Fleet = { clients: 5_000, hz: 10, seconds: 60, repetitions: 1 }

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
    const seconds = options.isQuick ? 3 : 5
    const fleets: Fleet[] = [
      { clients: 100, hz: 30, seconds },
      { clients: 1_000, hz: 30, seconds },
    ]
    const adapters = options.adapters.filter((name) => name === 'udpipe' || name === 'ws')
    const beside = fleets.flatMap((one) => adapters.map((adapter) => run(adapter, one, options)))
    const isCrowdWanted = !options.isQuick && adapters.includes('udpipe')
    return isCrowdWanted ? [...beside, run('udpipe', CROWD, options)] : beside
  },
}

function run(adapter: AdapterName, { clients, hz, seconds, repetitions }: Fleet, { security }: BenchOptions): Run {
  return watchedRun({
    scenario: `${clients.toLocaleString('en')} clients, ${hz} Hz`,
    ...(repetitions !== undefined && { repetitions }),
    pair: { adapter, workload: 'fleet', parameters: { bytes: BYTES, clients, hz }, security, maxConnections: clients },
    warmUpMs: WARM_UP_MS,
    lengthMs: seconds * 1000,
    figures: ({ seconds: length, server, client, serverState, serverCpuMs }) => ({
      serverCpuPercent: serverCpuMs / length / 10,
      stepP50Ms: serverState['stepP50Ms'] ?? NaN,
      stepP99Ms: serverState['stepP99Ms'] ?? NaN,
      rssPerClientKiB: serverState['rssPerClientKiB'] ?? NaN,
      arrivedPercent: (100 * ((server['messages'] ?? 0) + (client['messages'] ?? 0))) / (clients * hz * length * 2),
      connections: serverState['connections'] ?? NaN,
    }),
  })
}
