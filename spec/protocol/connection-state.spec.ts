import { describe, expect, it } from 'vitest'
import { nextState, transitions, type ConnectionState, type Transition } from '../../lib/protocol/connection-state.ts'

const states = Object.keys(transitions) as ConnectionState[]

describe('the states of a session', () => {
  it('change by the table and in no other way', () => {
    const inputs = new Set(states.flatMap((state) => Object.keys(transitions[state]) as Transition[]))
    for (const state of states) {
      for (const input of inputs) {
        const next = transitions[state][input]
        if (next === undefined) expect(() => nextState(state, input)).toThrow(`'${state}' cannot take '${input}'`)
        else expect(nextState(state, input)).toBe(next)
      }
    }
  })

  it('can all be over, and nothing follows that', () => {
    for (const state of states) if (state !== 'closed') expect(nextState(state, 'over')).toBe('closed')
    expect(transitions.closed).toEqual({})
  })

  it('can all be reached by a client', () => {
    const reached = new Set<ConnectionState>(['waiting'])
    for (const state of reached) for (const next of Object.values(transitions[state])) reached.add(next)
    expect([...reached].sort()).toEqual([...states].sort())
  })

  it('never lead a server’s session to dialing', () => {
    const clientOnly: readonly string[] = ['dial', 'shown']
    const reached = new Set<ConnectionState>(['connecting'])
    for (const state of reached) {
      for (const [input, next] of Object.entries(transitions[state])) if (!clientOnly.includes(input)) reached.add(next)
    }
    expect([...reached].sort()).toEqual([
      'closed',
      'closing',
      'connected',
      'connecting',
      'lingering',
      'stalled',
      'waiting',
    ])
  })
})
