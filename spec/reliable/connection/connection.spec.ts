import { describe, expect, it } from 'vitest'
import { Connection } from '../../../lib/reliable/connection/connection.ts'
import { DeliveryCode } from '../../../lib/reliable/wire/frame.ts'
import type { PacketWriter } from '../../../lib/reliable/wire/packet.ts'
import { PlainSealer } from '../../../lib/security/plain.ts'
import { deliveries } from '../../../lib/session/delivery.ts'
import { RateLimiter } from '../../../lib/session/rate-limiter.ts'
import { createStats } from '../../../lib/session/stats.ts'
import { Random, type LinkOptions } from '../../../lib/simulator/index.ts'
import { ConnectionPair } from '../../support/connection-pair.ts'
import { PacketForge } from '../../support/packet-forge.ts'
import { createConnection, createPlainSealer } from '../../support/plain-pair.ts'
import { createSettings } from '../../support/settings.ts'

const usual: LinkOptions = { delayMs: 25 }
const texts = (count: number): string[] => Array.from({ length: count }, (_, i) => `message ${i}`)

/** Sends numbered messages from a to b at an interval; returns the times at which they were sent. */
function stream(pair: ConnectionPair, count: number, intervalMs = 1_000 / 60, pad = 0): number[] {
  const sentAt: number[] = []
  const startMs = pair.now
  pair.a.every(
    intervalMs,
    () => {
      pair.a.send(`message ${sentAt.length}`.padEnd(pad))
      sentAt.push(pair.now)
    },
    { fromMs: startMs, untilMs: startMs + (count - 0.5) * intervalMs },
  )
  return sentAt
}

function textsAtB(pair: ConnectionPair): string[] {
  return pair.arrivedAtB.map(({ text }) => text.trimEnd())
}

