import { describe, expect, it } from 'vitest'
import { batchesOf, type Failure } from './batch.ts'
import { replayCommand } from './scenario.ts'
import type { Scenario } from './scenario.ts'
import { runInWorkers } from './workers.ts'

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
        async ({ signal }) => {
          const count = Math.max(1, Math.round(seeds / cost))
          const known = (onceFailed[name] ?? []).flatMap((seed) => batchesOf(name, seed, 1))
          // In a process of its own: that is faster than among the modules of a spec, and one that never ends can be ended.
          const failures: Failure[] = []
          await runInWorkers(
            [...known, ...batchesOf(name, 1, count)],
            1,
            (report) => failures.push(...report.failures),
            signal,
          )
          expectNone(failures)
        },
        TIMEOUT_MS,
      )
    }
  })
}

function expectNone([failure]: readonly Failure[]): void {
  if (failure === undefined) return
  const { scenario, seed, message, trace } = failure
  expect.fail(`${trace}\n\n${message}\nagain: ${replayCommand(scenario, seed)}`)
}
