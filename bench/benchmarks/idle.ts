import type { Benchmark } from './benchmark.ts'
import { watchedRun } from './watched.ts'

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
  runs: ({ adapters, security, isQuick }) =>
    adapters
      .filter((name) => name === 'udpipe')
      .map((adapter) =>
        watchedRun({
          scenario: 'idle',
          repetitions: 1,
          pair: { adapter, workload: 'idle', parameters: {}, security },
          warmUpMs: 1_000,
          lengthMs: isQuick ? 3_000 : 10_000,
          figures: ({ server, seconds }) => {
            const intervals = (seconds * 1000) / PING_INTERVAL_MS
            return {
              sentPerInterval: (server['sent'] ?? NaN) / intervals,
              receivedPerInterval: (server['received'] ?? NaN) / intervals,
            }
          },
        }),
      ),
}