describe('Connection: delivery', () => {
  it('carries messages of every delivery there and back', () => {
    const pair = new ConnectionPair({ link: usual })
    for (const delivery of deliveries) {
      pair.a.send(`${delivery} there`, delivery, 3)
      pair.b.send(`${delivery} back`, delivery, 200)
    }
    pair.run(100)

    expect(pair.arrivedAtB.map(({ text }) => text).sort()).toEqual(deliveries.map((name) => `${name} there`).sort())
    expect(pair.arrivedAtA.map(({ text }) => text).sort()).toEqual(deliveries.map((name) => `${name} back`).sort())
    expect(pair.arrivedAtB.every(({ channel, time }) => channel === 3 && time === 25)).toBe(true)
  })

  it('delivers what is sent at once in one way’s time, in one datagram', () => {
    const pair = new ConnectionPair({ link: usual, redundancy: 'off' })
    for (const text of texts(10)) pair.a.send(text)
    pair.run(40)

    expect(textsAtB(pair)).toEqual(texts(10))
    expect(pair.arrivedAtB.at(-1)?.time).toBe(25)
    expect(pair.forth.stats.offeredPackets).toBe(1)
  })

  const roughness: [string, LinkOptions][] = [
    ['loss', { ...usual, loss: 0.2 }],
    ['bursts of loss', { ...usual, burst: { enterRate: 0.02, leaveRate: 0.2 } }],
    ['jitter', { ...usual, jitterMs: 60 }],
    ['reordering', { ...usual, reorder: 0.2, reorderDelayMs: 40 }],
    ['duplicates', { ...usual, duplicate: 0.5, jitterMs: 10 }],
    ['damage', { ...usual, corrupt: 0.1, truncate: 0.1 }],
    ['all of it', { ...usual, loss: 0.1, jitterMs: 30, duplicate: 0.1, reorder: 0.1, corrupt: 0.05 }],
  ]
  it.each(roughness)('delivers every reliable message once and in order despite %s', (_name, link) => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const pair = new ConnectionPair({ seed, link })
      stream(pair, 200)
      pair.run(200 * 17)
      pair.settle()
      expect(textsAtB(pair)).toEqual(texts(200))
    }
  })

  it('sends what fills a packet at once, although an ack of many gaps would ride along', () => {
    const connection = createConnection()
    const other = new PacketForge(createPlainSealer(false), 1_200)
    for (let i = 0; i < 120; i += 1) {
      const packet = other.forge((writer) => writer.message(DeliveryCode.unreliable, 0, -1, Uint8Array.of(i)), 1)
      if (i % 2 === 0) connection.handleDatagram(0, Uint8Array.from(packet))
    }
    const into = new Uint8Array(1_200)
    expect(connection.pollTransmit(40, into)).toBeGreaterThan(50)
    // From now on the ack is not owed any more, only repeated for a while.
    expect(connection.pollTransmit(40, into)).toBe(0)
    connection.send(50, new Uint8Array(1_160), 'sequenced', 0)
    expect(connection.pollTransmit(50, into)).toBeGreaterThan(1_160)
    expect(connection.nextDeadline).toBeGreaterThan(50)
  })

  it('forgets what stays incomplete in time, although packets keep coming and nobody lets time pass', () => {
    const pair = new ConnectionPair({ link: usual })
    let sent = 0
    pair.forth.configure({ filter: () => ++sent !== 2 })
    pair.a.send(new Uint8Array(4_000), 'unreliable')
    pair.run(100)
    expect(pair.b.session.stats.heldBytes).toBeGreaterThan(2_000)
    pair.a.every(100, () => pair.a.ping())
    pair.run(4_000)
    expect(pair.b.session.stats.heldBytes).toBe(0)
  })

  it.each([1_199, 16 * 1024, 1024 * 1024])('carries %i bytes despite loss', (bytes) => {
    const pair = new ConnectionPair({ link: { ...usual, loss: 0.05 } })
    pair.a.send(new Uint8Array(bytes).fill(65))
    pair.settle()

    expect(pair.arrivedAtB.map((arrival) => arrival.bytes)).toEqual([bytes])
  })

  it.each([2 ** 16 - 100, 2 ** 32 - 100, 2 ** 40])('numbers packets across %i', (firstPacketNumber) => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const pair = new ConnectionPair({ seed, firstPacketNumber, link: { ...usual, loss: 0.1, jitterMs: 20 } })
      stream(pair, 400, 5)
      pair.run(2_000)
      pair.settle()
      expect(textsAtB(pair)).toEqual(texts(400))
    }
  })

  it('numbers packets around more than once', () => {
    const pair = new ConnectionPair({ link: { delayMs: 1, loss: 0.01 } })
    stream(pair, 150_000, 0.5)
    pair.run(75_000)
    pair.settle()

    expect(pair.forth.stats.offeredPackets).toBeGreaterThan(140_000)
    expect(textsAtB(pair)).toHaveLength(150_000)
  })
})

