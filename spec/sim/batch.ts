import { findScenario } from './registry.ts'
import { ScenarioFailure } from './scenario.ts'

/** Some seeds of one scenario. */
export interface Batch {
  readonly scenario: string
  readonly firstSeed: number
  readonly seeds: number
}

/** A seed that failed. */
export interface Failure {
  readonly scenario: string
  readonly seed: number
  readonly message: string
  readonly stack: string
  readonly trace: string
}

/** What came of a batch. */
export interface BatchReport {
  readonly batch: Batch
  readonly failures: readonly Failure[]
}

/** Small enough that all processes are busy to the end, large enough that handing out costs nothing. */
const SEEDS_A_BATCH = 20

/** So many seeds of a scenario from the first on, in batches. */
export function batchesOf(scenario: string, firstSeed: number, seeds: number): Batch[] {
  return Array.from({ length: Math.ceil(seeds / SEEDS_A_BATCH) }, (_, i) => {
    const done = i * SEEDS_A_BATCH
    return { scenario, firstSeed: firstSeed + done, seeds: Math.min(SEEDS_A_BATCH, seeds - done) }
  })
}

/** Runs a batch to its end, whatever fails. */
export function runBatch(batch: Batch): BatchReport {
  const scenario = findScenario(batch.scenario)
  const failures: Failure[] = []
  for (let seed = batch.firstSeed; seed < batch.firstSeed + batch.seeds; seed += 1) {
    try {
      scenario.run(seed)
    } catch (error) {
      failures.push(describeFailure(batch.scenario, seed, error))
    }
  }
  return { batch, failures }
}

function describeFailure(scenario: string, seed: number, error: unknown): Failure {
  if (!(error instanceof ScenarioFailure)) return { scenario, seed, message: String(error), stack: '', trace: '' }
  const stack = error.cause instanceof Error ? (error.cause.stack ?? '') : ''
  return { scenario, seed, message: error.message, stack, trace: error.trace }
}
