import { describe, expect, it } from 'vitest'
import { Repeater } from '../../lib/classic/repeater.ts'

const bytes = Uint8Array.of(1)

/** The times at which a repeater speaks, asked exactly when it says. */
function timesUntil(repeater: Repeater, until: number): number[] {
  const times: number[] = []
  while (repeater.dueAt <= until) {
    times.push(repeater.dueAt)
    expect(repeater.poll(repeater.dueAt)).toBe(bytes)
  }
  return times
}

describe('a repeater', () => {
  it('speaks at once, then after 200 ms, growing by half to a second', () => {
    expect(timesUntil(new Repeater(0, bytes, Infinity), 5_700)).toEqual([
      0, 200, 500, 950, 1_625, 2_625, 3_625, 4_625, 5_625,
    ])
  })

  it('is silent between its times', () => {
    const repeater = new Repeater(0, bytes, Infinity)
    repeater.poll(0)
    expect(repeater.poll(199.9)).toBeUndefined()
    expect(repeater.poll(200)).toBe(bytes)
    expect(repeater.poll(200)).toBeUndefined()
  })

  it('speaks no more often than it may', () => {
    const repeater = new Repeater(0, bytes, 2)
    expect(timesUntil(repeater, 60_000)).toEqual([0, 200])
    expect(repeater.dueAt).toBe(Infinity)
    expect(repeater.poll(60_000)).toBeUndefined()
  })

  it('speaks once after a pause, and goes on from there', () => {
    const repeater = new Repeater(0, bytes, Infinity)
    repeater.poll(0)
    expect(repeater.poll(30_000)).toBe(bytes)
    expect(repeater.poll(30_000)).toBeUndefined()
    expect(repeater.dueAt).toBe(30_300)
  })
})
