import { Presets, SingleBar } from 'cli-progress'
import { Command } from 'commander'
import { endPrograms } from '../support/child-program.ts'
import { megabytes, positive } from '../support/command-line.ts'
import { Soak, type Sample, type SoakResult } from './soak-run.ts'

interface Options {
  readonly clients: number
  readonly minutes: number
  readonly seed: number
}

/** So many lines a table of samples has at most. */
const MAX_TABLE_LINES = 20

await new Command('npm run soak --')
  .description(
    'Many real clients in several processes join, stall, are killed and return; exits with 1 when anything is lost in silence, comes ' +
      'twice or out of order, or stays behind.',
  )
  .option('--clients <n>', 'how many', positive, 500)
  .option('--minutes <n>', 'how long', positive, 10)
  .option('--seed <n>', 'where the dice start', positive, 1)
  .action(run)
  .parseAsync()

async function run({ clients, minutes, seed }: Options): Promise<void> {
  const durationMs = minutes * 60_000
  const bar = new SingleBar(
    { format: ' {bar} {percentage} % | {peers} peers | {sockets} sockets | heap {heap}' },
    Presets.shades_classic,
  )
  if (process.stdout.isTTY) bar.start(durationMs, 0, { peers: 0, sockets: 0, heap: '' })
  const onSample = ({ elapsedMs, peers, sockets, heapBytes }: Sample): void => {
    if (process.stdout.isTTY)
      bar.update(Math.min(elapsedMs, durationMs), { peers, sockets, heap: megabytes(heapBytes) })
  }
  try {
    const result = await new Soak({ clients, durationMs, seed, onSample }).run()
    bar.stop()
    printResult(result)
    if (result.violations.length > 0) process.exitCode = 1
  } finally {
    bar.stop()
    await endPrograms()
  }
}

function printResult({ samples, deeds, violations, ...counts }: SoakResult): void {
  const everyNth = Math.ceil(samples.length / MAX_TABLE_LINES)
  const rows = samples.filter((_, i) => i % everyNth === 0 || i === samples.length - 1)
  console.log('    time   peers  sockets      heap       RSS   messages')
  for (const { elapsedMs, peers, sockets, heapBytes, rssBytes, messages } of rows) {
    const cells = [
      `${(elapsedMs / 1_000).toFixed(0)} s`.padStart(8),
      String(peers).padStart(7),
      String(sockets).padStart(8),
    ]
    cells.push(megabytes(heapBytes).padStart(9), megabytes(rssBytes).padStart(9), String(messages).padStart(10))
    console.log(cells.join(' '))
  }
  console.log('')
  for (const [deed, count] of Object.entries(deeds))
    console.log(`processes ${deed.padEnd(12)}${String(count).padStart(10)}`)
  for (const [what, count] of Object.entries(counts)) console.log(`${what.padEnd(22)}${String(count).padStart(10)}`)
  console.log(`${'violations'.padEnd(22)}${String(violations.length).padStart(10)}`)
  for (const violation of violations.slice(0, MAX_TABLE_LINES)) console.log(`  ${violation}`)
}
