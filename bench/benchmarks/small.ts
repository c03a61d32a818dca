import type { AdapterName } from '../adapters/catalogue.ts'
import { swiftOf, type Benchmark, type BenchOptions, type Run } from './benchmark.ts'
import { rateOf, WARM_UP_MS, watchedRun } from './watched.ts'

const BYTES = 64
const OUTSTANDING = 512
const FULL = { warmUpMs: WARM_UP_MS, lengthMs: 2_000 }
const QUICK = { warmUpMs: 1_000, lengthMs: 500 }

/** Small messages between two processes. */
export const small: Benchmark = {
  name: 'small',
  title: 'Small messages',
  method:
    `Messages of ${BYTES} bytes, reliable and in order, over loopback. One way: as many as the library takes, counted where they ` +
    `arrive. Echo: ${OUTSTANDING} are under way at any time, and the server sends each of them back. Streams carry a length before each ` +
    `message, and what is sent in one turn of the event loop is written to them at once. Each runs for ${WARM_UP_MS / 1000} seconds ` +
    `before it is measured.`,
  figures: [
    { name: 'perSecond', title: 'messages/s', digits: 0, better: 'more' },
    { name: 'serverCpuUs', title: 'server CPU, µs a message', digits: 2, better: 'less' },
    { name: 'clientCpuUs', title: 'client CPU, µs a message', digits: 2, better: 'less' },
  ],
  runs: (options) => swiftOf(options).flatMap((adapter) => [oneWay(adapter, options), echo(adapter, options)]),
}

function oneWay(adapter: AdapterName, { security, isQuick }: BenchOptions): Run {
  return watchedRun({
    scenario: 'one way',
    pair: { adapter, workload: 'oneWay', parameters: { bytes: BYTES }, security },
    ...(isQuick ? QUICK : FULL),
    figures: (window) => rateOf(window.server['messages'] ?? 0, window),
  })
}

function echo(adapter: AdapterName, { security, isQuick }: BenchOptions): Run {
  return watchedRun({
    scenario: 'echo',
    pair: { adapter, workload: 'echo', parameters: { bytes: BYTES, outstanding: OUTSTANDING }, security },
    ...(isQuick ? QUICK : FULL),
    figures: (window) => rateOf(window.client['messages'] ?? 0, window),
  })
}
