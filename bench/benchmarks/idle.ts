import { Pair } from '../run/pair.ts'
import type { Benchmark } from './benchmark.ts'

const PING_INTERVAL_MS = 500

/** A connection that nobody says anything on. */
export const idle: Benchmark = {
  name: 'idle',
  title: 'An idle connection',
  method: `A connection of this library with nothing to say: what it sends in a ping interval of ${PING_INTERVAL_MS} ms.`,
  figures: [
    { name: 'sentPerInterval', title: 'sent in an interval', digits: 2, better: 'less' },
    { name: 'receivedPerInterval', title: 'received in an interval', digits: 2, better: 'less' },
  ],
  runs: ({ adapters, security, isQuick }) => [
    ...adapters
      .filter((name) => name === 'udpipe')
      .map((adapter) => ({
        adapter,
        scenario: 'idle',
        repetitions: 1,
        measure: async () => {
          const pair = await Pair.start({ adapter, workload: 'idle', parameters: {}, security })
          try {
            const { server, seconds } = await pair.watch(1_000, isQuick ? 3_000 : 10_000)
            const intervals = (seconds * 1000) / PING_INTERVAL_MS
            return {
              adapter,
              scenario: 'idle',
              figures: {
                sentPerInterval: (server['sent'] ?? NaN) / intervals,
                receivedPerInterval: (server['received'] ?? NaN) / intervals,
              },
            }
          } finally {
            await pair.stop()
          }
        },
      })),
  ],
}
