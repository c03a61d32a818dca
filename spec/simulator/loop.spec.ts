import { describe, expect, it } from 'vitest'
import { Loop } from '../../lib/simulator/loop.ts'

describe('Loop', () => {
  it('ticks at its interval from its phase on, without drift', () => {
    const loop = new Loop({ stepMs: 1_000 / 60, phaseMs: 3 })
    let time = -1
    for (let tick = 0; tick < 600; tick += 1) time = loop.nextTick(time)
    expect(time).toBeCloseTo(3 + 599 * (1_000 / 60), 6)
  })

  it('always ticks later than now', () => {
    const loop = new Loop({ stepMs: 0.1 })
    for (let time = 0, tick = 0; tick < 1_000; tick += 1) {
      expect(loop.nextTick(time)).toBeGreaterThan(time)
      time = loop.nextTick(time)
    }
  })

  it('does not run in its pauses, not even where one follows the other', () => {
    const loop = new Loop({
      pauses: [
        { fromMs: 20, untilMs: 30 },
        { fromMs: 10, untilMs: 20 },
      ],
    })
    expect([9, 10, 25, 30].map((time) => loop.runsFrom(time))).toEqual([9, 30, 30, 30])
    loop.pause(40, 41)
    expect(loop.runsFrom(40)).toBe(41)
  })

  it('refuses what cannot be', () => {
    expect(() => new Loop({ stepMs: 0 })).toThrow(RangeError)
    expect(() => new Loop({ inboxPackets: 0 })).toThrow(RangeError)
    expect(() => new Loop().pause(5, 5)).toThrow(RangeError)
  })
})
