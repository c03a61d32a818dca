import { describe, expect, it } from 'vitest'
import { transitions, type Input } from '../../lib/classic/phase.ts'
import { nextState, type LifecycleState } from '../../lib/session/lifecycle.ts'

const states: LifecycleState[] = [
  'waiting',
  'dialing',
  'connecting',
  'connected',
  'stalled',
  'closing',
  'draining',
  'closed',
]
const inputs: Input[] = ['dial', 'shown', 'established', 'silent', 'heard', 'close', 'drain', 'retry', 'over']

function leadsSomewhere(state: LifecycleState, input: Input): boolean {
  try {
    nextState(transitions, state, input)
    return true
  } catch {
    return false
  }
}

describe('the table of states', () => {
  it('leads a client through its life', () => {
    const life: Input[] = ['dial', 'shown', 'established', 'silent', 'heard', 'retry', 'dial', 'shown', 'established']
    const ending: Input[] = ['close', 'over']
    const seen = [...life, ...ending].reduce<LifecycleState[]>(
      (path, input) => [...path, nextState(transitions, path.at(-1) ?? 'waiting', input)],
      [],
    )
    expect(seen).toEqual([
      'dialing',
      'connecting',
      'connected',
      'stalled',
      'connected',
      'waiting',
      'dialing',
      'connecting',
      'connected',
      'closing',
      'closed',
    ])
  })

  it('ends every life but one that has ended', () => {
    expect(states.filter((state) => leadsSomewhere(state, 'over'))).toEqual(
      states.filter((state) => state !== 'closed'),
    )
    expect(inputs.filter((input) => leadsSomewhere('closed', input))).toEqual([])
  })

  it('never leads from an ending state back to life', () => {
    const alive = ['dialing', 'connecting', 'connected', 'stalled', 'waiting']
    for (const state of ['closing', 'draining'] as const) {
      for (const input of inputs.filter((candidate) => leadsSomewhere(state, candidate))) {
        expect(alive).not.toContain(nextState(transitions, state, input))
      }
    }
  })

  it('throws where an input leads nowhere, and says which', () => {
    expect(() => nextState(transitions, 'closed', 'dial')).toThrow(`in the state 'closed' cannot take 'dial'`)
    expect(() => nextState(transitions, 'dialing', 'established')).toThrow()
    expect(() => nextState(transitions, 'draining', 'retry')).toThrow()
  })
})
