import { describe, expect, it } from 'vitest'
import { RateMeter } from '../../lib/core/rate-meter.ts'

/** Adds `bytes` in every step of `stepMs` until the time `until`. */
function feed(meter: RateMeter, from: number, until: number, stepMs: number, bytes: number): number {
  let rate = 0
  for (let now = from + stepMs; now <= until; now += stepMs) {
    meter.add(bytes)
    rate = meter.advance(now)
  }
  return rate
}

describe('a rate', () => {
  it('comes to that of a steady stream, however often it is asked', () => {
    for (const stepMs of [10, 16, 100, 1_000]) {
      expect(feed(new RateMeter(0), 0, 10_000, stepMs, stepMs * 2)).toBeCloseTo(2_000, 0)
    }
  })

  it('is averaged over about a second', () => {
    const meter = new RateMeter(0)
    const afterOneSecond = feed(meter, 0, 1_000, 20, 20)
    expect(afterOneSecond / 1_000).toBeCloseTo(1 - Math.exp(-1), 2)
  })

  it('falls to nothing when nothing more comes', () => {
    const meter = new RateMeter(0)
    feed(meter, 0, 5_000, 20, 2_000)
    expect(meter.advance(6_000)).toBeCloseTo(100_000 / Math.E, -3)
    expect(meter.advance(60_000)).toBe(0)
  })

  it('loses no bytes to questions that come too fast', () => {
    const meter = new RateMeter(0)
    for (let now = 1; now <= 5_000; now += 1) {
      meter.add(1)
      meter.advance(now)
    }
    expect(meter.advance(5_010)).toBeGreaterThan(950)
  })

  it('knows no time that runs backwards', () => {
    const meter = new RateMeter(1_000)
    meter.add(500)
    expect(meter.advance(0)).toBe(0)
    expect(meter.advance(2_000)).toBeGreaterThan(0)
  })
})
