import { describe, expect, it } from 'vitest'
import { Backoff } from '../../lib/session/backoff.ts'
import { createRandom } from '../support/random.ts'

const almostOne = (): number => 1 - 2 ** -32

/** The next delay after an attempt that failed, or a connection that was heard until `heardAt`; `NaN` for none. */
function next(backoff: Backoff, heardAt = 0): number {
  return Math.round(backoff.next(heardAt) ?? NaN)
}

describe('the backoff', () => {
  it('doubles from the least delay to the greatest', () => {
    const backoff = new Backoff({ minDelayMs: 100, maxDelayMs: 500, attempts: Infinity }, almostOne)
    expect(Array.from({ length: 5 }, () => next(backoff))).toEqual([100, 200, 400, 500, 500])
  })

  it('is half fixed and half random', () => {
    const random = createRandom(7)
    const backoff = new Backoff({ minDelayMs: 100, maxDelayMs: 100, attempts: Infinity }, random)
    const delays = Array.from({ length: 1_000 }, () => backoff.next(0) ?? NaN)
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(50)
    expect(Math.min(...delays)).toBeLessThan(51)
    expect(Math.max(...delays)).toBeLessThan(100)
    expect(Math.max(...delays)).toBeGreaterThan(99)
  })

  it('allows so many attempts, and as many again, from the least delay on, after a connection that stood for ten seconds', () => {
    const backoff = new Backoff({ minDelayMs: 100, maxDelayMs: 500, attempts: 2 }, almostOne)
    expect([next(backoff), next(backoff), next(backoff)]).toEqual([100, 200, NaN])

    backoff.established(5_000)

    expect([next(backoff, 15_000), next(backoff), next(backoff)]).toEqual([100, 200, NaN])
  })

  it('goes on where it was after a connection that stood for less', () => {
    const backoff = new Backoff({ minDelayMs: 100, maxDelayMs: 500, attempts: 2 }, almostOne)
    next(backoff)
    backoff.established(5_000)
    expect(next(backoff, 14_999)).toBe(200)
    backoff.established(15_000)
    expect(next(backoff, 20_000)).toBe(NaN)
  })

  it('never names an endless delay, however many attempts there were', () => {
    const backoff = new Backoff({ minDelayMs: 1, maxDelayMs: 60_000, attempts: Infinity }, almostOne)
    for (let attempt = 0; attempt < 2_000; attempt += 1) next(backoff)
    expect(next(backoff)).toBe(60_000)
  })

  it('allows none where none are wanted', () => {
    expect(new Backoff({ minDelayMs: 1, maxDelayMs: 1, attempts: 0 }, almostOne).next(0)).toBeUndefined()
  })
})
