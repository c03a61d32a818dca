import { describe, expect, it } from 'vitest'
import { Patience } from '../../lib/core/countdown.ts'
import { createRandom } from '../support/random.ts'

describe('patience', () => {
  it('is over when its limit has passed, and stays so', () => {
    const patience = new Patience(100, 1_000)
    expect(patience.nextDeadline).toBe(1_100)
    expect(patience.advance(1_099, Infinity)).toBe(false)
    expect(patience.advance(1_100, Infinity)).toBe(true)
    expect(patience.advance(1_100, Infinity)).toBe(true)
  })

  it('counts no more of a pause than it is told', () => {
    const patience = new Patience(0, 1_000)
    expect(patience.advance(60_000, 400)).toBe(false)
    expect(patience.nextDeadline).toBe(60_600)
    expect(patience.advance(120_000, 400)).toBe(false)
    expect(patience.advance(120_200, 400)).toBe(true)
  })

  it('never goes back in time', () => {
    const patience = new Patience(1_000, 1_000)
    patience.advance(1_500, Infinity)
    expect(patience.advance(200, Infinity)).toBe(false)
    expect(patience.nextDeadline).toBe(2_000)
  })

  it('can be without end', () => {
    const patience = new Patience(0, Infinity)
    expect(patience.nextDeadline).toBe(Infinity)
    expect(patience.advance(2 ** 52, Infinity)).toBe(false)
  })

  it('is over exactly at its deadline, whatever the clock reads', () => {
    const random = createRandom(5)
    for (let run = 0; run < 1_000; run += 1) {
      const start = random() * 2 ** (run % 44)
      const patience = new Patience(start, 1 + random() * 5_000)
      patience.advance(start + random(), Infinity)
      patience.advance(start + 1 + random() * 3, random())
      expect(patience.advance(patience.nextDeadline, Infinity)).toBe(true)
    }
  })
})
