import { describe, expect, it } from 'vitest'
import { runBatch } from './batch.ts'
import { findScenario, scenarios } from './registry.ts'
import { defineScenario, replayCommand, ScenarioFailure } from './scenario.ts'

const failing = defineScenario('failing', ({ seed, trace }) => {
  trace?.note(1, 'node', 'something happened')
  if (seed === 3) throw new Error('three is wrong')
})

function failureOf(run: () => void): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}

describe('a scenario', () => {
  it('names its seed, what is wrong, and what went before it, when it fails', () => {
    expect(failureOf(() => failing.run(2))).toBeUndefined()
    const failure = failureOf(() => failing.run(3))
    expect(failure).toBeInstanceOf(ScenarioFailure)
    expect(failure).toMatchObject({
      message: 'failing, seed 3: three is wrong',
      trace: expect.stringContaining('something happened') as string,
    })
  })

  it('says so when it does not fail again', () => {
    let runs = 0
    const moody = defineScenario('moody', () => {
      runs += 1
      if (runs === 1) throw new Error('once')
    })
    expect(() => moody.run(1)).toThrow('not the same when run again')
  })

  it('is run again by one command', () => {
    expect(replayCommand('blackout', 17)).toBe('SEED=17 npm run sim -- --scenario blackout')
  })
})

describe('the registry', () => {
  it('has each name once, and finds it', () => {
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length)
    expect(findScenario('blackout').name).toBe('blackout')
    expect(() => findScenario('nothing')).toThrow('nothing')
  })

  it('runs a batch to its end', () => {
    expect(runBatch({ scenario: 'close-at-once', firstSeed: 1, seeds: 3 }).failures).toEqual([])
  })
})
