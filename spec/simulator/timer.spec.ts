import { describe, expect, it } from 'vitest'
import { Timeline } from '../../lib/simulator/timeline.ts'
import { Timer } from '../../lib/simulator/timer.ts'

function advance(timeline: Timeline, until: number): void {
  while (timeline.advance(until));
}

/** A program that does nothing in a span of time. */
function pausedBetween(fromMs: number, untilMs: number): { runsFrom(time: number): number } {
  return { runsFrom: (time) => (time >= fromMs && time < untilMs ? untilMs : time) }
}

describe('Timer', () => {
  const start = (settings: Partial<ConstructorParameters<typeof Timer>[2]>) => {
    const timeline = new Timeline()
    const calls: number[] = []
    const timer = new Timer(timeline, () => calls.push(timeline.now), { name: 'timer', ...settings })
    return { timeline, calls, timer }
  }

  it('calls once without an interval', () => {
    const { timeline, calls } = start({ fromMs: 5 })
    advance(timeline, 100)
    expect(calls).toEqual([5])
  })

  it('calls at an interval from its first time on, up to its last', () => {
    const { timeline, calls } = start({ fromMs: 5, intervalMs: 10, untilMs: 35 })
    advance(timeline, 100)
    expect(calls).toEqual([5, 15, 25])
  })

  it('keeps an interval that no binary fraction is, without drift', () => {
    const { timeline, calls } = start({ intervalMs: 1_000 / 60 })
    advance(timeline, 60_000.001)
    expect(calls.length).toBe(3_601)
    expect(calls.at(-1)).toBeCloseTo(60_000, 6)
  })

  it('waits while its program is paused, and skips what it missed', () => {
    const { timeline, calls } = start({ intervalMs: 10, program: pausedBetween(15, 42) })
    advance(timeline, 60)
    expect(calls).toEqual([0, 10, 42, 50, 60])
  })

  it('does not call after its end, nor when it is stopped', () => {
    const paused = start({ fromMs: 5, untilMs: 20, program: pausedBetween(0, 30) })
    advance(paused.timeline, 100)
    expect(paused.calls).toEqual([])
    const stopped = start({ intervalMs: 1 })
    advance(stopped.timeline, 2)
    stopped.timer.stop()
    stopped.timer.stop()
    advance(stopped.timeline, 10)
    expect(stopped.calls).toEqual([0, 1, 2])
  })

  it('refuses a time that is none, and what cannot be called', () => {
    expect(() => start({ fromMs: NaN })).toThrow(RangeError)
    expect(() => start({ untilMs: NaN })).toThrow(RangeError)
    const nothing = undefined as unknown as () => void
    expect(() => new Timer(new Timeline(), nothing, { name: 'timer' })).toThrow(/must be a function/)
  })

  it('refuses an interval that does not move on', () => {
    for (const intervalMs of [0, -1, NaN, Infinity]) expect(() => start({ intervalMs })).toThrow(RangeError)
  })
})