describe('Connection: latency under loss', () => {
  it.each([0.01, 0.05, 0.1])('costs one interval, not a round trip, at a loss of %d', (loss) => {
    const intervalMs = 1_000 / 60
    const latencies: number[] = []
    for (let seed = 1; seed <= 4; seed += 1) {
      const pair = new ConnectionPair({ seed, link: { ...usual, loss } })
      const sentAt = stream(pair, 900, intervalMs, 64)
      pair.run(16_000)
      for (const [i, { time }] of pair.arrivedAtB.entries()) latencies.push(time - (sentAt[i] ?? NaN))
      expect(pair.arrivedAtB).toHaveLength(900)
    }
    latencies.sort((a, b) => a - b)

    expect(latencies[Math.floor(latencies.length * 0.99)]).toBeLessThanOrEqual(25 + intervalMs + 3)
    expect(latencies.at(-1)).toBeLessThanOrEqual(110)
  })

  it('repeats the last message of a burst too', () => {
    const latest: number[] = []
    for (let seed = 1; seed <= 60; seed += 1) {
      const pair = new ConnectionPair({ seed, link: { ...usual, loss: 0.1 } })
      const sentAt = stream(pair, 30)
      pair.run(1_500)
      latest.push((pair.arrivedAtB[29]?.time ?? Infinity) - (sentAt[29] ?? 0))
    }

    expect(Math.max(...latest)).toBeLessThanOrEqual(110)
  })

  it('repeats nothing after the first seconds on a link that loses nothing', () => {
    const pair = new ConnectionPair({ link: usual })
    stream(pair, 1_200)
    pair.run(4_000)
    const { redundantBytes, retransmittedBytes } = { ...pair.sessionA.stats }
    const before = pair.datagrams
    pair.run(15_000)
    const after = pair.datagrams

    expect(redundantBytes).toBeGreaterThan(0)
    expect(pair.sessionA.stats.redundantBytes).toBe(redundantBytes)
    expect(pair.sessionA.stats.retransmittedBytes).toBe(retransmittedBytes)
    expect((after[0] - before[0]) / 900).toBeLessThanOrEqual(1.1)
    expect((after[1] - before[1]) / 900).toBeLessThanOrEqual(1.1)
  })

  it('costs no more than 1.1 datagrams a message each way when both ends send', () => {
    const pair = new ConnectionPair({ link: usual })
    pair.b.every(1_000 / 60, () => pair.b.send('back'), { fromMs: 7 })
    stream(pair, 1_200)
    pair.run(4_000)
    const before = pair.datagrams
    pair.run(15_000)
    const after = pair.datagrams

    expect((after[0] - before[0]) / 900).toBeLessThanOrEqual(1.1)
    expect((after[1] - before[1]) / 900).toBeLessThanOrEqual(1.1)
  })
})

describe('Connection: quiet', () => {
  it('says nothing when there is nothing to say', () => {
    const pair = new ConnectionPair({ link: usual })
    pair.run(60_000)

    expect(pair.datagrams).toEqual([0, 0])
    expect(pair.sessionA.nextDeadline).toBe(Infinity)
  })

  it.each([0, 0.1, 0.4])('comes to rest after what was sent, at a loss of %d, and acks no acks', (loss) => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const pair = new ConnectionPair({ seed, link: { ...usual, loss } })
      for (let i = 0; i < 20; i += 1) {
        pair.a.send(`there ${i}`, deliveries[i % deliveries.length])
        pair.b.send(new Uint8Array(i * 500), deliveries[(i + 2) % deliveries.length])
      }
      pair.settle({ quietMs: 2_000 })
      const before = pair.datagrams
      pair.run(60_000)
      expect(pair.datagrams).toEqual(before)
      expect(pair.sessionA.connection.isDrained).toBe(true)
      expect(pair.sessionA.nextDeadline).toBe(Infinity)
    }
  })

  it('needs one datagram each way for a PING', () => {
    const pair = new ConnectionPair({ link: usual, redundancy: 'off' })
    for (let i = 0; i < 20; i += 1) {
      pair.a.ping()
      pair.run(500)
    }

    expect(pair.datagrams).toEqual([20, 20])
  })

  it.each([
    ['behind', [DeliveryCode.unreliable, DeliveryCode.reliable]],
    ['in front of', [DeliveryCode.reliable, DeliveryCode.unreliable]],
  ] as const)('acks a reliable message %s an unreliable one in its packet at once', (_where, codes) => {
    const connection = createConnection()
    const forge = new PacketForge(createPlainSealer(false), 1_200)
    const write = (writer: PacketWriter, i: number): boolean => {
      const code = codes[i] ?? DeliveryCode.unreliable
      return writer.message(code, 0, code === DeliveryCode.reliable ? 0 : -1, Uint8Array.of(i))
    }

    const { verdict } = connection.handleDatagram(100, forge.forge(write, codes.length))

    expect(verdict).toBe('accepted')
    expect(connection.nextDeadline).toBeLessThanOrEqual(100)
    expect(connection.pollTransmit(100, new Uint8Array(1_200))).toBeGreaterThan(0)
  })

  it('does not stop acking what arrives although nothing else is said', () => {
    const pair = new ConnectionPair({ link: usual, redundancy: 'off' })
    stream(pair, 300)
    pair.run(6_000)

    expect(pair.sessionA.connection.isDrained).toBe(true)
    expect(pair.back.stats.offeredPackets).toBeLessThanOrEqual(303)
  })
})

