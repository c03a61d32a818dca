import { tableAdapterNames, type TableAdapterName } from '../tables/catalogue.ts'
import type { TableWorkloadName } from '../tables/workloads.ts'
import { Pair } from '../run/pair.ts'
import type { Figures } from '../workloads/workload.ts'
import type { Benchmark, BenchOptions, Run } from './benchmark.ts'
import { rateOf, watchedRun } from './watched.ts'

const OUTSTANDING = 512
const CLIENTS = 1_000
const BROADCAST = { clients: CLIENTS, bytes: 1_024, hz: 20 }
const BULK = { totalBytes: 1024 * 1024 * 1024, tableBytes: 64 * 1024 }
const BULK_LIMIT_MS = 60_000

/** Beside whom: what has no broadcast, or no connections that can be counted, stands aside. */
const streams: readonly TableAdapterName[] = tableAdapterNames.filter((name) => !name.startsWith('zeromq'))
const bare: readonly TableAdapterName[] = tableAdapterNames.filter((name) => !/^(?:zeromq|ws)/.test(name))

/** Tables between two processes. */
export const tables: Benchmark = {
  name: 'tables',
  title: 'Tables',
  method:
    `Tables { OpCode, Data, pos[3], id } over TCP and loopback, packed by msgpackr everywhere, and polled once a turn of the event loop. Echo: ` +
    `${OUTSTANDING} are under way at any time. One way: as many as are taken. Bulk: 1 GiB in tables of 64 KiB. Broadcast: 1 KiB to ${CLIENTS} ` +
    `connections, the server's CPU for one. Idle: RSS for each of ${CLIENTS} connections. Handshakes: 32 clients that connect, leave and connect again.`,
  figures: [
    { name: 'perSecond', title: 'a second', digits: 0, better: 'more' },
    { name: 'MiB/s', title: 'MiB/s', digits: 0, better: 'more' },
    { name: 'serverCpuUs', title: 'server CPU, µs each', digits: 1, better: 'less' },
    { name: 'clientCpuUs', title: 'client CPU, µs each', digits: 1, better: 'less' },
    { name: 'rssPerConnectionKiB', title: 'RSS, KiB a connection', digits: 1, better: 'less' },
  ],
  runs: (options) => [
    ...tableAdapterNames.map((name) => rate(name, 'echo', 'tableEcho', { outstanding: OUTSTANDING }, options)),
    ...tableAdapterNames.map((name) => rate(name, 'one way', 'tableOneWay', {}, options)),
    ...tableAdapterNames.map((name) => bulk(name)),
    ...bare.map((name) => broadcast(name, options)),
    ...bare.map((name) => idle(name)),
    ...streams.map((name) => rate(name, 'handshakes', 'tableHandshakes', {}, options)),
  ],
}

function rate(
  adapter: TableAdapterName,
  scenario: string,
  workload: TableWorkloadName,
  parameters: Figures,
  { isQuick }: BenchOptions,
): Run {
  return watchedRun({
    scenario,
    pair: { adapter, workload, parameters, security: undefined },
    warmUpMs: isQuick ? 1_500 : 4_000,
    lengthMs: isQuick ? 1_000 : 2_000,
    figures: (window) =>
      rateOf(window.client['tables'] ?? window.server['tables'] ?? window.server['connections'] ?? 0, window),
  })
}

function bulk(adapter: TableAdapterName): Run {
  return {
    adapter,
    scenario: 'bulk',
    measure: async () => {
      const pair = await Pair.start({ adapter, workload: 'tableBulk', parameters: BULK, security: undefined })
      try {
        return { adapter, scenario: 'bulk', figures: (await pair.clientReport(BULK_LIMIT_MS)).figures }
      } finally {
        await pair.stop()
      }
    },
  }
}

function broadcast(adapter: TableAdapterName, { isQuick }: BenchOptions): Run {
  return watchedRun({
    scenario: 'broadcast',
    pair: { adapter, workload: 'tableBroadcast', parameters: BROADCAST, security: undefined },
    warmUpMs: 3_000,
    lengthMs: isQuick ? 2_000 : 5_000,
    figures: (window) => rateOf(window.server['broadcasts'] ?? 0, window),
  })
}

function idle(adapter: TableAdapterName): Run {
  return watchedRun({
    scenario: 'idle',
    pair: { adapter, workload: 'tableBroadcast', parameters: { ...BROADCAST, hz: 0 }, security: undefined },
    warmUpMs: 1_000,
    lengthMs: 500,
    figures: ({ serverState }) => ({ rssPerConnectionKiB: serverState['rssPerConnectionKiB'] ?? NaN }),
  })
}
