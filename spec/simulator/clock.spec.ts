import { describe, expect, it } from 'vitest'
import { Clock } from '../../lib/simulator/clock.ts'
import { Random } from '../../lib/simulator/random.ts'

describe('Clock', () => {
  it('shows the time of the simulation by default', () => {
    expect(new Clock().read(12.5)).toBe(12.5)
  })

  it('is off by its offset and gains by its drift', () => {
    const clock = new Clock({ offsetMs: 1_000, driftPpm: 100 })
    expect(clock.read(0)).toBe(1_000)
    expect(clock.read(1_000_000)).toBeCloseTo(1_001_100, 6)
  })

  it('never says that a deadline is reached before it shows that', () => {
    const random = new Random(1)
    for (let i = 0; i < 2_000; i += 1) {
      const clock = new Clock({ offsetMs: random.between(-1e12, 1e12), driftPpm: random.between(-500, 500) })
      const deadline = clock.read(random.between(0, 1e6)) + random.uniform()
      const time = clock.timeOf(deadline)
      expect(clock.read(time)).toBeGreaterThanOrEqual(deadline)
      expect(clock.read(time - 0.001)).toBeLessThanOrEqual(deadline + 0.001)
    }
  })

  it('keeps never and always as they are', () => {
    const clock = new Clock({ offsetMs: 5, driftPpm: 10 })
    expect(clock.timeOf(Infinity)).toBe(Infinity)
    expect(clock.timeOf(-Infinity)).toBe(-Infinity)
  })

  it('refuses to stand still', () => {
    expect(() => new Clock({ driftPpm: -1_000_000 })).toThrow(RangeError)
    expect(() => new Clock({ offsetMs: Infinity })).toThrow(RangeError)
  })
})
