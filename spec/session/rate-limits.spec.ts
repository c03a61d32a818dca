import { describe, expect, it } from 'vitest'
import { RateLimits } from '../../lib/session/rate-limits.ts'
import { Random } from '../../lib/simulator/index.ts'

function countTaken(take: () => boolean, attempts: number): number {
  let taken = 0
  for (let i = 0; i < attempts; i += 1) if (take()) taken += 1
  return taken
}

describe('RateLimits', () => {
  const names = Array.from({ length: 200 }, (_, i) => `198.51.${i >> 4}.${i & 15}`)

  it('gives each name a rate of its own', () => {
    const limits = new RateLimits(5, new Random(1).bytes(8))
    expect(countTaken(() => limits.take(0, '198.51.100.7'), 9)).toBe(5)
    expect(countTaken(() => limits.take(0, '198.51.100.8'), 9)).toBe(5)
  })

  it('has few names share one, and others under another key', () => {
    const sharing = [1, 2].map((seed) => {
      const limits = new RateLimits(1, new Random(seed).bytes(8))
      return names.filter((name) => !limits.take(0, name))
    })
    // Of 200 names in 4,096 buckets about five meet another one.
    for (const list of sharing) expect(list.length).toBeLessThan(20)
    expect(sharing[0]).not.toEqual(sharing[1])
  })

  it('keeps what it has to a second of everybody, however many names there are', () => {
    const limits = new RateLimits(1, new Random(1).bytes(8))
    let taken = 0
    for (let i = 0; i < 100_000; i += 1) if (limits.take(0, `n${i}`)) taken += 1
    expect(taken).toBe(4_096)
  })
})
