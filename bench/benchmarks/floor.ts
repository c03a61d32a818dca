import { Pair } from '../run/pair.ts'
import type { Benchmark, Run } from './benchmark.ts'

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
  const scenario = `${bytes} B, ${outstanding === 0 ? 'one way' : 'echo'}`
  return {
    adapter: 'node:dgram',
    scenario,
    measure: async () => {
      const parameters = { bytes, outstanding }
      const pair = await Pair.start({ adapter: 'net', workload: 'floor', parameters, security: undefined })
      try {
        const window = await pair.watch(isQuick ? 200 : 500, isQuick ? 500 : 1_000)
        const datagrams = window[outstanding === 0 ? 'server' : 'client']['messages'] ?? 0
        return {
          adapter: 'node:dgram',
          scenario,
          figures: {
            perSecond: datagrams / window.seconds,
            'MiB/s': (datagrams * bytes) / 1024 / 1024 / window.seconds,
            serverCpuUs: (window.serverCpuMs * 1000) / datagrams,
            clientCpuUs: (window.clientCpuMs * 1000) / datagrams,
          },
        }
      } finally {
        await pair.stop()
      }
    },
  }
}
