import { describe, expect, it } from 'vitest'
import { TokenBucket } from '../../lib/core/token-bucket.ts'

function countTaken(take: () => boolean, attempts: number): number {
  let taken = 0
  for (let i = 0; i < attempts; i += 1) if (take()) taken += 1
  return taken
}

describe('TokenBucket', () => {
  it.each([1, 3, 100, 7_919])('lets %d pass at once, and as many in each second', (perSecond) => {
    const bucket = new TokenBucket(perSecond)
    expect(countTaken(() => bucket.takeOne(5_000), perSecond + 10)).toBe(perSecond)
    expect(countTaken(() => bucket.takeOne(6_000), perSecond + 10)).toBe(perSecond)
    expect(countTaken(() => bucket.takeOne(6_500), perSecond + 10)).toBe(Math.floor(perSecond / 2))
  })

  it('saves up no more than a second’s', () => {
    const bucket = new TokenBucket(10)
    bucket.takeOne(0)
    expect(countTaken(() => bucket.takeOne(3_600_000), 100)).toBe(10)
  })

  it('lets all pass when there is no limit', () => {
    const bucket = new TokenBucket(Infinity)
    expect(countTaken(() => bucket.takeOne(0), 10_000)).toBe(10_000)
  })

  it('works by clocks that begin anywhere, and by times that go back a little', () => {
    const bucket = new TokenBucket(2)
    expect(countTaken(() => bucket.takeOne(-1e9), 5)).toBe(2)
    expect(bucket.takeOne(-1e9 + 600)).toBe(true)
    expect(bucket.takeOne(-1e9 + 599)).toBe(false)
  })

  it('has what is taken beyond its tokens paid back first', () => {
    const bucket = new TokenBucket(10)
    expect(bucket.has(0, 11)).toBe(false)
    bucket.take(15)
    expect([bucket.has(500, 1), bucket.has(600, 1), bucket.has(1_500, 10)]).toEqual([false, true, true])
  })
})
