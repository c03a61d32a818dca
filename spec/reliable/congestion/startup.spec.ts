import { describe, expect, it } from 'vitest'
import { Startup } from '../../../lib/reliable/congestion/startup.ts'
import { RttEstimator } from '../../../lib/reliable/recovery/rtt.ts'

const RATE = 100

/** How many round trips of this rate a start takes to find that it grows no more. */
function roundsToPlateau(startup: Startup, rate: number): number {
  for (let rounds = 1; rounds <= 100; rounds += 1) if (startup.endsOnPlateau(rate)) return rounds
  return Infinity
}

describe('Startup', () => {
  it('ends after three round trips in which the rate has not grown', () => {
    const startup = new Startup(new RttEstimator(0, 50), 38_400)
    startup.endsOnPlateau(RATE)

    expect(roundsToPlateau(startup, RATE * 1.2)).toBe(3)
  })

  it('gives a second start as many round trips as the first', () => {
    const startup = new Startup(new RttEstimator(0, 50), 38_400)
    startup.endsOnPlateau(RATE)
    roundsToPlateau(startup, RATE)

    startup.begin(48_000, RATE)

    expect(roundsToPlateau(startup, RATE)).toBe(3)
  })
})
