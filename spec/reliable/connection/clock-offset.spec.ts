import { describe, expect, it } from 'vitest'
import { ClockOffset } from '../../../lib/reliable/connection/clock-offset.ts'
import { Random } from '../../../lib/simulator/index.ts'

describe('ClockOffset', () => {
  it('knows nothing before the first exchange', () => {
    expect(new ClockOffset().offsetMs).toBeNaN()
  })

  it('believes the exchange that took the least time', () => {
    const clock = new ClockOffset()
    clock.sample(90, 1_020)
    clock.sample(50, 1_001)
    clock.sample(140, 970)

    expect(clock.offsetMs).toBe(1_001)
    expect(clock.count).toBe(3)
  })

  it('lets go of it after eight more, because clocks drift', () => {
    const clock = new ClockOffset()
    clock.sample(50, 1_000)
    for (let i = 0; i < 8; i += 1) clock.sample(60, 1_005)

    expect(clock.offsetMs).toBe(1_005)
  })

  it('is off by no more than half of what the best round trip took too long', () => {
    const random = new Random(7)
    const clock = new ClockOffset()
    let leastSurplusMs = Infinity
    for (let i = 0; i < 8; i += 1) {
      const thereMs = random.between(25, 60)
      const backMs = random.between(25, 60)
      leastSurplusMs = Math.min(leastSurplusMs, thereMs + backMs - 50)
      clock.sample(thereMs + backMs, 333 + (thereMs - backMs) / 2)
    }

    expect(Math.abs(clock.offsetMs - 333)).toBeLessThanOrEqual(leastSurplusMs / 2)
  })
})
