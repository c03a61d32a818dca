import { describe, expect, it } from 'vitest'
import { Liveness } from '../../../lib/network/wire/liveness.ts'

/** Lets time pass by the timer that it asks for, and returns what it said, and when. */
function play(liveness: Liveness, fromMs: number, untilMs: number, isListening = true): [number, string][] {
  const said: [number, string][] = []
  for (let now = fromMs + liveness.waitMs; now <= untilMs; now += liveness.waitMs) {
    const verdict = liveness.handleTime(now, isListening)
    if (verdict !== undefined) said.push([now, verdict])
    if (verdict === 'silent') break
  }
  return said
}

describe('liveness', () => {
  it('asks after keepAliveMs, and again, and gives up after timeoutMs', () => {
    expect(play(new Liveness(5_000, 15_000, 0), 0, 60_000)).toEqual([
      [5_000, 'ask'],
      [10_000, 'ask'],
      [15_000, 'silent'],
    ])
  })

  it('begins anew with whatever is heard', () => {
    const liveness = new Liveness(5_000, 15_000, 0)
    liveness.handleHeard(4_900)
    expect(liveness.handleTime(5_000, true)).toBe(undefined)
    expect(play(liveness, 5_000, 60_000)).toEqual([
      [9_900, 'ask'],
      [14_900, 'ask'],
      [19_900, 'silent'],
    ])
  })

  it('counts no silence while nobody listens, and asks all the same', () => {
    const liveness = new Liveness(1_000, 3_000, 0)
    expect(play(liveness, 0, 9_000, false)).toEqual(Array.from({ length: 9 }, (_, i) => [(i + 1) * 1_000, 'ask']))
    expect(play(liveness, 9_000, 60_000).at(-1)).toEqual([12_000, 'silent'])
  })

  it('takes no pause of its own for silence', () => {
    const liveness = new Liveness(1_000, 3_000, 0)
    expect(liveness.handleTime(1_000_000, true)).toBe('ask')
    expect(liveness.handleTime(2_000_000, true)).toBe('ask')
    expect(liveness.handleTime(3_000_000, true)).toBe('silent')
    const heard = new Liveness(1_000, 3_000, 0)
    heard.handleHeard(1)
    expect(heard.handleTime(1_000_000, true)).toBe('ask')
  })

  it('never asks, or never gives up, where that is 0', () => {
    expect(play(new Liveness(0, 3_000, 0), 0, 60_000)).toEqual([[3_000, 'silent']])
    expect(play(new Liveness(20_000, 0, 0), 0, 60_000)).toHaveLength(3)
    expect(new Liveness(0, 0, 0).waitMs).toBe(Infinity)
  })
})
