import { describe, expect, it } from 'vitest'
import { Countdown } from '../../lib/core/countdown.ts'
import { createRandom } from '../support/random.ts'

describe('countdown', () => {
  it('is over when its limit has passed, and stays so', () => {
    const countdown = new Countdown(100, 1_000)
    expect(countdown.nextDeadline).toBe(1_100)
    expect(countdown.advance(1_099, Infinity)).toBe(false)
    expect(countdown.advance(1_100, Infinity)).toBe(true)
    expect(countdown.advance(1_100, Infinity)).toBe(true)
  })

  it('counts no more of a pause than it is told', () => {
    const countdown = new Countdown(0, 1_000)
    expect(countdown.advance(60_000, 400)).toBe(false)
    expect(countdown.nextDeadline).toBe(60_600)
    expect(countdown.advance(120_000, 400)).toBe(false)
    expect(countdown.advance(120_200, 400)).toBe(true)
  })

  it('never goes back in time', () => {
    const countdown = new Countdown(1_000, 1_000)
    countdown.advance(1_500, Infinity)
    expect(countdown.advance(200, Infinity)).toBe(false)
    expect(countdown.nextDeadline).toBe(2_000)
  })

  it('can be without end', () => {
    const countdown = new Countdown(0, Infinity)
    expect(countdown.nextDeadline).toBe(Infinity)
    expect(countdown.advance(2 ** 52, Infinity)).toBe(false)
  })

  it('is over exactly at its deadline, whatever the clock reads', () => {
    const random = createRandom(5)
    for (let run = 0; run < 1_000; run += 1) {
      const start = random() * 2 ** (run % 44)
      const countdown = new Countdown(start, 1 + random() * 5_000)
      countdown.advance(start + random(), Infinity)
      countdown.advance(start + 1 + random() * 3, random())
      expect(countdown.advance(countdown.nextDeadline, Infinity)).toBe(true)
    }
  })
})
