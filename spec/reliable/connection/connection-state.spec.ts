import { describe, expect, it } from 'vitest'
import { transitions, type Transition } from '../../../lib/reliable/connection/connection-state.ts'
import { nextState, type LifecycleState } from '../../../lib/session/lifecycle.ts'

const states = Object.keys(transitions) as LifecycleState[]

describe('the states of a session', () => {
  it('change by the table and in no other way', () => {
    const inputs = new Set(states.flatMap((state) => Object.keys(transitions[state]) as Transition[]))
    for (const state of states) {
      for (const input of inputs) {
        const next = transitions[state][input]
        if (next === undefined)
          expect(() => nextState(transitions, state, input)).toThrow(`'${state}' cannot take '${input}'`)
        else expect(nextState(transitions, state, input)).toBe(next)
      }
    }
  })

  it('can all be over, and nothing follows that', () => {
    for (const state of states) if (state !== 'closed') expect(nextState(transitions, state, 'over')).toBe('closed')
    expect(transitions.closed).toEqual({})
  })

  it('can all be reached by a client', () => {
    const reached = new Set<LifecycleState>(['waiting'])
    for (const state of reached) for (const next of Object.values(transitions[state])) reached.add(next)
    expect([...reached].sort()).toEqual([...states].sort())
  })

  it('never lead a server’s session to dialing', () => {
    const clientOnly: readonly string[] = ['dial', 'shown']
    const reached = new Set<LifecycleState>(['connecting'])
    for (const state of reached) {
      for (const [input, next] of Object.entries(transitions[state])) if (!clientOnly.includes(input)) reached.add(next)
    }
    expect([...reached].sort()).toEqual([
      'closed',
      'closing',
      'connected',
      'connecting',
      'draining',
      'stalled',
      'waiting',
    ])
  })
})
