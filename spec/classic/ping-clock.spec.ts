import { describe, expect, it } from 'vitest'
import { PingClock } from '../../lib/classic/ping-clock.ts'

describe('the ping clock', () => {
  it('knows nothing before the first answer', () => {
    const clock = new PingClock()
    expect(clock.smoothedRttMs).toBeNaN()
    expect(clock.rttVarianceMs).toBeNaN()
  })

  it('smooths as RFC 6298 does', () => {
    const clock = new PingClock()
    clock.sent(0)
    expect(clock.answered(100)).toBe(100)
    expect([clock.smoothedRttMs, clock.rttVarianceMs]).toEqual([100, 50])

    clock.sent(1_000)
    expect(clock.answered(1_180)).toBe(180)

    expect(clock.smoothedRttMs).toBe((7 * 100 + 180) / 8)
    expect(clock.rttVarianceMs).toBe((3 * 50 + Math.abs(100 - 180)) / 4)
  })

  it('has no answer where nothing was asked', () => {
    const clock = new PingClock()
    expect(clock.answered(50)).toBeUndefined()
    clock.sent(100)
    clock.answered(150)
    expect(clock.answered(160)).toBeUndefined()
  })

  it('reports, but does not smooth, an answer to one of several', () => {
    const clock = new PingClock()
    clock.sent(0)
    clock.sent(500)
    expect(clock.answered(600)).toBe(100)
    expect(clock.smoothedRttMs).toBeNaN()

    expect(clock.answered(640)).toBe(140)
    expect(clock.smoothedRttMs).toBe(140)
  })

  it('gives a PING that was lost up after a while, and measures again', () => {
    const clock = new PingClock()
    clock.sent(0)
    clock.sent(3_500)
    expect(clock.answered(3_560)).toBe(60)
    expect(clock.smoothedRttMs).toBe(60)
  })

  it('takes no time for less than none', () => {
    const clock = new PingClock()
    clock.sent(100)
    expect(clock.answered(99)).toBe(0)
  })

  it('remembers a bounded number of PINGs', () => {
    const clock = new PingClock()
    for (let now = 0; now < 100; now += 1) clock.sent(now)
    let answers = 0
    while (clock.answered(100) !== undefined) answers += 1
    expect(answers).toBe(32)
  })
})
