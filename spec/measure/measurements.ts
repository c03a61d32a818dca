import { measureCongestion, measureMixed } from './beside-bulk.ts'
import { measureEchoes } from './echoes.ts'
import { holdUps } from './hold-ups.ts'
import { measureLatency } from './latency.ts'
import type { SimulatedMeasurement } from './measurement.ts'
import { measureTransfer } from './transfer.ts'
import { ONE_WAY_MS } from './worlds.ts'

/** Every measurement, in the order in which they are printed. */
export const measurements: readonly SimulatedMeasurement[] = [
  {
    name: 'latency',
    title:
      'reliable 64 B at 60/s one way, 25 ms one way, independent loss both ways (goal: p99 ≤ 45 ms; max ≤ 110 ms at 10 %)',
    *rows(options) {
      for (const lossPercent of [0, 1, 5, 10]) yield measureLatency(lossPercent, options)
    },
  },
  {
    name: 'duplex',
    title: 'the same with a stream in each direction',
    *rows(options) {
      for (const lossPercent of [0, 1, 5, 10]) yield measureLatency(lossPercent, options, true)
    },
  },
  {
    name: 'kcp',
    title: 'echo of 8 B every 20 ms, 1,001 messages, 5 % loss each way, 30–62.5 ms each way in order, steps of 10 ms',
    *rows(options) {
      yield measureEchoes(options)
    },
  },
  {
    name: 'bulk',
    title: '1 MiB over 25 ms one way',
    *rows(options) {
      for (const [lossPercent, goalMs] of [
        [0, 300],
        [1, 450],
        [5, 450],
      ] as const) {
        const link = { delayMs: ONE_WAY_MS, loss: lossPercent / 100 }
        yield measureTransfer(`${lossPercent} % loss, 1 × 1 MiB`, link, 1, goalMs, options)
        yield measureTransfer(`${lossPercent} % loss, 64 × 16 KiB`, link, 64, goalMs, options)
      }
      yield measureTransfer('both held up now and then', { delayMs: ONE_WAY_MS }, 1, 350, options, holdUps)
    },
  },
  {
    name: 'bottleneck',
    title: '1 MiB over 10 Mbit/s with a queue of 100 packets, 25 ms one way (goal: ≤ 950 ms, under 5 % dropped)',
    *rows(options) {
      const link = { delayMs: ONE_WAY_MS, rateBitsPerSecond: 10_000_000, queuePackets: 100 }
      yield measureTransfer('1 × 1 MiB', link, 1, 950, options)
      yield measureTransfer('64 × 16 KiB', link, 64, 950, options)
    },
  },
  {
    name: 'mixed',
    title:
      'sequenced 64 B at 60/s beside a bulk transfer, 2 Mbit/s with 200 ms of buffer, 25 ms one way (goal: p99 < 100 ms)',
    *rows(options) {
      yield measureMixed(options)
    },
  },
  {
    name: 'congestion',
    title:
      'reliable 64 B at 60/s beside a bulk transfer, 2 Mbit/s with a queue of 20 packets (goal: copies < 5 % of the bytes)',
    *rows(options) {
      yield measureCongestion(options)
    },
  },
]