describe('Connection: deadlines', () => {
  it.each([0, 0.1])('are never missed by a loop that sleeps until them, and never spin (loss %d)', (loss) => {
    // A loop that sleeps until the deadline sees the same as one that looks all the time.
    const outcomes = [false, true].map((isRestless) => {
      const pair = new ConnectionPair({ link: { ...usual, loss } })
      if (isRestless) for (const end of [pair.a, pair.b]) end.every(0.37, () => end.wake())
      stream(pair, 300)
      pair.a.send(new Uint8Array(100_000), 'reliable-unordered', 9)
      pair.run(10_000)
      return { datagrams: pair.datagrams, arrived: pair.arrivedAtB }
    })

    expect(outcomes[1]).toEqual(outcomes[0])
    expect(outcomes[0]?.arrived).toHaveLength(301)
  })

  it('lie ahead once everything that is due was done', () => {
    const pair = new ConnectionPair({ link: { ...usual, loss: 0.2, jitterMs: 10 } })
    stream(pair, 200)
    let overdue = 0
    for (let i = 0; i < 5_000; i += 1) {
      pair.run(1)
      for (const session of [pair.sessionA, pair.sessionB]) if (session.nextDeadline < pair.now) overdue += 1
    }

    expect(overdue).toBe(0)
  })

  it.each([10, 16, 33])('are not needed by a main loop that steps every %i ms', (stepMs) => {
    const pair = new ConnectionPair({
      link: { ...usual, loss: 0.1 },
      loopA: { stepMs },
      loopB: { stepMs, phaseMs: 7 },
    })
    stream(pair, 300)
    pair.run(7_000)

    expect(textsAtB(pair)).toEqual(texts(300))
  })
})

describe('Connection: bulk', () => {
  it('lets sequenced messages overtake it', () => {
    const link = { delayMs: 25, rateBitsPerSecond: 2_000_000, queueBytes: 50_000 }
    const pair = new ConnectionPair({ link })
    const sentAt: number[] = []
    pair.a.every(5, () => {
      while (pair.sessionA.connection.queuedBytes < 200_000) pair.a.send(new Uint8Array(50_000), 'reliable', 0)
    })
    pair.a.every(1_000 / 60, () => pair.a.send(`${sentAt.push(pair.now)}`, 'sequenced', 1))
    pair.run(20_000)
    const small = pair.arrivedAtB.filter(({ channel }) => channel === 1)
    const latencies = small.map(({ time, text }) => time - (sentAt[Number(text) - 1] ?? NaN)).sort((a, b) => a - b)
    const bulkBytes = pair.arrivedAtB.reduce((sum, { channel, bytes }) => sum + (channel === 0 ? bytes : 0), 0)

    expect(latencies[Math.floor(latencies.length * 0.99)]).toBeLessThan(100)
    expect(small.length).toBeGreaterThan(1_100)
    expect((bulkBytes * 8) / 20).toBeGreaterThan(1_700_000)
  })

  it('takes no longer than the goals: 1 MiB at 0 and 5 % loss, and over 10 Mbit/s', () => {
    const goals: [LinkOptions, number][] = [
      [usual, 300],
      [{ ...usual, loss: 0.05 }, 450],
      [{ ...usual, rateBitsPerSecond: 10_000_000, queuePackets: 100 }, 950],
    ]
    for (const [link, goalMs] of goals) {
      const pair = new ConnectionPair({ link })
      pair.a.send(new Uint8Array(1024 * 1024))
      pair.waitFor(() => pair.arrivedAtB.length === 1)
      expect(pair.now).toBeLessThanOrEqual(goalMs)
      expect(pair.forth.stats.droppedByQueue / pair.forth.stats.offeredPackets).toBeLessThan(0.05)
    }
  })

  it('repeats hardly anything where what is lost is lost to a full queue', () => {
    const pair = new ConnectionPair({ link: { ...usual, rateBitsPerSecond: 1_000_000, queuePackets: 15 } })
    pair.a.every(5, () => {
      while (pair.sessionA.connection.queuedBytes < 200_000) pair.a.send(new Uint8Array(50_000), 'reliable', 0)
    })
    pair.a.every(1_000 / 60, () => pair.a.send(new Uint8Array(64), 'reliable', 1))
    pair.run(30_000)
    const { redundantBytes, sentBytes } = pair.sessionA.stats

    expect(pair.forth.stats.droppedByQueue).toBeGreaterThan(0)
    expect(redundantBytes / sentBytes).toBeLessThan(0.05)
  })
})

