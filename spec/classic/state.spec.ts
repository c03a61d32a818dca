import { describe, expect, it } from 'vitest'
import { nextState, type ClassicState, type Input } from '../../lib/classic/state.ts'

const states: ClassicState[] = [
  'waiting',
  'dialing',
  'connecting',
  'connected',
  'stalled',
  'closing',
  'lingering',
  'closed',
]
const inputs: Input[] = ['dial', 'shown', 'established', 'silent', 'heard', 'close', 'linger', 'retry', 'over']

function leadsSomewhere(state: ClassicState, input: Input): boolean {
  try {
    nextState(state, input)
    return true
  } catch {
    return false
  }
}

describe('the table of states', () => {
  it('leads a client through its life', () => {
    const life: Input[] = ['dial', 'shown', 'established', 'silent', 'heard', 'retry', 'dial', 'shown', 'established']
    const ending: Input[] = ['close', 'over']
    const seen = [...life, ...ending].reduce<ClassicState[]>(
      (path, input) => [...path, nextState(path.at(-1) ?? 'waiting', input)],
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
    for (const state of ['closing', 'lingering'] as const) {
      for (const input of inputs.filter((candidate) => leadsSomewhere(state, candidate))) {
        expect(alive).not.toContain(nextState(state, input))
      }
    }
  })

  it('throws where an input leads nowhere, and says which', () => {
    expect(() => nextState('closed', 'dial')).toThrow(`in the state 'closed' cannot take 'dial'`)
    expect(() => nextState('dialing', 'established')).toThrow()
    expect(() => nextState('lingering', 'retry')).toThrow()
  })
})
