import { describe, expect, it } from 'vitest'
import { WindowedBest } from '../../../lib/reliable/recovery/windowed-best.ts'
import { Random } from '../../../lib/simulator/index.ts'

describe('WindowedBest', () => {
  it('has no value at first', () => {
    expect(new WindowedBest('max', 10).value).toBeNaN()
  })

  it('keeps the greatest or the least', () => {
    const max = new WindowedBest('max', 10)
    const min = new WindowedBest('min', 10)
    for (const [time, value] of [3, 7, 5].entries()) {
      max.update(time, value)
      min.update(time, value)
    }

    expect(max.value).toBe(7)
    expect(max.time).toBe(1)
    expect(min.value).toBe(3)
    expect(min.time).toBe(0)
  })

  it('lets go of the best when it grows too old, and knows a successor', () => {
    const max = new WindowedBest('max', 10)
    max.update(0, 100)
    for (let time = 1; time <= 10; time += 1) max.update(time, 50 - time)

    expect(max.value).toBe(100)
    max.update(11, 1)
    expect(max.value).toBeLessThan(50)
    expect(max.value).toBeGreaterThan(30)
  })

  it('starts over after a pause longer than the window', () => {
    const min = new WindowedBest('min', 10)
    min.update(0, 1)
    min.update(100, 5)

    expect(min.value).toBe(5)
  })

  it.each([1, 2, 3])('never says what is not within the window, nor less than the last value (seed %i)', (seed) => {
    const random = new Random(seed)
    const max = new WindowedBest('max', 50)
    const seen: { time: number; value: number }[] = []
    for (let time = 0; time < 2_000; time += random.integer(1, 5)) {
      const value = random.between(0, 100)
      seen.push({ time, value })
      max.update(time, value)
      const recent = seen.filter((sample) => time - sample.time <= 50).map((sample) => sample.value)
      expect(recent).toContain(max.value)
      expect(max.value).toBeGreaterThanOrEqual(value)
    }
  })
})
