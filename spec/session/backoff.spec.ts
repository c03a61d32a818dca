import { describe, expect, it } from 'vitest'
import { Backoff } from '../../lib/session/backoff.ts'
import { createRandom } from '../support/random.ts'

const almostOne = (): number => 1 - 2 ** -32

describe('the backoff', () => {
  it('doubles from the least delay to the greatest', () => {
    const backoff = new Backoff({ minDelayMs: 100, maxDelayMs: 500, attempts: Infinity }, almostOne)
    const delays = Array.from({ length: 5 }, () => Math.round(backoff.next()))
    expect(delays).toEqual([100, 200, 400, 500, 500])
  })

  it('is half fixed and half random', () => {
    const random = createRandom(7)
    const backoff = new Backoff({ minDelayMs: 100, maxDelayMs: 100, attempts: Infinity }, random)
    const delays = Array.from({ length: 1_000 }, () => backoff.next())
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(50)
    expect(Math.min(...delays)).toBeLessThan(51)
    expect(Math.max(...delays)).toBeLessThan(100)
    expect(Math.max(...delays)).toBeGreaterThan(99)
  })

  it('allows so many attempts, and as many again after a connection stood', () => {
    const backoff = new Backoff({ minDelayMs: 100, maxDelayMs: 500, attempts: 2 }, almostOne)
    expect(backoff.hasNext).toBe(true)
    backoff.next()
    backoff.next()
    expect(backoff.hasNext).toBe(false)

    backoff.reset()

    expect(backoff.hasNext).toBe(true)
    expect(Math.round(backoff.next())).toBe(100)
  })

  it('never names an endless delay, however many attempts there were', () => {
    const backoff = new Backoff({ minDelayMs: 1, maxDelayMs: 60_000, attempts: Infinity }, almostOne)
    for (let attempt = 0; attempt < 2_000; attempt += 1) backoff.next()
    expect(backoff.hasNext).toBe(true)
    expect(Math.round(backoff.next())).toBe(60_000)
  })

  it('allows none where none are wanted', () => {
    expect(new Backoff({ minDelayMs: 1, maxDelayMs: 1, attempts: 0 }, almostOne).hasNext).toBe(false)
  })
})
