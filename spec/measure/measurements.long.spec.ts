import { describe, expect, it } from 'vitest'
import { measurements } from './measurements.ts'

// Seeded, so the same figures each time; `npm run measure` takes more seeds and a minute of each stream.
const options = { seeds: 2, firstSeed: 1, seconds: 60, redundancy: 'auto' } as const

describe('the reliable protocol', () => {
  it.each(measurements.map((measurement) => [measurement.title, measurement] as const))(
    'meets its goals: %s',
    (_title, measurement) => {
      for (const { cells, isMet } of measurement.rows(options)) expect.soft(isMet, JSON.stringify(cells)).toBe(true)
    },
  )
})
