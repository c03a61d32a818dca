import type { End } from '../support/end.ts'
import type { ReliableWorld } from '../support/reliable-world.ts'
import { Distribution } from './distribution.ts'
import { ms, ratio, type MeasureOptions, type TimedRow } from './measurement.ts'
import { INTERVAL_MS, MESSAGE_BYTES, Stream } from './stream.ts'
import { createWorld, offered, ONE_WAY_MS, repeatedBytes, seedsOf } from './worlds.ts'

/** Time for stragglers after the last message. */
const TAIL_MS = 3_000

/** Small messages at a steady rate, one way or both. */
export function measureLatency(lossPercent: number, options: MeasureOptions, isDuplex = false): TimedRow {
  const latencies = new Distribution()
  const p99s = new Distribution()
  const traffic = { sent: 0, missing: 0, forth: 0, back: 0, forthBytes: 0, backBytes: 0, repeatedLate: 0 }
  for (const seed of seedsOf(options)) {
    const world = createWorld(seed, { delayMs: ONE_WAY_MS, loss: lossPercent / 100 }, options)
    const { client, server } = world.connect()
    const own = new Distribution()
    const forth = startStream(world, client, server, own, options.seconds)
    const back = isDuplex ? startStream(world, server, client, own, options.seconds) : undefined
    const [up, down] = [world.uplink(client), world.downlink(client)]
    const before = [up, down].map(offered)
    const endMs = world.now + options.seconds * 1_000
    world.run(Math.min(5_000, options.seconds * 500))
    const early = repeatedBytes(client) + repeatedBytes(server)
    world.runUntil(endMs + 2 * ONE_WAY_MS)
    const after = [up, down].map(offered)
    world.run(TAIL_MS)
    traffic.sent += forth.sent
    traffic.missing += forth.missing + (back?.missing ?? 0)
    traffic.forth += (after[0]?.packets ?? 0) - (before[0]?.packets ?? 0)
    traffic.back += (after[1]?.packets ?? 0) - (before[1]?.packets ?? 0)
    traffic.forthBytes += (after[0]?.bytes ?? 0) - (before[0]?.bytes ?? 0)
    traffic.backBytes += (after[1]?.bytes ?? 0) - (before[1]?.bytes ?? 0)
    traffic.repeatedLate += repeatedBytes(client) + repeatedBytes(server) - early
    latencies.addAll(own.values)
    p99s.add(own.percentile(99))
  }
  const bytesRatio = traffic.forthBytes / (traffic.sent * MESSAGE_BYTES)
  const goals = { 0: 1.7, 1: 2.5, 5: 4, 10: 8 } as Record<number, number>
  const isWithinPackets = lossPercent > 0 || Math.max(traffic.forth, traffic.back) / traffic.sent <= 1.1
  const isWithinBytes = isDuplex || bytesRatio <= (goals[lossPercent] ?? Infinity)
  const isSilent = lossPercent > 0 || traffic.repeatedLate === 0
  const isFast = p99s.max <= 45 && (lossPercent < 10 || latencies.max <= 110)
  return {
    cells: {
      loss: `${lossPercent} %`,
      p50: ms(latencies.percentile(50)),
      p95: ms(latencies.percentile(95)),
      p99: ms(latencies.percentile(99)),
      'p99.9': ms(latencies.percentile(99.9)),
      max: ms(latencies.max),
      'worst p99': ms(p99s.max),
      'datagrams/msg': `${ratio(traffic.forth / traffic.sent)} + ${ratio(traffic.back / traffic.sent)}`,
      'bytes ×': `${ratio(bytesRatio)} + ${ratio(traffic.backBytes / (traffic.sent * MESSAGE_BYTES))}`,
      'repeated B late': String(traffic.repeatedLate),
      missing: String(traffic.missing),
    },
    times: latencies,
    isMet: isFast && isWithinPackets && isWithinBytes && isSilent && traffic.missing === 0,
  }
}

function startStream(world: ReliableWorld, from: End, to: End, into: Distribution, seconds: number): Stream {
  const stream = new Stream(into)
  to.onEvent = (event) => {
    if (event.type === 'message') stream.arrive(world.now, event.message)
  }
  const untilMs = world.now + seconds * 1_000
  from.every(INTERVAL_MS, () => from.send(stream.next(world.now)), { fromMs: world.now, untilMs })
  return stream
}