describe('Connection: interruptions', () => {
  it('carries on after a blackout, in order, without a burst', () => {
    const link = { ...usual, rateBitsPerSecond: 10_000_000, queuePackets: 100 }
    const pair = new ConnectionPair({ link: { ...link, partitions: [{ fromMs: 2_000, untilMs: 7_000 }] } })
    pair.a.every(5, () => {
      while (pair.sessionA.connection.queuedBytes < 500_000) pair.a.send(new Uint8Array(50_000))
    })
    pair.runUntil(6_999)
    const heardBefore = pair.back.stats.deliveredBytes
    const droppedBefore = pair.forth.stats.droppedByQueue
    pair.waitFor(() => pair.back.stats.deliveredBytes > heardBefore)
    // Two round trips after the other side was heard for the first time.
    pair.run(100)
    const resumedAt = pair.forth.stats.deliveredBytes
    pair.run(500)
    const mbitPerS = ((pair.forth.stats.deliveredBytes - resumedAt) * 8) / 500 / 1_000

    expect(mbitPerS).toBeGreaterThan(9)
    expect(pair.forth.stats.droppedByQueue).toBe(droppedBefore)
  })

  it('lets messages wait while it is stalled, and sends them in order afterwards', () => {
    const pair = new ConnectionPair({ link: usual })
    pair.a.send('before')
    pair.run(100)
    pair.sessionA.connection.setStalled(pair.now, true)
    for (const text of texts(5)) pair.a.send(text)
    pair.run(2_000)
    const duringStall = textsAtB(pair)
    pair.sessionA.connection.setStalled(pair.now, false)
    pair.a.send('after')
    pair.run(100)

    expect(duringStall).toEqual(['before'])
    expect(textsAtB(pair)).toEqual(['before', ...texts(5), 'after'])
  })

  it('says only what concerns itself while it is stalled', () => {
    const pair = new ConnectionPair({ link: usual })
    pair.sessionA.connection.setStalled(0, true)
    pair.a.send('waits')
    pair.a.ping()
    pair.b.send('answered')
    pair.run(1_000)

    expect(pair.arrivedAtA).toHaveLength(1)
    expect(pair.sessionB.connection.isDrained).toBe(true)
    expect(pair.arrivedAtB).toHaveLength(0)
  })

  it('knows what was never confirmed', () => {
    const pair = new ConnectionPair({ link: { ...usual, partitions: [{ fromMs: 50, untilMs: 1e9 }] } })
    pair.a.send('arrives')
    pair.run(100)
    pair.a.send('is lost')
    pair.run(500)

    expect(pair.sessionA.connection.undelivered()).toMatchObject([{ delivery: 'reliable', channel: 0, isSent: true }])
  })

  it('passes CLOSE and CLOSED on', () => {
    const pair = new ConnectionPair({ link: usual })
    pair.a.close(7, 'done')
    pair.run(100)
    pair.sessionB.connection.sendClosed(pair.now)
    pair.a.ping()
    pair.run(100)

    expect(pair.sessionB.told).toContain('CLOSE 7 done')
    expect(pair.sessionA.told).toContain('CLOSED')
  })

  it('measures the round trip and the other side’s clock', () => {
    const pair = new ConnectionPair({ link: { ...usual, jitterMs: 4 }, loopB: { clock: { offsetMs: 12_345 } } })
    stream(pair, 300)
    pair.run(6_000)

    expect(pair.sessionA.rttMs).toBeGreaterThanOrEqual(50)
    expect(pair.sessionA.rttMs).toBeLessThanOrEqual(58)
    expect(Math.abs(pair.sessionA.clockOffsetMs - 12_345)).toBeLessThan(3)
    expect(Math.abs(pair.sessionB.clockOffsetMs + 12_345)).toBeLessThan(3)
  })
})

