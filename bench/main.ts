/** Measures udpipe beside its peers: `npm run bench`. */
import { writeFileSync } from 'node:fs'
import { SingleBar } from 'cli-progress'
import { Command, InvalidArgumentError } from 'commander'
import { benchmarks } from './benchmarks/catalogue.ts'
import type { BenchOptions } from './benchmarks/benchmark.ts'
import type { AdapterName } from './adapters/catalogue.ts'
import { Impairment } from './network/impairment.ts'
import { describeMachine } from './run/machine.ts'
import { findPeers } from './run/peers.ts'
import type { BenchmarkResult, PeerState, Results } from './run/results.ts'
import { countRuns, runBenchmark } from './run/runner.ts'
import { renderTable } from './run/table.ts'

interface Options {
  readonly only?: string[]
  readonly peers?: string[]
  readonly quick?: true
  readonly repetitions?: number
  readonly security?: string
  readonly json?: string
}

const FULL_REPETITIONS = 5
const QUICK_REPETITIONS = 1

await new Command('bench')
  .description('Measures udpipe beside its peers: separate processes on a core each, the median of the repetitions.')
  .option('--only <names>', `which benchmarks: ${benchmarks.map(({ name }) => name).join(',')}`, list)
  .option('--peers <names>', 'which peers', list)
  .option('--quick', 'a look within a few minutes: one repetition, short ones')
  .option('--repetitions <n>', `how many, ${FULL_REPETITIONS} by default`, count)
  .option('--security <mode>', 'the option `security` of udpipe; its own default when missing')
  .option('--json <file>', 'where the results go, for the page and for whoever compares')
  .action(run)
  .parseAsync()

async function run(options: Options): Promise<void> {
  const chosen = benchmarks.filter(({ name }) => options.only?.includes(name) ?? true)
  const unknown = options.only?.find((name) => !benchmarks.some((benchmark) => benchmark.name === name))
  if (unknown !== undefined) throw new InvalidArgumentError(`There is no benchmark '${unknown}'.`)
  const startedAt = new Date().toISOString()
  const machine = describeMachine()
  const peers = await findPeers(options.peers)
  const obstacle = Impairment.obstacle()
  const isQuick = options.quick === true
  const bench: BenchOptions = {
    isQuick,
    repetitions: options.repetitions ?? (isQuick ? QUICK_REPETITIONS : FULL_REPETITIONS),
    security: options.security,
    adapters: peers.filter(({ absence }) => absence === undefined).map(({ name }) => name as AdapterName),
    canImpair: obstacle === undefined,
  }
  introduce(peers, obstacle)
  // After each of them, so that a run which is cut short leaves what it has measured.
  const save = (done: readonly BenchmarkResult[]): void => {
    if (options.json === undefined) return
    const security = options.security ?? 'default'
    const { repetitions } = bench
    const results: Results = { startedAt, machine, security, isQuick, repetitions, peers, benchmarks: done }
    writeFileSync(options.json, `${JSON.stringify(results)}\n`)
  }
  for (const result of await runAll(chosen, bench, save)) console.log(renderTable(result))
  console.log(JSON.stringify(machine, undefined, 2))
}

async function runAll(
  chosen: typeof benchmarks,
  options: BenchOptions,
  save: (done: readonly BenchmarkResult[]) => void,
): Promise<BenchmarkResult[]> {
  const bar = new SingleBar({ format: '{bar} {percentage} % | {value}/{total} | {duration_formatted} | {what}' })
  bar.start(
    chosen.reduce((sum, benchmark) => sum + countRuns(benchmark, options), 0),
    0,
    { what: '' },
  )
  const results: BenchmarkResult[] = []
  for (const benchmark of chosen) {
    const result = await runBenchmark(
      benchmark,
      options,
      (what) => bar.update({ what: `${benchmark.name}: ${what}` }),
      () => bar.increment(),
    )
    results.push(result)
    save(results)
  }
  bar.stop()
  return results
}

function introduce(peers: readonly PeerState[], obstacle: string | undefined): void {
  for (const { name, version, absence } of peers) {
    console.log(absence === undefined ? `  ${name} ${version}` : `  ${name} is absent: ${absence}`)
  }
  if (obstacle !== undefined) console.log(`  no links with loss and delay: ${obstacle}`)
}

function list(text: string): string[] {
  return text.split(',')
}

function count(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number > 0) return number
  throw new InvalidArgumentError('It must be a whole number of at least 1.')
}
