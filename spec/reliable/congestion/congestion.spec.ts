import { describe, expect, it } from 'vitest'
import { BulkSender, PACKET_BYTES, type PathOptions } from '../../support/bulk-sender.ts'

const MBIT_PER_S = 125

/** A path of 10 Mbit/s with a buffer of 100 packets, 25 ms long. */
const usual: PathOptions = { delayMs: 25, bytesPerMs: 10 * MBIT_PER_S, queueBytes: 100 * PACKET_BYTES }

interface Span {
  /** Share of what the path carries, on average. */
  readonly share: number
  readonly maxQueueMs: number
  readonly averageQueueMs: number
  readonly droppedShare: number
}

/** Runs for so long and says what came of it. */
function observe(sender: BulkSender, durationMs: number): Span {
  const before = { delivered: sender.deliveredBytes, sent: sender.sentBytes, dropped: sender.droppedPackets }
  let [maxQueueMs, queueSum, samples] = [0, 0, 0]
  for (const untilMs = sender.now + durationMs; sender.now < untilMs;) {
    sender.runUntil(Math.min(untilMs, sender.now + 1))
    maxQueueMs = Math.max(maxQueueMs, sender.queueMs)
    queueSum += sender.queueMs
    samples += 1
  }
  const sentPackets = (sender.sentBytes - before.sent) / PACKET_BYTES
  return {
    share: (sender.deliveredBytes - before.delivered) / durationMs / sender.path.bytesPerMs,
    maxQueueMs,
    averageQueueMs: queueSum / samples,
    droppedShare: (sender.droppedPackets - before.dropped) / sentPackets,
  }
}

/** How long so many bytes take from the beginning. */
function timeToDeliver(options: PathOptions, bytes: number): number {
  const sender = new BulkSender(options)
  while (sender.deliveredBytes < bytes && sender.now < 60_000) sender.runUntil(sender.now + 1)
  return sender.now
}

