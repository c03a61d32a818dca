import { describe, expect, it } from 'vitest'
import { RetransmitTimer } from '../../lib/core/retransmit-timer.ts'

/** When it is said, if it is asked at every due time. */
function sayTimes(repetition: RetransmitTimer, count: number): number[] {
  return Array.from({ length: count }, () => {
    const { dueAt } = repetition
    expect(repetition.poll(dueAt - 0.5)).toBe(false)
    expect(repetition.poll(dueAt)).toBe(true)
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

  it('follows a pause with one repetition, not with all that were missed', () => {
    const repetition = new RetransmitTimer(0)
    repetition.poll(0)
    expect(repetition.poll(60_000)).toBe(true)
    expect(repetition.poll(60_000)).toBe(false)
    expect(repetition.dueAt).toBe(60_300)
  })

  it('counts', () => {
    const repetition = new RetransmitTimer(0)
    sayTimes(repetition, 3)
    expect(repetition.count).toBe(3)
  })
})
