import { describe, expect, it } from 'vitest'
import { LossRate } from '../../../lib/reliable/recovery/loss-rate.ts'
import { Random } from '../../../lib/simulator/index.ts'

/** Feeds the fates of packets of which a share is lost; returns the estimates after each. */
function feed(loss: LossRate, random: Random, rate: number, packets: number): number[] {
  return Array.from({ length: packets }, () => {
    if (random.chance(rate)) loss.onLost()
    else loss.onArrived()
    return loss.rate
  })
}

describe('LossRate', () => {
  it('assumes that a path loses something before it was tried', () => {
    expect(new LossRate().rate).toBeCloseTo(0.05)
    expect(new LossRate().measured).toBeNaN()
  })

  it('comes down quickly on a path that loses nothing', () => {
    const loss = new LossRate()
    for (let i = 0; i < 180; i += 1) loss.onArrived()

    expect(loss.rate).toBeLessThan(0.006)
    expect(loss.measured).toBe(0)
    expect(loss.hasLost).toBe(false)
    expect(loss.cleanCount).toBe(180)
  })

  it.each([0.01, 0.05, 0.1])('finds a loss of %d, and errs on the high side', (rate) => {
    const estimates = feed(new LossRate(), new Random(3), rate, 20_000).slice(2_000)
    const mean = estimates.reduce((sum, estimate) => sum + estimate, 0) / estimates.length

    expect(mean).toBeGreaterThan(rate * 0.95)
    expect(mean).toBeLessThan(rate * 1.25)
  })

  it('rises within a hundred packets when a path begins to lose', () => {
    const loss = new LossRate()
    const random = new Random(4)
    feed(loss, random, 0, 5_000)
    feed(loss, random, 0.1, 100)

    expect(loss.rate).toBeGreaterThan(0.02)
  })

  it('counts a blackout as no more than a short run of losses', () => {
    const loss = new LossRate()
    const random = new Random(5)
    feed(loss, random, 0, 5_000)
    feed(loss, random, 1, 1_000)
    feed(loss, random, 0, 200)

    expect(loss.rate).toBeLessThan(0.03)
    expect(loss.measured).toBeGreaterThan(0.3)
  })
})
