import { describeReliable } from '../../lib/reliable/wire/describe.ts'
import { Random, Trace } from '../../lib/simulator/index.ts'

/** What a scenario is handed. */
export interface ScenarioContext {
  readonly seed: number
  /** For what the scenario itself decides by chance. */
  readonly random: Random
  /** To be handed to the simulation; there is one only when a seed that failed is run again. */
  readonly trace: Trace | undefined
}

/** Something that can be run over any number of seeds. */
export interface Scenario {
  readonly name: string
  /** How many times the work of an ordinary seed one of this takes, so that a run of all scenarios gives each its due. */
  readonly cost: number
  /** Throws a {@link ScenarioFailure} when the seed violates what must always hold. */
  run(seed: number): void
}

/** A seed that violated what must always hold: what, and what went before it. */
export class ScenarioFailure extends Error {
  readonly trace: string

  constructor(message: string, trace: string, cause: unknown) {
    super(message, { cause })
    this.name = 'ScenarioFailure'
    this.trace = trace
  }
}

/** How much of what went before a failure is shown. */
const TRACE_LINES = Number(process.env['SIM_TRACE_LINES'] ?? 120)

/** Makes a scenario. A seed that fails is run once more with a trace, which costs the others nothing. */
export function defineScenario(name: string, body: (context: ScenarioContext) => void, cost = 1): Scenario {
  const runOnce = (seed: number, trace?: Trace): unknown => {
    try {
      body({ seed, random: new Random(seed).fork('scenario'), trace })
      return undefined
    } catch (error) {
      return error
    }
  }
  return {
    name,
    cost,
    run(seed) {
      const error = runOnce(seed)
      if (error === undefined) return
      const trace = new Trace(TRACE_LINES, describeReliable)
      const again = runOnce(seed, trace)
      const message = describeError(error)
      const remark = again === undefined || describeError(again) !== message ? ' (not the same when run again!)' : ''
      throw new ScenarioFailure(`${name}, seed ${seed}: ${message}${remark}`, trace.toString(), error)
    },
  }
}

/** The command that runs one seed again. */
export function replayCommand(name: string, seed: number): string {
  const security = process.env['SECURITY'] === undefined ? '' : `SECURITY=${process.env['SECURITY']} `
  return `${security}SEED=${seed} npm run sim -- --scenario ${name}`
}

function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