describe('Connection: what it counts', () => {
  it('agrees with the link', () => {
    const pair = new ConnectionPair({ link: { ...usual, loss: 0.1 } })
    stream(pair, 600)
    pair.settle({ quietMs: 1_000 })
    const { stats } = pair.sessionA

    expect(stats.sentPackets).toBe(pair.forth.stats.offeredPackets)
    expect(stats.sentBytes).toBe(pair.forth.stats.offeredBytes)
    expect(stats.receivedPackets).toBe(pair.back.stats.deliveredPackets)
    expect(stats.sentMessages).toBe(600)
    expect(pair.sessionB.stats.receivedMessages).toBe(600)
    expect(pair.sessionA.connection.queuedMessages).toBe(0)
    expect(stats.lossRate).toBeGreaterThan(0.06)
    expect(stats.lossRate).toBeLessThan(0.14)
    // Nobody knows of lost packets with nothing but an ack in them; and one whose acks were all lost counts too.
    expect(Math.abs(stats.lostPackets - pair.forth.stats.droppedByLoss)).toBeLessThan(10)
    expect(stats.redundantBytes).toBeGreaterThan(0)
  })

  it('measures the rates of the last second', () => {
    const pair = new ConnectionPair({ link: usual, redundancy: 'off' })
    stream(pair, 600, 10, 100)
    pair.run(5_000)
    const { sendRate } = pair.sessionA.stats
    const { receiveRate } = pair.sessionB.stats

    expect(sendRate).toBeGreaterThan(11_000)
    expect(sendRate).toBeLessThan(13_000)
    expect(receiveRate).toBeGreaterThan(11_000)
    expect(receiveRate).toBeLessThan(13_000)
  })
})

describe('Connection: hostile input', () => {
  it('drops random and broken packets, counts them, and goes on', () => {
    const random = new Random(3)
    const pair = new ConnectionPair({ link: usual })
    stream(pair, 100)
    pair.forth.configure({ duplicate: 0.2, corrupt: 0.3, truncate: 0.2 })
    for (let i = 0; i < 500; i += 1) {
      pair.run(4)
      const noise = random.bytes(random.integer(0, 1_300))
      if (noise.length > 0) noise[0] = (noise[0] ?? 0) | 0x80
      expect(pair.sessionB.connection.handleDatagram(pair.now, noise).verdict).toBe('unopened')
    }
    pair.settle()

    expect(textsAtB(pair)).toEqual(texts(100))
  })
})

describe('Connection: another path', () => {
  it('forgets the round-trip time and the congestion window of the old one', () => {
    const pair = new ConnectionPair({ link: { delayMs: 25, rateBitsPerSecond: 16_000_000 } })
    pair.a.send(new Uint8Array(500_000))
    pair.run(2_000)
    const { rttMs, congestionWindowBytes } = pair.sessionA.stats
    pair.sessionA.connection.startPath(pair.now)

    expect(rttMs).toBeGreaterThan(49)
    expect(congestionWindowBytes).toBeGreaterThan(80_000)
    expect(pair.sessionA.rttMs).toBeNaN()
    expect(pair.sessionA.stats.rttMs).toBeNaN()
    pair.a.ping()
    pair.run(100)
    expect(pair.sessionA.rttMs).toBeCloseTo(50, 0)
    expect(pair.sessionA.stats.congestionWindowBytes).toBeLessThan(33 * 1_200)
  })

  it('delivers each reliable message once and in order, whenever it begins', () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const pair = new ConnectionPair({ seed, link: { delayMs: 25, loss: 0.1, jitterMs: 20 } })
      stream(pair, 300, 5, 300)
      for (let atMs = 100; atMs < 1_500; atMs += 40 + seed) {
        pair.a.at(atMs, () => pair.sessionA.connection.startPath(pair.a.now))
        pair.b.at(atMs + 10, () => pair.sessionB.connection.startPath(pair.b.now))
      }
      pair.run(1_500)
      pair.settle()

      expect(textsAtB(pair)).toEqual(texts(300))
    }
  })
})

