import type { Redundancy } from '../../lib/protocol/redundancy.ts'
import { Random } from '../../lib/simulator/index.ts'
import type { Endpoint, Link, LinkOptions, LoopOptions, Partition } from '../../lib/simulator/index.ts'
import { ReliableWorld } from '../support/reliable-world.ts'
import { Distribution } from './distribution.ts'

/** What every measurement is told. */
export interface MeasureOptions {
  readonly seeds: number
  readonly firstSeed: number
  readonly seconds: number
  readonly redundancy: Redundancy
}

/** One line of a table: a word for each column, and whether the goal is met. */
export interface Row {
  readonly cells: Readonly<Record<string, string>>
  readonly isMet: boolean
}

/** A table of what was measured. */
export interface Measurement {
  readonly name: string
  readonly title: string
  rows(options: MeasureOptions): Generator<Row>
}

const ONE_WAY_MS = 25
const MESSAGE_BYTES = 64
const INTERVAL_MS = 1_000 / 60
const MiB = 1024 * 1024

/** How often and for how long programs are held up, where they are. */
const HOLD_UP_INTERVAL_MS = 40
const MAX_HOLD_UP_MS = 25
/** The transfer begins a little before. */
const HELD_UP_FROM_MS = 205
const HELD_UP_UNTIL_MS = 30_000

/** Time for stragglers after the last message. */
const TAIL_MS = 3_000

