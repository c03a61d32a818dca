import { describe, expect, it } from 'vitest'
import { HalfOpen } from '../../lib/session/half-open.ts'
import type { Session, SessionState } from '../../lib/session/session.ts'

function sessionIn(state: SessionState): Session {
  return { state } as Session
}

describe('HalfOpen', () => {
  it('counts handshakes, of all and of each network', () => {
    const halfOpen = new HalfOpen()
    halfOpen.begin('1', 'a')
    halfOpen.begin('2', 'a')
    halfOpen.begin('3', 'b')
    expect([halfOpen.size, halfOpen.of('a'), halfOpen.of('b'), halfOpen.of('c')]).toEqual([3, 2, 1, 0])
    halfOpen.end('2')
    halfOpen.end('2')
    halfOpen.end('unknown')
    expect([halfOpen.size, halfOpen.of('a'), halfOpen.of('b')]).toEqual([2, 1, 1])
  })

  it('lets go of those whose client was heard, or that are over, and of no others', () => {
    const halfOpen = new HalfOpen()
    const states: SessionState[] = ['connecting', 'connected', 'closed']
    for (const [i, state] of states.entries()) {
      halfOpen.begin(state, `${i}`)
      halfOpen.admit(state, sessionIn(state))
    }
    halfOpen.begin('not let in yet', 'a')
    halfOpen.check(0)
    expect([halfOpen.size, halfOpen.of('0'), halfOpen.of('1'), halfOpen.of('2'), halfOpen.of('a')]).toEqual([
      2, 1, 0, 0, 1,
    ])
  })

  it('checks no more often than needed', () => {
    const halfOpen = new HalfOpen()
    halfOpen.check(0)
    halfOpen.begin('1', 'a')
    halfOpen.admit('1', sessionIn('connected'))
    halfOpen.check(9)
    expect(halfOpen.size).toBe(1)
    halfOpen.check(10)
    expect(halfOpen.size).toBe(0)
  })
})
