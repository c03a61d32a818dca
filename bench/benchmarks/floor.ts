import type { Benchmark, Run } from './benchmark.ts'
import { rateOf, watchedRun } from './watched.ts'

const OUTSTANDING = 64

/** What Node's sockets carry with nothing on top. */
export const floor: Benchmark = {
  name: 'floor',
  title: 'The floor: node:dgram',
  method:
    'Datagrams of Node’s own sockets over loopback, connected, with a receive buffer of 4 MiB and nothing on top: as many as can be sent, ' +
    'counted where they arrive, and 64 under way that are sent back. No library over node:dgram gets more datagrams through.',
  figures: [
    { name: 'perSecond', title: 'datagrams/s', digits: 0, better: 'more' },
    { name: 'MiB/s', title: 'MiB/s', digits: 0, better: 'more' },
    { name: 'serverCpuUs', title: 'server CPU, µs a datagram', digits: 2 },
    { name: 'clientCpuUs', title: 'client CPU, µs a datagram', digits: 2 },
  ],
  runs: ({ isQuick }) =>
    [64, 1200].flatMap((bytes) => [0, OUTSTANDING].map((outstanding) => run(bytes, outstanding, isQuick))),
}

function run(bytes: number, outstanding: number, isQuick: boolean): Run {
  return watchedRun({
    name: 'node:dgram',
    scenario: `${bytes} B, ${outstanding === 0 ? 'one way' : 'echo'}`,
    pair: { adapter: 'net', workload: 'floor', parameters: { bytes, outstanding }, security: undefined },
    warmUpMs: isQuick ? 200 : 500,
    lengthMs: isQuick ? 500 : 1_000,
    figures: (window) => {
      const datagrams = window[outstanding === 0 ? 'server' : 'client']['messages'] ?? 0
      return { ...rateOf(datagrams, window), 'MiB/s': (datagrams * bytes) / 1024 / 1024 / window.seconds }
    },
  })
}
