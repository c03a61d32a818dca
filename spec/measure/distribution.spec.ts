import { describe, expect, it } from 'vitest'
import { Distribution } from './distribution.ts'

describe('Distribution', () => {
  it('knows the percentiles, the mean and the largest of thousands of values, in whatever order they came', () => {
    const distribution = new Distribution()
    for (let i = 0; i < 5_000; i += 1) distribution.add(((i * 7_919) % 5_000) + 1)
    expect([50, 99, 99.9, 100].map((percent) => distribution.percentile(percent))).toEqual([2_500, 4_950, 4_995, 5_000])
    expect([distribution.count, distribution.mean, distribution.max]).toEqual([5_000, 2_500.5, 5_000])
    distribution.add(6_000)
    expect(distribution.max).toBe(6_000)
  })

  it('takes those of another', () => {
    const [one, other] = [new Distribution(), new Distribution()]
    for (const value of [3, 1]) other.add(value)
    one.add(2)
    one.addAll(other.values)
    expect([one.count, one.mean, one.max]).toEqual([3, 2, 3])
  })

  it('knows nothing at first', () => {
    expect(new Distribution().max).toBeNaN()
  })
})