/** Every measurement, in the order in which they are printed. */
export const measurements: readonly Measurement[] = [
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
        const link = { delayMs: ONE_WAY_MS, lossRate: lossPercent / 100 }
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

/** A stream of numbered messages, and how long each took. */
class Stream {
  readonly latencies: Distribution
  readonly #sentAt: number[] = []
  #arrived = 0

  constructor(latencies: Distribution) {
    this.latencies = latencies
  }

  get sent(): number {
    return this.#sentAt.length
  }

  get missing(): number {
    return this.sent - this.#arrived
  }

  /** The next message. */
  next(now: number): Uint8Array {
    const message = new Uint8Array(MESSAGE_BYTES)
    new DataView(message.buffer).setUint32(0, this.#sentAt.length)
    this.#sentAt.push(now)
    return message
  }

  arrive(now: number, message: Uint8Array): void {
    const index = new DataView(message.buffer, message.byteOffset).getUint32(0)
    this.#arrived += 1
    this.latencies.add(now - (this.#sentAt[index] ?? NaN))
  }
}

function measureLatency(lossPercent: number, options: MeasureOptions, isDuplex = false): Row {
  const latencies = new Distribution()
  const p99s = new Distribution()
  const traffic = { sent: 0, missing: 0, forth: 0, back: 0, forthBytes: 0, backBytes: 0, repeatedLate: 0 }
  for (const seed of seedsOf(options)) {
    const world = createWorld(seed, { delayMs: ONE_WAY_MS, lossRate: lossPercent / 100 }, options)
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
    for (let i = 1; i <= own.count; i += 1) latencies.add(own.percentile((i / own.count) * 100))
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
    isMet: isFast && isWithinPackets && isWithinBytes && isSilent && traffic.missing === 0,
  }
}

function startStream(world: ReliableWorld, from: Endpoint, to: Endpoint, into: Distribution, seconds: number): Stream {
  const stream = new Stream(into)
  to.onEvent = (event) => {
    if (event.type === 'message') stream.arrive(world.now, event.message)
  }
  const untilMs = world.now + seconds * 1_000
  from.every(INTERVAL_MS, () => from.send(stream.next(world.now)), { fromMs: world.now, untilMs })
  return stream
}

function measureEchoes(options: MeasureOptions): Row {
  const link: LinkOptions = { delayMs: 30, jitterMs: 32.5, keepOrder: true, lossRate: 0.05 }
  const [averages, worsts] = [new Distribution(), new Distribution()]
  const [forth, back] = [new Distribution(), new Distribution()]
  let missing = 0
  for (const seed of seedsOf(options)) {
    const phase = (name: string) => ({
      stepMs: 10,
      phaseMs: new Random(seed).fork(name).between(0, 10),
    })
    const world = createWorld(seed, link, options, phase('server'))
    const { client, server } = world.connect({ loop: phase('client') })
    const stream = new Stream(new Distribution())
    server.onEvent = (event, endpoint) => {
      if (event.type === 'message') endpoint.send(event.message)
    }
    client.onEvent = (event) => {
      if (event.type === 'message') stream.arrive(world.now, event.message)
    }
    const [up, down] = [world.uplink(client), world.downlink(client)]
    const before = [offered(up).packets, offered(down).packets] as const
    client.every(20, () => client.send(stream.next(world.now).slice(0, 8)), { untilMs: world.now + 1_000.5 * 20 })
    world.waitFor(() => stream.sent === 1_001 && stream.missing === 0, 60_000)
    missing += stream.missing
    averages.add(stream.latencies.mean)
    worsts.add(stream.latencies.max)
    forth.add(offered(up).packets - before[0])
    back.add(offered(down).packets - before[1])
  }
  const isFast = averages.mean <= 110 && worsts.max <= 200
  return {
    cells: {
      average: ms(averages.mean),
      'worst average': ms(averages.max),
      'median max': ms(worsts.percentile(50)),
      max: ms(worsts.max),
      'datagrams forth': forth.mean.toFixed(0),
      'datagrams back': back.mean.toFixed(0),
      missing: String(missing),
    },
    isMet: isFast && forth.mean <= 1_330 && back.mean <= 1_330 && missing === 0,
  }
}

/** Pauses of a few milliseconds each, as a compiler, a collector of garbage or another program causes them. */
function holdUps(random: Random): LoopOptions {
  const pauses: Partition[] = []
  for (let now = HELD_UP_FROM_MS; now < HELD_UP_UNTIL_MS;) {
    const fromMs = now + random.between(0, 2 * HOLD_UP_INTERVAL_MS)
    now = fromMs + random.between(0, MAX_HOLD_UP_MS)
    pauses.push({ fromMs, untilMs: now })
  }
  return { pauses }
}

function measureTransfer(
  name: string,
  link: LinkOptions,
  parts: number,
  goalMs: number,
  options: MeasureOptions,
  loopOf: (random: Random) => LoopOptions = () => ({}),
): Row {
  const durations = new Distribution()
  const drops = new Distribution()
  const overheads = new Distribution()
  for (const seed of seedsOf(options)) {
    const random = new Random(seed)
    const world = createWorld(seed, link, options, loopOf(random))
    const { client, server } = world.connect({ loop: loopOf(random) })
    world.run(100)
    let arrived = 0
    server.onEvent = (event) => {
      if (event.type === 'message') arrived += event.message.length
    }
    const startMs = world.now
    const before = { ...world.uplink(client).stats }
    for (let i = 0; i < parts; i += 1) client.send(new Uint8Array(MiB / parts))
    world.waitFor(() => arrived === MiB, 30_000)
    durations.add(arrived === MiB ? world.now - startMs : Infinity)
    const after = world.uplink(client).stats
    drops.add((after.droppedByQueue - before.droppedByQueue) / (after.offeredPackets - before.offeredPackets))
    overheads.add((after.offeredBytes - before.offeredBytes) / MiB)
  }
  return {
    cells: {
      transfer: name,
      median: ms(durations.percentile(50)),
      p95: ms(durations.percentile(95)),
      max: ms(durations.max),
      goal: ms(goalMs),
      'bytes ×': ratio(overheads.mean),
      'dropped by the queue': percent(drops.mean),
    },
    isMet: durations.percentile(50) <= goalMs && drops.max < 0.05,
  }
}

function measureMixed(options: MeasureOptions): Row {
  const link: LinkOptions = { delayMs: ONE_WAY_MS, rateBitsPerSecond: 2_000_000, queueBytes: 50_000 }
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
    isMet: latencies.percentile(99) < 100,
  }
}

function measureCongestion(options: MeasureOptions): Row {
  const link: LinkOptions = { delayMs: ONE_WAY_MS, rateBitsPerSecond: 2_000_000, queuePackets: 20 }
  const latencies = new Distribution()
  const totals = { copies: 0, bytes: 0, bulk: 0, dropped: 0, offered: 0 }
  for (const seed of seedsOf(options)) {
    const { client, bulkBytes, uplink } = runBesideBulk(seed, link, 'reliable', latencies, options)
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
): { client: Endpoint; stream: Stream; bulkBytes: number; uplink: Link } {
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
    while (client.session.stats.queuedBytes < 256 * 1_024) {
      if (client.send(new Uint8Array(16 * 1_024), 'reliable', 0) !== 'accepted') return
    }
  }
  client.every(10, refill, { untilMs })
  const fromMs = world.now + world.random.fork('phase').between(0, INTERVAL_MS)
  client.every(INTERVAL_MS, () => client.send(stream.next(world.now), delivery, 1), { fromMs, untilMs })
  world.runUntil(untilMs)
  return { client, stream, bulkBytes, uplink: world.uplink(client) }
}

function createWorld(seed: number, link: LinkOptions, { redundancy }: MeasureOptions, loop = {}): ReliableWorld {
  return new ReliableWorld({ seed, link, redundancy, server: { loop } })
}

function* seedsOf({ firstSeed, seeds }: MeasureOptions): Generator<number> {
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) yield seed
}

function offered(link: Link): { packets: number; bytes: number } {
  return { packets: link.stats.offeredPackets, bytes: link.stats.offeredBytes }
}

function repeatedBytes({ session: { stats } }: Endpoint): number {
  return stats.redundantBytes + stats.retransmittedBytes
}

const ms = (value: number): string => `${value.toFixed(value < 1_000 ? 1 : 0)} ms`
const ratio = (value: number): string => value.toFixed(2)
const percent = (share: number): string => `${(share * 100).toFixed(2)} %`
