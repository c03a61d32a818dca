import { describe, expect, it } from 'vitest'
import { Pacer } from '../../../lib/reliable/congestion/pacer.ts'

/** Sends 1,000-byte packets as the pacer allows until a time, waking when it says. Returns the times. */
function sendUntil(pacer: Pacer, untilMs: number, bytesPerMs: number, startMs = 0): number[] {
  const times: number[] = []
  for (let now = startMs; now < untilMs;) {
    if (pacer.mayRelease(now)) {
      pacer.onPacketSent(now, 1_000, bytesPerMs)
      times.push(now)
    } else {
      expect(pacer.nextAt(now)).toBeGreaterThan(now)
      now = pacer.nextAt(now)
    }
  }
  return times
}

describe('Pacer', () => {
  it('spreads packets evenly at a slow rate', () => {
    const times = sendUntil(new Pacer(0), 100, 100)

    expect(times).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90])
  })

  it('lets packets of a fast link leave in groups of a millisecond, at the same rate', () => {
    const times = sendUntil(new Pacer(0), 100, 10_000)
    const moments = new Set(times)

    expect(times.length).toBeGreaterThanOrEqual(1_000)
    expect(times.length).toBeLessThanOrEqual(1_010)
    expect(moments.size).toBeLessThanOrEqual(101)
  })

  it('never lets the time that it names pass without releasing', () => {
    const pacer = new Pacer(0)
    for (let now = 0, i = 0; i < 1_000; i += 1) {
      while (pacer.mayRelease(now)) pacer.onPacketSent(now, 777, 33.3)
      now = pacer.nextAt(now)
      expect(pacer.mayRelease(now)).toBe(true)
    }
  })

  it('makes up for what a late main loop lost, within 25 ms', () => {
    const pacer = new Pacer(0)
    while (pacer.mayRelease(0)) pacer.onPacketSent(0, 1_000, 1_000)
    let sent = 0
    for (; pacer.mayRelease(16); sent += 1) pacer.onPacketSent(16, 1_000, 1_000)
    let sentAfterLongSleep = 0
    for (; pacer.mayRelease(1_016); sentAfterLongSleep += 1) pacer.onPacketSent(1_016, 1_000, 1_000)

    expect(sent).toBeGreaterThanOrEqual(15)
    expect(sent).toBeLessThanOrEqual(17)
    expect(sentAfterLongSleep).toBeGreaterThanOrEqual(25)
    expect(sentAfterLongSleep).toBeLessThanOrEqual(27)
  })

  it('earns no burst by resting', () => {
    const pacer = new Pacer(0)
    while (pacer.mayRelease(0)) pacer.onPacketSent(0, 1_000, 1_000)
    pacer.rest()
    let sent = 0
    for (; pacer.mayRelease(500); sent += 1) pacer.onPacketSent(500, 1_000, 1_000)

    expect(sent).toBeLessThanOrEqual(2)
  })

  it('makes the next packet wait for those that did not ask', () => {
    const pacer = new Pacer(0)
    pacer.onPacketSent(0, 1_000, 100)
    pacer.onPacketSent(0, 1_000, 100)

    expect(pacer.mayRelease(0)).toBe(false)
    expect(pacer.nextAt(0)).toBe(20)
  })
})
