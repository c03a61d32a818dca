import type { Link, LinkOptions } from '../../lib/simulator/index.ts'
import type { End } from '../support/end.ts'
import { Distribution } from './distribution.ts'
import { ms, percent, type MeasureOptions, type Row, type TimedRow } from './measurement.ts'
import { INTERVAL_MS, Stream } from './stream.ts'
import { createWorld, ONE_WAY_MS, seedsOf } from './worlds.ts'

const RATE_BITS_PER_SECOND = 2_000_000
/** A buffer of 200 ms. */
const longQueue: LinkOptions = { delayMs: ONE_WAY_MS, rateBitsPerSecond: RATE_BITS_PER_SECOND, queueBytes: 50_000 }
const shortQueue: LinkOptions = { delayMs: ONE_WAY_MS, rateBitsPerSecond: RATE_BITS_PER_SECOND, queuePackets: 20 }
/** So much waits to be sent, at least. */
export const BULK_BACKLOG_BYTES = 256 * 1_024
export const BULK_MESSAGE_BYTES = 16 * 1_024
export const REFILL_INTERVAL_MS = 10

/** Sequenced messages, of which a late one is worth nothing. */
export function measureMixed(options: MeasureOptions, link: LinkOptions = longQueue): TimedRow {
  const latencies = new Distribution()
  const totals = { sent: 0, missing: 0, bulk: 0, dropped: 0, offered: 0 }
  for (const seed of seedsOf(options)) {
    const { stream, bulkBytes, uplink } = runBesideBulk(seed, link, 'sequenced', latencies, options)
    totals.sent += stream.sent
    totals.missing += stream.missing
    totals.bulk += bulkBytes
    totals.dropped += uplink.stats.droppedByQueue
    totals.offered += uplink.stats.offeredPackets
  }
  return {
    cells: {
      p50: ms(latencies.percentile(50)),
      p95: ms(latencies.percentile(95)),
      p99: ms(latencies.percentile(99)),
      max: ms(latencies.max),
      'sequenced lost': percent(totals.missing / totals.sent),
      'bulk Mbit/s': ((totals.bulk * 8) / 1e6 / (options.seeds * options.seconds)).toFixed(2),
      'dropped by the queue': percent(totals.dropped / totals.offered),
    },
    times: latencies,
    isMet: latencies.percentile(99) < 100,
  }
}

/** Reliable messages, of which no copy helps against a full queue. */
export function measureCongestion(options: MeasureOptions): Row {
  const latencies = new Distribution()
  const totals = { copies: 0, bytes: 0, bulk: 0, dropped: 0, offered: 0 }
  for (const seed of seedsOf(options)) {
    const { client, bulkBytes, uplink } = runBesideBulk(seed, shortQueue, 'reliable', latencies, options)
    totals.copies += client.session.stats.redundantBytes
    totals.bytes += client.session.stats.sentBytes
    totals.bulk += bulkBytes
    totals.dropped += uplink.stats.droppedByQueue
    totals.offered += uplink.stats.offeredPackets
  }
  return {
    cells: {
      p50: ms(latencies.percentile(50)),
      p99: ms(latencies.percentile(99)),
      max: ms(latencies.max),
      'bulk Mbit/s': ((totals.bulk * 8) / 1e6 / (options.seeds * options.seconds)).toFixed(2),
      'dropped by the queue': percent(totals.dropped / totals.offered),
      copies: percent(totals.copies / totals.bytes),
    },
    isMet: totals.copies / totals.bytes < 0.05,
  }
}

/** A stream of small messages on channel 1 beside a transfer on channel 0 that always has something to send. */
function runBesideBulk(
  seed: number,
  link: LinkOptions,
  delivery: 'sequenced' | 'reliable',
  latencies: Distribution,
  options: MeasureOptions,
): { client: End; stream: Stream; bulkBytes: number; uplink: Link } {
  const world = createWorld(seed, link, options)
  const { client, server } = world.connect()
  const stream = new Stream(latencies)
  let bulkBytes = 0
  server.onEvent = (event) => {
    if (event.type !== 'message') return
    if (event.channel === 1) stream.arrive(world.now, event.message)
    else bulkBytes += event.message.length
  }
  const untilMs = world.now + options.seconds * 1_000
  const refill = () => {
    while (client.session.stats.queuedBytes < BULK_BACKLOG_BYTES) {
      if (client.send(new Uint8Array(BULK_MESSAGE_BYTES), 'reliable', 0) !== 'accepted') return
    }
  }
  client.every(REFILL_INTERVAL_MS, refill, { untilMs })
  const fromMs = world.now + world.random.fork('phase').between(0, INTERVAL_MS)
  client.every(INTERVAL_MS, () => client.send(stream.next(world.now), delivery, 1), { fromMs, untilMs })
  world.runUntil(untilMs)
  return { client, stream, bulkBytes, uplink: world.uplink(client) }
}
