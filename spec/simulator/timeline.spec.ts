import { describe, expect, it } from 'vitest'
import { Timeline } from '../../lib/simulator/timeline.ts'

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
