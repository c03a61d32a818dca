import { describe, expect, it } from 'vitest'
import type { Datagram, LinkOptions } from '../../lib/simulator/index.ts'
import { Link, Random } from '../../lib/simulator/index.ts'

const here = { host: '10.0.0.1', port: 1 }
const there = { host: '10.0.0.2', port: 2 }

/** Sends numbered datagrams of a size at an interval and returns what arrives, in order. */
function run(options: LinkOptions, { count = 1_000, intervalMs = 1, size = 100, seed = 1 } = {}) {
  const link = new Link(new Random(seed), options)
  const arrivals: Datagram[] = []
  const fates: string[] = []
  const collect = (until: number) => {
    for (let next = link.pollDelivery(until); next; next = link.pollDelivery(until)) arrivals.push(next)
  }
  for (let i = 0; i < count; i += 1) {
    collect(i * intervalMs)
    fates.push(link.send(i * intervalMs, numbered(i, size), here, there))
  }
  collect(Infinity)
  return { link, arrivals, fates, numbers: arrivals.map(({ bytes }) => numberOf(bytes)) }
}

function numbered(number: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}

const numberOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
const isAscending = (numbers: number[]) => numbers.every((number, i) => i === 0 || number >= (numbers[i - 1] ?? 0))

describe('Link', () => {
  it('is perfect by default: everything arrives at once, in order and unchanged', () => {
    const { arrivals, numbers, link } = run({})
    expect(numbers).toEqual(Array.from({ length: 1_000 }, (_, i) => i))
    expect(arrivals.every(({ time }, i) => time === i)).toBe(true)
    expect(arrivals[7]).toMatchObject({ source: here, destination: there })
    expect(link.stats).toMatchObject({ offeredPackets: 1_000, deliveredPackets: 1_000, deliveredBytes: 100_000 })
  })

  it('copies the bytes, of a Buffer too', () => {
    const link = new Link(new Random(1), { duplicate: 1 })
    const buffer = Buffer.from('abc')
    link.send(0, buffer, here, there)
    buffer.fill(0)
    const [first, second] = [link.pollDelivery(0), link.pollDelivery(0)]
    first?.bytes.fill(1)
    expect(new TextDecoder().decode(second?.bytes)).toBe('abc')
  })

  it('delays, and holds back until then', () => {
    const link = new Link(new Random(1), { delayMs: 25 })
    link.send(10, new Uint8Array(1), here, there)
    expect(link.nextDeadline).toBe(35)
    expect(link.pollDelivery(34.999)).toBeUndefined()
    expect(link.inFlightPackets).toBe(1)
    expect(link.pollDelivery(35)).toMatchObject({ time: 35 })
    expect([link.nextDeadline, link.inFlightPackets]).toEqual([Infinity, 0])
  })

  it('jitters uniformly, with datagrams that overtake each other', () => {
    const { arrivals, numbers } = run({ delayMs: 10, jitterMs: 20 }, { count: 5_000 })
    const delays = arrivals.map(({ time, bytes }) => time - numberOf(bytes))
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(10)
    expect(Math.max(...delays)).toBeLessThan(30)
    expect(delays.reduce((sum, delay) => sum + delay) / delays.length).toBeCloseTo(20, 0)
    expect(isAscending(numbers)).toBe(false)
  })

  it('keeps the order under jitter where it is told to', () => {
    const { numbers } = run({ jitterMs: 20, keepOrder: true })
    expect(isAscending(numbers)).toBe(true)
  })

  it('loses its share, independently', () => {
    const { fates, arrivals, link } = run({ loss: 0.1 }, { count: 20_000 })
    const lost = fates.filter((fate) => fate === 'lost').length
    const lostAfterLost = fates.filter((fate, i) => fate === 'lost' && fates[i - 1] === 'lost').length
    expect(lost / 20_000).toBeCloseTo(0.1, 2)
    expect(lostAfterLost / lost).toBeCloseTo(0.1, 1)
    expect(link.stats.droppedByLoss).toBe(lost)
    expect(arrivals.length).toBe(20_000 - lost)
  })

  it('loses in bursts of the length and share that Gilbert and Elliott have them', () => {
    const { fates } = run({ burst: { enterRate: 0.01, leaveRate: 0.25 } }, { count: 100_000 })
    const lost = fates.filter((fate) => fate === 'lost-in-burst').length
    const bursts = fates.filter((fate, i) => fate !== 'sent' && fates[i - 1] === 'sent').length
    expect(lost / bursts).toBeCloseTo(4, 0)
    expect(lost / 100_000).toBeCloseTo(0.01 / 0.26, 2)
  })

  it('loses only a share of what a burst meets where that is asked for', () => {
    const { link } = run({ burst: { enterRate: 1, leaveRate: 0, loss: 0.5 } }, { count: 10_000 })
    expect(link.stats.droppedByBurst / 10_000).toBeCloseTo(0.5, 1)
  })

  it('duplicates its share', () => {
    const { numbers, link } = run({ duplicate: 0.2 })
    expect(numbers.length).toBe(1_000 + link.stats.duplicatedPackets)
    expect(link.stats.duplicatedPackets / 1_000).toBeCloseTo(0.2, 1)
    expect(new Set(numbers).size).toBe(1_000)
  })

  it('holds up a share so that later ones overtake it', () => {
    const { numbers, link } = run({ reorder: 0.1, reorderDelayMs: 5 })
    const overtaken = numbers.filter((number, i) => number < (numbers[i - 1] ?? 0)).length
    expect(link.stats.reorderedPackets).toBeGreaterThan(50)
    expect(overtaken).toBeGreaterThan(50)
  })

  it('corrupts a share, each in at least one bit, and never the sender’s bytes', () => {
    const link = new Link(new Random(1), { corrupt: 1 })
    for (let i = 0; i < 2_000; i += 1) {
      const bytes = new Uint8Array(20)
      expect(link.send(i, bytes, here, there)).toBe('corrupted')
      expect(bytes.every((byte) => byte === 0)).toBe(true)
      expect(link.pollDelivery(i)?.bytes.some((byte) => byte !== 0)).toBe(true)
    }
  })

  it('truncates a share, down to nothing', () => {
    const { arrivals, link } = run({ truncate: 1 }, { size: 10 })
    const lengths = new Set(arrivals.map(({ bytes }) => bytes.length))
    expect([...lengths].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(link.stats.truncatedPackets).toBe(1_000)
  })

  it('carries an empty datagram, whatever it does to others', () => {
    const link = new Link(new Random(1), { truncate: 1, corrupt: 1 })
    expect(link.send(0, new Uint8Array(0), here, there)).toBe('sent')
    expect(link.pollDelivery(0)?.bytes.length).toBe(0)
  })

  it('takes its time for each bit where its rate is limited', () => {
    // 100 bytes at 8,000 bits per second take 100 ms.
    const { arrivals } = run({ rateBitsPerSecond: 8_000, delayMs: 5 }, { count: 3, intervalMs: 0 })
    expect(arrivals.map(({ time }) => time)).toEqual([105, 205, 305])
  })

  it('counts overhead against the rate where it is told to', () => {
    const { arrivals } = run({ rateBitsPerSecond: 8_000, overheadBytes: 28 }, { count: 1 })
    expect(arrivals[0]?.time).toBe(128)
  })

  it('drops at the tail when its queue is full of packets', () => {
    const { fates, link, numbers } = run({ rateBitsPerSecond: 8_000, queuePackets: 3 }, { count: 5, intervalMs: 0 })
    expect(fates).toEqual(['sent', 'sent', 'sent', 'queue-full', 'queue-full'])
    expect(numbers).toEqual([0, 1, 2])
    expect(link.stats).toMatchObject({ droppedByQueue: 2, maxQueuePackets: 3, maxQueueBytes: 300 })
  })

  it('drops at the tail when its queue is full of bytes, and takes more as it drains', () => {
    const link = new Link(new Random(1), { rateBitsPerSecond: 8_000, queueBytes: 250 })
    const send = (now: number) => link.send(now, new Uint8Array(100), here, there)
    expect([send(0), send(0), send(0), send(99), send(100)]).toEqual([
      'sent',
      'sent',
      'queue-full',
      'queue-full',
      'sent',
    ])
  })

  it('keeps a queue of any length in order', () => {
    const { arrivals, link } = run({ rateBitsPerSecond: 80_000, queuePackets: 500 }, { count: 3_000, intervalMs: 9 })
    expect(arrivals.every(({ time }, i) => i === 0 || Math.abs(time - (arrivals[i - 1]?.time ?? 0) - 10) < 1e-6)).toBe(
      true,
    )
    expect(link.stats.droppedByQueue).toBe(0)
    expect(link.stats.maxQueuePackets).toBeGreaterThan(250)
  })

  it('carries nothing in a partition', () => {
    const { numbers, link } = run({ partitions: [{ fromMs: 100, untilMs: 200 }] })
    expect(numbers.filter((number) => number >= 100 && number < 200)).toEqual([])
    expect(numbers.length).toBe(900)
    expect(link.stats.droppedByPartition).toBe(100)
  })

  it('lets nothing arrive in a pause, and all of it at its end, in order', () => {
    const { arrivals, numbers } = run({ delayMs: 5, pauses: [{ fromMs: 100, untilMs: 200 }] })
    const times = arrivals.map(({ time }) => time)
    expect(numbers).toEqual(Array.from({ length: 1_000 }, (_, i) => i))
    expect(times.filter((time) => time >= 100 && time < 200)).toEqual([])
    expect(times.filter((time) => time === 200)).toHaveLength(101)
  })

  it('swallows what is larger than its MTU', () => {
    const link = new Link(new Random(1), { mtuBytes: 1_200 })
    expect(link.send(0, new Uint8Array(1_200), here, there)).toBe('sent')
    expect(link.send(0, new Uint8Array(1_201), here, there)).toBe('too-large')
    expect(link.stats.droppedByMtu).toBe(1)
  })

  it('drops exactly what its filter says', () => {
    const { numbers, link } = run({ filter: (bytes, now) => numberOf(bytes) !== 5 && now !== 7 }, { count: 10 })
    expect(numbers).toEqual([0, 1, 2, 3, 4, 6, 8, 9])
    expect(link.stats.droppedByFilter).toBe(2)
  })

  it('bounds what is under way', () => {
    const { link } = run({ delayMs: 1_000_000, maxInFlightPackets: 10 }, { count: 15 })
    expect(link.stats).toMatchObject({ droppedByOverload: 5, deliveredPackets: 10 })
  })

  it('loses the same datagrams when another impairment is turned on', () => {
    const plain = run({ loss: 0.1 })
    const busy = run({
      loss: 0.1,
      jitterMs: 3,
      duplicate: 0.1,
      corrupt: 0.1,
      reorder: 0.1,
      truncate: 0.1,
    })
    expect(busy.fates.map((fate) => fate === 'lost')).toEqual(plain.fates.map((fate) => fate === 'lost'))
  })

  it('does the same again for the same seed, and something else for another', () => {
    const options = { loss: 0.1, jitterMs: 3, duplicate: 0.1 }
    expect(run(options, { seed: 5 }).arrivals).toEqual(run(options, { seed: 5 }).arrivals)
    expect(run(options, { seed: 6 }).fates).not.toEqual(run(options, { seed: 5 }).fates)
  })

  it('can be changed while datagrams are under way', () => {
    const link = new Link(new Random(1), { delayMs: 50 })
    link.send(0, new Uint8Array(1), here, there)
    link.configure({ loss: 1 })
    expect(link.send(1, new Uint8Array(1), here, there)).toBe('lost')
    expect(link.settings).toMatchObject({ delayMs: 50, loss: 1 })
    expect(link.pollDelivery(50)).toBeDefined()
  })

  it.each([
    [{ delayMs: -1 }, 'delayMs'],
    [{ delayMs: Infinity }, 'delayMs'],
    [{ jitterMs: NaN }, 'jitterMs'],
    [{ loss: 1.5 }, 'loss'],
    [{ duplicate: -0.1 }, 'duplicate'],
    [{ burst: { enterRate: 2, leaveRate: 0 } }, 'burst.enterRate'],
    [{ burst: { enterRate: 0, leaveRate: 0, loss: NaN } }, 'burst.loss'],
    [{ rateBitsPerSecond: 0 }, 'rateBitsPerSecond'],
    [{ queuePackets: 0 }, 'queuePackets'],
    [{ overheadBytes: -1 }, 'overheadBytes'],
    [{ partitions: [{ fromMs: 5, untilMs: 5 }] }, 'partition'],
    [{ pauses: [{ fromMs: 5, untilMs: 5 }] }, 'pause'],
  ])('refuses %j and names %s', (options, name) => {
    expect(() => new Link(new Random(1), options)).toThrow(RangeError)
    expect(() => new Link(new Random(1), options)).toThrow(name)
  })
})
