import { describe, expect, it } from 'vitest'
import { MIN_PROBE_TIMEOUT_MS, RttEstimator } from '../../../lib/reliable/recovery/rtt.ts'
import { Random } from '../../../lib/simulator/index.ts'

/** An estimator that was fed one sample every 10 ms, none of them held back. */
function measure(rtts: readonly number[], rtt = new RttEstimator(0, NaN)): RttEstimator {
  for (const [i, rttMs] of rtts.entries()) rtt.sample(i * 10, rttMs, 0)
  return rtt
}

describe('RttEstimator', () => {
  it('knows nothing until something was measured', () => {
    const rtt = new RttEstimator(0, NaN)

    expect(rtt.hasSample).toBe(false)
    expect(rtt.smoothedMs).toBeNaN()
    expect(rtt.probeTimeoutMs).toBeGreaterThanOrEqual(100)
  })

  it('begins with the round trip of the handshake', () => {
    const rtt = new RttEstimator(0, 40)

    expect(rtt.smoothedMs).toBe(40)
    expect(rtt.varianceMs).toBe(20)
  })

  it('smooths as RFC 6298 has it: an eighth of the new, a quarter of its deviation', () => {
    const rtt = measure([100, 180])

    expect(rtt.smoothedMs).toBe(110)
    expect(rtt.varianceMs).toBe(57.5)
  })

  it('takes off what the other side held the ack back for', () => {
    const rtt = measure([50])
    rtt.sample(10, 80, 30)

    expect(rtt.latestMs).toBe(50)
    expect(rtt.smoothedMs).toBe(50)
  })

  it('does not believe a delay that leaves less than the path takes', () => {
    const rtt = measure([50])
    rtt.sample(10, 60, 40)

    expect(rtt.latestMs).toBe(60)
    expect(rtt.minimumMs).toBe(50)
  })

  it('waits for probes at least 20 ms, and as long as acks are held back', () => {
    const quick = measure(Array.from({ length: 50 }, () => 1))
    const held = measure(Array.from({ length: 50 }, () => 1))
    held.sample(500, 31, 30)

    expect(quick.probeTimeoutMs).toBe(MIN_PROBE_TIMEOUT_MS)
    expect(held.probeTimeoutMs).toBeGreaterThan(30)
  })

  it('tells jitter from a queue', () => {
    const random = new Random(1)
    const jittery = measure(Array.from({ length: 200 }, () => random.between(60, 125)))
    const queued = measure(Array.from({ length: 200 }, (_, i) => (i < 20 ? 50 : 150)))

    expect(jittery.queueMs).toBeLessThan(20)
    expect(jittery.jitterMs).toBeGreaterThan(15)
    expect(queued.queueMs).toBe(100)
    expect(queued.jitterMs).toBeLessThan(1)
  })

  it('forgets a minimum that the path no longer has', () => {
    const rtt = measure([20])
    for (let now = 10; now < 12_000; now += 10) rtt.sample(now, 90, 0)

    expect(rtt.minimumMs).toBe(90)
    expect(rtt.queueMs).toBe(0)
  })

  it('knows the least and the greatest of the last few samples', () => {
    const rtt = measure([10, 30, 50, 40])

    expect(rtt.leastOfLast(2)).toBe(40)
    expect(rtt.leastOfLast(3)).toBe(30)
    expect(rtt.greatestOfLast(1)).toBe(40)
    expect(rtt.greatestOfLast(2)).toBe(50)
    expect(rtt.standingMs).toBe(10)
  })
})
