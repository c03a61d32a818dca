import { describe, expect, it } from 'vitest'
import { Timeline } from '../../lib/simulator/timeline.ts'
import { Timer } from '../../lib/simulator/timer.ts'
import { Loop } from '../../lib/simulator/loop.ts'

function advance(timeline: Timeline, until: number): void {
  while (timeline.advance(until));
}

describe('Timeline', () => {
  it('jumps from one thing that is due to the next, and on to where it is told to stop', () => {
    const timeline = new Timeline()
    const calls: number[] = []
    for (const time of [30, 10, 20]) {
      timeline.set(timeline.add({ name: 'actor', act: (now) => calls.push(now) }), time)
    }
    advance(timeline, 25)
    expect(calls).toEqual([10, 20])
    expect([timeline.now, timeline.nextTime]).toEqual([25, 30])
  })

  it('calls what was due in the past at once, and never goes back', () => {
    const timeline = new Timeline()
    advance(timeline, 100)
    const calls: number[] = []
    timeline.set(timeline.add({ name: 'actor', act: (now) => calls.push(now) }), 5)
    advance(timeline, 100)
    expect(calls).toEqual([100])
  })

  it('flushes what a call touched before anything else happens, and what the flush touches too', () => {
    const timeline = new Timeline()
    const order: string[] = []
    const second = { flush: () => order.push('second flush') }
    const first = {
      flush: () => {
        order.push('first flush')
        timeline.touch(second)
      },
    }
    timeline.set(
      timeline.add({
        name: 'a',
        act: () => {
          order.push('a')
          timeline.touch(first)
        },
      }),
      1,
    )
    timeline.set(timeline.add({ name: 'b', act: () => order.push('b') }), 1)
    advance(timeline, 1)
    expect(order).toEqual(['a', 'first flush', 'second flush', 'b'])
  })

  it('forgets an actor that was removed', () => {
    const timeline = new Timeline()
    const slot = timeline.add({ name: 'gone', act: () => expect.unreachable() })
    timeline.set(slot, 1)
    timeline.remove(slot)
    advance(timeline, 10)
    expect(timeline.now).toBe(10)
  })

  it('throws and names who keeps time from moving on', () => {
    const timeline = new Timeline()
    const slot = timeline.add({ name: 'restless', act: (now) => timeline.set(slot, now) })
    timeline.set(slot, 1)
    expect(() => advance(timeline, 2)).toThrow(/restless/)
  })
})

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
    const { timeline, calls } = start({ intervalMs: 10, loop: new Loop({ pauses: [{ fromMs: 15, untilMs: 42 }] }) })
    advance(timeline, 60)
    expect(calls).toEqual([0, 10, 42, 50, 60])
  })

  it('does not call after its end, nor when it is stopped', () => {
    const paused = start({ fromMs: 5, untilMs: 20, loop: new Loop({ pauses: [{ fromMs: 0, untilMs: 30 }] }) })
    advance(paused.timeline, 100)
    expect(paused.calls).toEqual([])
    const stopped = start({ intervalMs: 1 })
    advance(stopped.timeline, 2)
    stopped.timer.stop()
    stopped.timer.stop()
    advance(stopped.timeline, 10)
    expect(stopped.calls).toEqual([0, 1, 2])
  })

  it('refuses an interval that does not move on', () => {
    expect(() => start({ intervalMs: 0 })).toThrow(RangeError)
  })
})
