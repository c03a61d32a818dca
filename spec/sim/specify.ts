import { afterAll, describe, expect, it } from 'vitest'
import { batchesOf, type Failure } from './batch.ts'
import { replayCommand } from './scenario.ts'
import type { Scenario } from './scenario.ts'
import { Worker } from './workers.ts'

const DEFAULT_SEEDS = 30

/** Only what never ends takes this long. */
const TIMEOUT_MS = 600_000

/**
 * Makes a test of each scenario, over the first thirty seeds, or as many as SIM_SEEDS says; costly ones get their share of that. `onceFailed`: seeds of a scenario that once found a fault, and are played ever since.
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
    // A process of its own is faster than the modules of a spec, and a scenario that never ends can be ended with it.
    let worker: Worker | undefined
    afterAll(() => worker?.end())

    for (const { name, cost } of scenarios) {
      const known = (onceFailed[name] ?? []).flatMap((seed) => batchesOf(name, seed, 1))
      const batches = [...known, ...batchesOf(name, 1, Math.max(1, Math.round(seeds / cost)))]

      it(
        `holds in every run of ${name}`,
        async ({ signal, task }) => {
          const player = (worker ??= new Worker())
          signal.addEventListener('abort', () => {
            player.kill()
            worker = undefined
          })
          const startMs = performance.now()
          for (const batch of batches) expectNone((await player.run(batch)).failures)
          const played = batches.reduce((sum, batch) => sum + batch.seeds, 0)
          task.meta.seedMs = (performance.now() - startMs) / played
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
