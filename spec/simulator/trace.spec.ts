import { describe, expect, it } from 'vitest'
import { Trace } from '../../lib/simulator/trace.ts'

describe('Trace', () => {
  it('keeps the last lines and says how many went before them', () => {
    const trace = new Trace(3)
    for (let i = 1; i <= 5; i += 1) trace.note(i, 'node', `event ${i}`)
    expect(trace.lines.map((line) => line.slice(-7))).toEqual(['event 3', 'event 4', 'event 5'])
    expect(trace.toString().split('\n')[0]).toBe('… 2 earlier lines')
  })

  it('is empty at first, and refuses to hold nothing', () => {
    expect(new Trace().toString()).toBe('')
    expect(() => new Trace(0)).toThrow(RangeError)
  })
})
