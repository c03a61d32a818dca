import { describe, expect, it } from 'vitest'
import { RATE_GRACE_MS, RateLimiter } from '../../lib/session/rate-limiter.ts'

function createLimiter(maxMessagesPerSecond = 100, maxBytesPerSecond = Infinity): RateLimiter {
  return new RateLimiter(0, { maxMessagesPerSecond, maxBytesPerSecond })
}

/** Has packets of 100 bytes arrive at a steady rate. Returns how many were admitted. */
function flood(limiter: RateLimiter, fromMs: number, untilMs: number, perSecond: number): number {
  let admitted = 0
  for (let now = fromMs; now < untilMs; now += 1_000 / perSecond) if (limiter.admits(now, 100)) admitted += 1
  return admitted
}

describe('the rate of a peer', () => {
  it('allows a second’s worth at once, and from then on what time brings', () => {
    const limiter = createLimiter()
    expect(flood(limiter, 0, 1, 1_000_000)).toBe(100)
    expect(flood(limiter, 500, 501, 1_000_000)).toBe(50)
    expect(flood(limiter, 60_000, 60_001, 1_000_000)).toBe(100)
  })

  it('counts bytes, too', () => {
    const limiter = createLimiter(Infinity, 1_000)
    expect(flood(limiter, 0, 1, 1_000_000)).toBe(10)
    expect(limiter.admits(501, 502)).toBe(false)
    expect(limiter.admits(501, 500)).toBe(true)
  })

  it('may have no limit', () => {
    const limiter = createLimiter(Infinity)
    flood(limiter, 0, 1, 10_000_000)
    expect(limiter.takeNotice()).toBeUndefined()
  })

  it('is paid later for what a packet turned out to hold', () => {
    const limiter = createLimiter()
    expect(limiter.admits(0, 100)).toBe(true)
    limiter.charge(199)
    expect(limiter.admits(999, 100)).toBe(false)
    expect(limiter.admits(1_010, 100)).toBe(true)
  })

  it('takes no harm from times that run backwards', () => {
    const limiter = createLimiter()
    flood(limiter, 1_000, 1_001, 1_000_000)
    expect(limiter.admits(0, 100)).toBe(false)
    expect(limiter.admits(1_010, 100)).toBe(true)
  })

  it('is told of when it is exceeded, once a second', () => {
    const limiter = createLimiter()
    flood(limiter, 0, 990, 1_000)
    const { droppedPackets = 0, graceMs } = limiter.takeNotice() ?? {}
    expect(droppedPackets).toBeGreaterThan(700)
    expect(graceMs).toBe(RATE_GRACE_MS)
    expect(limiter.takeNotice()).toBeUndefined()
    flood(limiter, 990, 1_010, 1_000)
    expect(limiter.takeNotice()?.droppedPackets).toBeGreaterThan(droppedPackets)
  })

  it('is exceeded for good by who sends four times as much for the time of grace, and not before', () => {
    const limiter = createLimiter()
    flood(limiter, 0, RATE_GRACE_MS - 1, 600)
    expect(limiter.isExceeded).toBe(false)
    flood(limiter, RATE_GRACE_MS, RATE_GRACE_MS + 1_100, 600)
    expect(limiter.isExceeded).toBe(true)
    expect(limiter.takeNotice()?.graceMs).toBe(0)
  })

  it('is never exceeded for good by who sends twice as much', () => {
    const limiter = createLimiter()
    const admitted = flood(limiter, 0, 60_000, 200)
    expect(limiter.isExceeded).toBe(false)
    expect(admitted).toBeLessThanOrEqual(61 * 100)
  })

  it('is not exceeded for good by bursts with pauses between them', () => {
    const limiter = createLimiter()
    for (let now = 0; now < 60_000; now += 3_000) flood(limiter, now, now + 500, 2_000)
    expect(limiter.isExceeded).toBe(false)
  })
})