describe('Congestion', () => {
  it('sends no more than 32 datagrams into a path that it does not know, spread over the first round trip', () => {
    const sender = new BulkSender({ ...usual, bytesPerMs: 1e6 })
    sender.runUntil(25)
    const half = sender.sentBytes / PACKET_BYTES
    sender.runUntil(49)

    expect(half).toBeGreaterThan(12)
    expect(half).toBeLessThan(20)
    expect(sender.sentBytes / PACKET_BYTES).toBeLessThanOrEqual(32)
  })

  it('grows quickly on a path that carries it: 1 MiB takes six round trips', () => {
    expect(timeToDeliver({ delayMs: 25, bytesPerMs: 1e6 }, 900 * PACKET_BYTES)).toBeLessThan(300)
    expect(timeToDeliver({ delayMs: 25, bytesPerMs: 1e6, loss: 0.05 }, 900 * PACKET_BYTES)).toBeLessThan(320)
  })

  it('takes up its start again when it broke it off for a pause of the path, which looks like a queue', () => {
    for (const fromMs of [60, 80, 110, 130, 160]) {
      const pauses = [{ fromMs, untilMs: fromMs + 30 }]
      expect(
        timeToDeliver({ delayMs: 25, bytesPerMs: 1e6, pauses }, 900 * PACKET_BYTES),
        `at ${fromMs} ms`,
      ).toBeLessThan(340)
    }
  })

  it('probes soon after its start, which a pause longer than a round trip may have broken off', () => {
    const pauses = [{ fromMs: 75, untilMs: 135 }]

    expect(timeToDeliver({ delayMs: 25, bytesPerMs: 1e6, pauses }, 900 * PACKET_BYTES)).toBeLessThan(600)
  })

  it('does not take a few packets that are late for a sign of what the path carries', () => {
    const sender = new BulkSender({ delayMs: 80, bytesPerMs: 1e6 })
    const firstWindow = sender.congestion.windowBytes
    for (let i = 0; i < 20; i += 1) {
      sender.path = { ...sender.path, delayMs: 80 + 10 * i }
      sender.hasData = true
      sender.runUntil(sender.now, () => (sender.hasData = false))
      sender.runUntil(sender.now + 30)
    }

    expect(sender.stats.lostPackets).toBe(0)
    expect(sender.congestion.windowBytes).toBeGreaterThanOrEqual(firstWindow)
  })

  it('fills a path without filling its buffer', () => {
    const sender = new BulkSender(usual)
    const start = observe(sender, 1_000)
    const later = observe(sender, 20_000)

    expect(start.droppedShare).toBeLessThan(0.01)
    expect(later.share).toBeGreaterThan(0.97)
    expect(later.droppedShare).toBe(0)
    expect(later.averageQueueMs).toBeLessThan(8)
    expect(later.maxQueueMs).toBeLessThan(25)
  })

  it('leaves the start at once where the path is slower than the first window', () => {
    const sender = new BulkSender({ delayMs: 25, bytesPerMs: 2 * MBIT_PER_S, queueBytes: 50_000 })
    const start = observe(sender, 300)
    const later = observe(sender, 10_000)

    expect(start.droppedShare).toBe(0)
    expect(start.maxQueueMs).toBeLessThan(150)
    expect(later.share).toBeGreaterThan(0.97)
    expect(later.averageQueueMs).toBeLessThan(12)
  })

  it.each([0.01, 0.05])('does not slow down for random loss of %d', (loss) => {
    const sender = new BulkSender({ ...usual, loss })
    sender.runUntil(1_000)

    expect(observe(sender, 20_000).share).toBeGreaterThan(0.97 * (1 - loss))
  })

  it('keeps going on a path that jitters', () => {
    const sender = new BulkSender({ ...usual, jitterMs: 30 })
    sender.runUntil(2_000)
    const later = observe(sender, 20_000)

    expect(later.share).toBeGreaterThan(0.93)
    expect(later.averageQueueMs).toBeLessThan(20)
  })

  it('drops little into a shallow buffer', () => {
    const sender = new BulkSender({ ...usual, queueBytes: 10 * PACKET_BYTES })
    sender.runUntil(1_000)
    const later = observe(sender, 20_000)

    expect(later.share).toBeGreaterThan(0.93)
    expect(later.droppedShare).toBeLessThan(0.05)
  })

  it('leaves room for the turns of event loops where the round trip is shorter than they are', () => {
    const sender = new BulkSender({ delayMs: 0.1, bytesPerMs: 300 * MBIT_PER_S })
    const start = observe(sender, 200)
    sender.runUntil(1_000)

    expect(start.averageQueueMs).toBeLessThan(4)
    expect(sender.congestion.windowBytes / sender.path.bytesPerMs).toBeGreaterThan(1.5)
    expect(sender.congestion.windowBytes / sender.path.bytesPerMs).toBeLessThan(4)
  })

  it('finds out within seconds that a path carries more', () => {
    const sender = new BulkSender(usual)
    sender.runUntil(3_000)
    sender.path = { ...sender.path, bytesPerMs: 50 * MBIT_PER_S, queueBytes: 500 * PACKET_BYTES }
    sender.runUntil(6_000)

    expect(observe(sender, 3_000).share).toBeGreaterThan(0.95)
  })

  it('finds out within a second that a path carries less', () => {
    const sender = new BulkSender(usual)
    sender.runUntil(3_000)
    sender.path = { ...sender.path, bytesPerMs: 2 * MBIT_PER_S, queueBytes: 50_000 }
    sender.runUntil(4_200)
    const later = observe(sender, 5_000)

    expect(later.share).toBeGreaterThan(0.95)
    expect(later.averageQueueMs).toBeLessThan(15)
    expect(later.droppedShare).toBeLessThan(0.01)
  })

  it('sends at its old rate within two round trips of the first ack after a blackout, without filling the buffer', () => {
    const sender = new BulkSender(usual)
    sender.runUntil(3_000)
    sender.path = { ...sender.path, loss: 1 }
    sender.runUntil(8_000)
    const deliveredBefore = sender.deliveredBytes
    sender.path = { ...sender.path, loss: 0 }
    while (sender.deliveredBytes === deliveredBefore) sender.runUntil(sender.now + 1)
    // The first packet is there now; its ack takes half a round trip, and the two begin.
    sender.runUntil(sender.now + 25 + 100)
    const later = observe(sender, 1_000)

    expect(later.share).toBeGreaterThan(0.95)
    expect(later.droppedShare).toBe(0)
    expect(later.maxQueueMs).toBeLessThan(40)
  })

  it('does not take a pause of the program for a slower path', () => {
    const sender = new BulkSender(usual)
    sender.runUntil(3_000)
    sender.hasData = false
    sender.runUntil(13_000)
    sender.hasData = true
    sender.runUntil(13_100)
    const later = observe(sender, 500)

    expect(later.share).toBeGreaterThan(0.9)
    expect(later.droppedShare).toBe(0)
  })

  it('measures the round trip anew when it may have changed', () => {
    const sender = new BulkSender(usual)
    sender.runUntil(5_000)
    sender.path = { ...sender.path, delayMs: 60 }
    sender.runUntil(30_000)
    const later = observe(sender, 10_000)

    expect(sender.rtt.minimumMs).toBeGreaterThan(119)
    expect(later.share).toBeGreaterThan(0.93)
    expect(later.averageQueueMs).toBeLessThan(25)
  })

  it.each([
    [0.256, 50],
    [1, 25],
    [10, 100],
    [100, 5],
    [1_000, 0.5],
  ])('carries %d Mbit/s over %d ms', (mbitPerS, delayMs) => {
    const bytesPerMs = mbitPerS * MBIT_PER_S
    const sender = new BulkSender({ delayMs, bytesPerMs, queueBytes: Math.max(30_000, bytesPerMs * 50) })
    sender.runUntil(20 * delayMs + 1_000)

    expect(observe(sender, 20 * delayMs + 1_000).share).toBeGreaterThan(0.94)
  })
})