describe('Connection: other keys', () => {
  /** Seals with another tag than the pair's first sealers. */
  function createSealers(byte: number): [a: PlainSealer, b: PlainSealer] {
    const [a, b] = [new Uint8Array(8).fill(byte), new Uint8Array(8).fill(byte + 1)]
    return [new PlainSealer(a, b), new PlainSealer(b, a)]
  }

  it('goes on where it was: what was lost before arrives once, and in order', () => {
    const pair = new ConnectionPair({ link: usual, redundancy: 'off' })
    stream(pair, 40, 5, 300)
    pair.run(100)
    pair.forth.configure({ loss: 1 })
    pair.run(5_000)
    expect(textsAtB(pair)).not.toEqual(texts(40))
    const [a, b] = createSealers(7)
    pair.sessionA.connection.resume(pair.a.now, { sealer: a, rttMs: NaN, resumeId: undefined })
    pair.sessionB.connection.resume(pair.b.now, { sealer: b, rttMs: NaN, resumeId: undefined })
    pair.sessionA.connection.hear()
    pair.sessionB.connection.hear()
    pair.forth.configure({ loss: 0 })
    pair.a.ping()
    pair.run(500)

    expect(textsAtB(pair)).toEqual(texts(40))
  })

  it('takes them from the first packet that opens under them, and leaves all as it is for one that does not', () => {
    const pair = new ConnectionPair({ link: usual })
    pair.run(100)
    const [a, b] = createSealers(7)
    const [, stranger] = createSealers(9)
    const packet = new Uint8Array(1_200)
    pair.sessionA.connection.resume(pair.a.now, { sealer: a, rttMs: NaN, resumeId: undefined })
    pair.sessionA.connection.hear()
    pair.sessionA.connection.ping(pair.a.now, false)
    const length = pair.sessionA.connection.pollTransmit(pair.a.now, packet)
    const said = packet.slice(0, length)

    expect(pair.sessionB.connection.handleDatagram(pair.b.now, said.slice()).verdict).toBe('unopened')
    expect(pair.sessionB.connection.resumeWith(pair.b.now, said.slice(), stranger).verdict).toBe('unopened')
    expect(pair.sessionB.connection.resumeWith(pair.b.now, said.slice(), b).verdict).toBe('accepted')
    pair.sessionB.connection.hear()
    expect(pair.sessionB.connection.resumeWith(pair.b.now, said.slice(), b).verdict).toBe('duplicate')
    pair.b.send('under the new keys')
    pair.run(200)
    expect(pair.arrivedAtA.map(({ text }) => text)).toEqual(['under the new keys'])
  })

  it('are not worn out by packets that were tried under others', () => {
    const [sealer, stranger] = createSealers(7)
    const settings = createSettings()
    const connection = new Connection(0, {
      settings,
      sealer: Object.assign(sealer, { integrityLimit: 3 }),
      stats: createStats(),
      limiter: new RateLimiter(0, settings),
    })
    const forged = Uint8Array.of(0x80, 0, 9, ...new Random(3).bytes(40))
    for (let i = 0; i < 5; i += 1) expect(connection.resumeWith(0, forged.slice(), stranger).verdict).toBe('unopened')
    expect(connection.isAeadLimitReached).toBe(false)
    for (let i = 0; i < 3; i += 1) expect(connection.handleDatagram(0, forged.slice()).verdict).toBe('unopened')
    expect(connection.isAeadLimitReached).toBe(true)
  })
})
