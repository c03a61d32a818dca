import { describe, expect, it } from 'vitest'
import { runBatch } from './batch.ts'
import { replayCommand } from './scenario.ts'
import type { Scenario } from './scenario.ts'

const DEFAULT_SEEDS = 300

/** Only what never ends takes this long. */
const TIMEOUT_MS = 600_000

/**
 * Makes a test of each scenario, over the first few hundred seeds, or as many as SIM_SEEDS says; costly ones get their
 * share of that. `onceFailed`: seeds of a scenario that once found a fault, and are played ever since.
 */
export function specifyScenarios(
  title: string,
  scenarios: readonly Scenario[],
  onceFailed: Readonly<Record<string, readonly number[]>> = {},
): void {
  const unknown = Object.keys(onceFailed).find((name) => !scenarios.some((scenario) => scenario.name === name))
  if (unknown !== undefined) throw new Error(`There is no scenario '${unknown}' here.`)
  const seeds = Number(process.env['SIM_SEEDS'] ?? DEFAULT_SEEDS)
  describe(title, () => {
    for (const { name, cost } of scenarios) {
      it(
        `holds in every run of ${name}`,
        () => {
          const count = Math.max(1, Math.round(seeds / cost))
          for (const seed of [...(onceFailed[name] ?? []), ...Array.from({ length: count }, (_, i) => i + 1)]) {
            const { failures } = runBatch({ scenario: name, firstSeed: seed, seeds: 1 })
            for (const { message, trace } of failures) {
              expect.fail(`${trace}\n\n${message}\nagain: ${replayCommand(name, seed)}`)
            }
          }
        },
        TIMEOUT_MS,
      )
    }
  })
}
