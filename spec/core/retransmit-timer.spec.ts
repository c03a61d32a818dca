import { describe, expect, it } from 'vitest'
import { RetransmitTimer } from '../../lib/core/retransmit-timer.ts'

/** When it is said, if it is asked at every due time. */
function sayTimes(timer: RetransmitTimer, count: number): number[] {
  return Array.from({ length: count }, () => {
    const { dueAt } = timer
    expect(timer.poll(dueAt - 0.5)).toBe(false)
    expect(timer.poll(dueAt)).toBe(true)
    return dueAt
  })
}

describe('RetransmitTimer', () => {
  it('is due at once, after 200 ms, and then half as much later each time, up to a second', () => {
    expect(sayTimes(new RetransmitTimer(0), 8)).toEqual([0, 200, 500, 950, 1625, 2625, 3625, 4625])
  })

  it('may begin faster, where an answer takes less time', () => {
    expect(sayTimes(new RetransmitTimer(0, 40), 4)).toEqual([0, 40, 100, 190])
  })

  it('keeps an interval of more than a second, where an answer takes that long', () => {
    expect(sayTimes(new RetransmitTimer(0, 3_000), 3)).toEqual([0, 3_000, 6_000])
  })

  it('follows a pause with one time, not with all that were missed', () => {
    const timer = new RetransmitTimer(0)
    timer.poll(0)
    expect(timer.poll(60_000)).toBe(true)
    expect(timer.poll(60_000)).toBe(false)
    expect(timer.dueAt).toBe(60_300)
  })

  it('is due as often as it may be, and no more', () => {
    const timer = new RetransmitTimer(0, 200, 2)
    expect(sayTimes(timer, 2)).toEqual([0, 200])
    expect(timer.dueAt).toBe(Infinity)
    expect(timer.poll(60_000)).toBe(false)
  })

  it('counts', () => {
    const timer = new RetransmitTimer(0)
    sayTimes(timer, 3)
    expect(timer.count).toBe(3)
  })
})
