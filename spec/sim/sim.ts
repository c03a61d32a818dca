import { availableParallelism } from 'node:os'
import { Presets, SingleBar } from 'cli-progress'
import { Command, InvalidArgumentError } from 'commander'
import { scenarios } from './registry.ts'
import { replayCommand } from './scenario.ts'
import { batchesOf, runBatch } from './batch.ts'
import type { Batch, Failure } from './batch.ts'
import { runInWorkers } from './workers.ts'

interface Options {
  readonly seeds?: number
  readonly scenario?: string[]
  readonly from?: number
  readonly jobs: number
  readonly list?: true
}

/** After so many failures a run is a failure, and more of them are no news. */
const MAX_PRINTED_FAILURES = 5

const program = new Command('npm run sim --')
  .description('Runs the scenarios of the reliable protocol over many seeds, in the simulator.')
  .option(
    '--seeds <n>',
    'how many seeds of each; fewer of costly ones unless named (default: 1,000; 1 where SEED is set)',
    parseNumber,
  )
  .option('--scenario <names...>', 'which scenarios (default: all)')
  .option('--from <seed>', 'the first seed (default: SEED of the environment, or 1)', parseNumber)
  .option('--jobs <n>', 'how many processes', parseNumber, availableParallelism())
  .option('--list', 'lists the scenarios')
  .action(run)

await program.parseAsync()

async function run(options: Options): Promise<void> {
  if (options.list === true) {
    for (const { name } of scenarios) console.log(name)
    return
  }
  const batches = createBatches(options)
  const total = batches.reduce((sum, { seeds }) => sum + seeds, 0)
  const bar = new SingleBar(
    { format: ' {bar} {value}/{total} seeds | {failed} failed | {eta_formatted}' },
    Presets.shades_classic,
  )
  const failures: Failure[] = []
  const startedAt = performance.now()
  if (process.stdout.isTTY) bar.start(total, 0, { failed: 0 })
  const report = (done: Batch, failed: readonly Failure[]) => {
    failures.push(...failed)
    if (process.stdout.isTTY) bar.increment(done.seeds, { failed: failures.length })
  }
  if (options.jobs === 1 || batches.length === 1) {
    for (const batch of batches) report(batch, runBatch(batch).failures)
  } else {
    await runInWorkers(batches, options.jobs, ({ batch, failures: failed }) => report(batch, failed))
  }
  if (process.stdout.isTTY) bar.stop()
  for (const failure of failures.slice(0, MAX_PRINTED_FAILURES)) printFailure(failure)
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
  console.log(`${total} ${total === 1 ? 'seed' : 'seeds'}, ${failures.length} failed, ${seconds} s`)
  printFailedSeeds(failures)
  if (failures.length > 0) process.exitCode = 1
}

function createBatches({ scenario: names, seeds, from }: Options): Batch[] {
  const unknown = names?.find((name) => !scenarios.some((scenario) => scenario.name === name))
  if (unknown !== undefined) program.error(`There is no scenario '${unknown}'; --list shows them.`)
  const seedOfEnvironment = process.env['SEED'] === undefined ? undefined : parseNumber(process.env['SEED'])
  const firstSeed = from ?? seedOfEnvironment ?? 1
  const count = seeds ?? (seedOfEnvironment === undefined ? 1_000 : 1)
  const chosen = scenarios.filter(({ name }) => names === undefined || names.includes(name))
  return chosen.flatMap(({ name, cost }) => {
    // A scenario that is named gets every seed; in a run of all, a costly one gets its share of the time.
    const own = names === undefined ? Math.ceil(count / cost) : count
    return batchesOf(name, firstSeed, own)
  })
}

function printFailure({ scenario, seed, message, stack, trace }: Failure): void {
  console.log(`\n${trace}\n\nFAILED ${message}\n${stack}\nagain: ${replayCommand(scenario, seed)}\n`)
}

function printFailedSeeds(failures: readonly Failure[]): void {
  for (const { name } of scenarios) {
    const seeds = failures.filter(({ scenario }) => scenario === name).map(({ seed }) => seed)
    if (seeds.length > 0) console.log(`  ${name}: ${seeds.length} failed: ${seeds.slice(0, 20).join(' ')}`)
  }
}

function parseNumber(text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 0) throw new InvalidArgumentError('It must be a whole number.')
  return number
}
