import { expect, it } from 'vitest'
import { Soak } from './soak-run.ts'

it(
  'twenty seconds of clients that join, stall, are killed and return: nothing is lost in silence, nothing stays',
  { timeout: 120_000 },
  async () => {
    const { violations, messages, echoes, deeds } = await new Soak({ clients: 150, durationMs: 20_000, seed: 1 }).run()

    expect(violations).toEqual([])
    expect(Math.min(messages, echoes, ...Object.values(deeds))).toBeGreaterThan(0)
  },
)
