import { describe, expect, it } from 'vitest'
import { RedundancyControl, type Redundancy } from '../../../lib/reliable/channel/redundancy.ts'
import { RttEstimator } from '../../../lib/reliable/recovery/rtt.ts'
import { Random } from '../../../lib/simulator/index.ts'

const INTERVAL_MS = 16
const NEW_BYTES = 70

/** A program that sends at an interval, and the fates of its packets. */
class Stream {
  readonly rtt = new RttEstimator(0, 50)
  readonly control: RedundancyControl
  readonly #random = new Random(1)
  now = 0

  constructor(mode: Redundancy = 'auto') {
    this.control = new RedundancyControl(0, mode, this.rtt)
  }

  /** Sends packets, of which a share is lost, on a path with so much of a queue. */
  run(packets: number, lossRate: number, { queueMs = 0, bytes = NEW_BYTES } = {}): this {
    for (let i = 0; i < packets; i += 1) {
      this.now += INTERVAL_MS
      this.control.onPacketSent(this.now, bytes, 0)
      if (!this.#random.chance(lossRate)) {
        this.rtt.sample(this.now, 50 + queueMs, 0)
        this.control.onPacketArrived()
        continue
      }
      const wasQueued = this.control.isQueueing
      if (wasQueued) this.control.onCongestion(this.now)
      this.control.onPacketLost(wasQueued)
    }
    return this
  }

  /** How often a message is written in quick succession now. */
  get times(): number {
    this.control.update(this.now)
    return this.control.policy.copies
  }
}

describe('RedundancyControl', () => {
  it('assumes the worst of a path that was not tried', () => {
    expect(new Stream().times).toBe(5)
  })

  it('stops repeating within the first seconds on a path that loses nothing, and does not begin again', () => {
    const stream = new Stream().run(181, 0)
    const afterThreeSeconds = stream.times
    stream.run(10_000, 0)

    expect(afterThreeSeconds).toBe(0)
    expect(stream.times).toBe(0)
  })

  it.each([
    [0.01, 2],
    [0.05, 3],
    [0.1, 5],
    [0.2, 5],
  ])('at a loss of %d writes a message %i times', (lossRate, times) => {
    const stream = new Stream().run(2_000, lossRate)
    const seen: number[] = []
    for (let i = 0; i < 500; i += 1) seen.push(stream.run(10, lossRate).times)
    const share = seen.filter((count) => count === times).length / seen.length

    expect(share).toBeGreaterThan(0.85)
  })

  it('begins again with the first loss', () => {
    const stream = new Stream().run(1_000, 0).run(1, 1)

    expect(stream.times).toBeGreaterThanOrEqual(2)
  })

  it('goes on for hundreds of packets after a single loss, and not for ever', () => {
    const stream = new Stream().run(1_000, 0).run(1, 1).run(700, 0)
    const after700 = stream.times
    stream.run(200, 0)

    expect(after700).toBeGreaterThanOrEqual(2)
    expect(stream.times).toBe(0)
  })

  it('stops when loss comes with a queue, and takes up again when there is none', () => {
    const stream = new Stream().run(500, 0.05).run(40, 0.1, { queueMs: 100 })
    const congested = stream.times
    stream.run(4_000, 0.05)

    expect(congested).toBe(0)
    expect(stream.control.isCongested(stream.now)).toBe(false)
    expect(stream.times).toBe(3)
  })

  it('stops for twice as long each time that congestion comes back at once, and never for more than 16 seconds', () => {
    const { control } = new Stream()
    const pausesMs: number[] = []
    for (let now = 0, count = 0; count < 8; count += 1) {
      control.onCongestion(now)
      const from = now
      while (control.isCongested(now)) now += 100
      pausesMs.push(now - from)
    }

    expect(pausesMs).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 16_000, 16_000])
  })

  it('does not count what a queue lost', () => {
    const stream = new Stream().run(1_000, 0).run(30, 0, { queueMs: 100 }).run(400, 0.2, { queueMs: 100 })

    expect(stream.control.lossRate.hasLost).toBe(false)
    expect(stream.run(100, 0).times).toBe(0)
  })

  it('stops for a long queue even if nothing is lost', () => {
    const stream = new Stream().run(20, 0)
    const before = stream.times
    stream.run(20, 0, { queueMs: 150 })

    expect(before).toBeGreaterThan(1)
    expect(stream.times).toBe(0)
  })

  it('does not take jitter for a queue', () => {
    const random = new Random(2)
    const rtt = new RttEstimator(0, 60)
    const control = new RedundancyControl(0, 'auto', rtt)
    let queueing = 0
    for (let i = 0; i < 20_000; i += 1) {
      rtt.sample(i * 20, 60 + random.between(0, 32.5) + random.between(0, 32.5), 0)
      if (control.isQueueing) queueing += 1
    }

    expect(queueing).toBeLessThan(20)
  })

  it('repeats tiny messages more often, for it costs next to nothing', () => {
    const usual = new Stream().run(2_000, 0.05)
    const tiny = new Stream().run(2_000, 0.05, { bytes: 11 })

    expect(tiny.times).toBeGreaterThan(usual.times)
    expect(tiny.times).toBeLessThanOrEqual(8)
  })

  it('lets copies ride on the program’s own datagrams as long as one an interval is enough', () => {
    const { control, now } = new Stream().run(2_000, 0.01)

    expect(control.carrierAt(now, Infinity)).toBeGreaterThan(now + INTERVAL_MS)
    expect(control.carrierAt(now, Infinity)).toBeLessThan(now + 2 * INTERVAL_MS)
  })

  it('sends one datagram of copies between two of the program’s where that is too few', () => {
    const { control, now } = new Stream().run(2_000, 0.12)
    const first = control.carrierAt(now, Infinity)
    control.onPacketSent(first, 0, NEW_BYTES)

    expect(first).toBeGreaterThan(now)
    expect(first).toBeLessThan(now + INTERVAL_MS / 2)
    expect(control.carrierAt(now, Infinity)).toBeGreaterThan(now + INTERVAL_MS)
  })

  it('does not wait for the program with messages whose ack is overdue', () => {
    const { control, now } = new Stream().run(2_000, 0.05)

    expect(control.carrierAt(now, now)).toBeLessThan(now + INTERVAL_MS / 2)
  })

  it('repeats overdue messages less and less often when nothing is acked at all', () => {
    const { control, now } = new Stream().run(2_000, 0.05)
    control.startWaiting(now)
    const gaps = [100, 1_000, 5_000].map((silenceMs) => {
      control.update(now + silenceMs)
      return control.policy.lateGapMs
    })

    expect(gaps[0]).toBeLessThan(20)
    expect(gaps[1]).toBeGreaterThan(50)
    expect(gaps[2]).toBeGreaterThan(300)
  })

  it('can be turned off, or be told a number', () => {
    expect(new Stream('off').run(1_000, 0.1).times).toBe(0)
    expect(new Stream(2).run(1_000, 0).times).toBe(3)
  })

  it.each([-1, 9, 1.5, NaN])('refuses %d copies', (mode) => {
    expect(() => new Stream(mode)).toThrow(RangeError)
  })
})
