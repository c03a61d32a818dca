import { Presets, SingleBar } from 'cli-progress'
import { Command } from 'commander'
import { Random } from '../../lib/simulator/index.ts'
import { megabytes, positive } from '../support/command-line.ts'
import { CrowdLife, type CrowdSample } from './crowd-life.ts'

interface Options {
  readonly clients: number
  readonly atOnce: number
  readonly minutes: number
  readonly seed: number
}

/** What the heap may grow by from the end of one quarter to that of the last: of what does not grow, some comes and goes. */
const HEAP_TOLERANCE_BYTES = 8 * 1024 * 1024

/** Samples, and so measurements of the heap. */
const SAMPLES = 12

await new Command('npm run crowd --')
  .description(
    'Thousands of clients join, talk, stall, move, vanish and leave in the simulator; exits with 1 when anything is lost in silence, comes ' +
      'twice or out of order, or stays behind.',
  )
  .option('--clients <n>', 'how many in all', positive, 10_000)
  .option('--at-once <n>', 'how many at a time, about; all of them, when it is as many', positive, 300)
  .option('--minutes <n>', 'how long, in simulated time', positive, 60)
  .option('--seed <n>', 'where the dice start', positive, 1)
  .action(run)
  .parseAsync()

function run({ clients, atOnce, minutes, seed }: Options): void {
  const startedAt = performance.now()
  const heaps: { readonly timeMs: number; readonly bytes: number }[] = []
  const bar = new SingleBar({ format: ' {bar} {percentage} % | {living} live | heap {heap}' }, Presets.shades_classic)
  if (process.stdout.isTTY) bar.start(SAMPLES, 0, { living: 0, heap: '' })
  const lines: string[] = []
  const onSample = (sample: CrowdSample): void => {
    globalThis.gc?.()
    const { heapUsed: bytes, rss } = process.memoryUsage()
    heaps.push({ timeMs: sample.timeMs, bytes })
    lines.push(describe(sample, bytes, rss))
    if (process.stdout.isTTY) bar.update(heaps.length, { living: sample.living, heap: megabytes(bytes) })
  }
  const random = new Random(seed).fork('scenario')
  try {
    const options = { clients, atOnce, durationMs: minutes * 60_000, onSample, samples: SAMPLES }
    new CrowdLife({ seed, random, trace: undefined }, options).run()
  } finally {
    bar.stop()
    console.log('    time   live  sessions  remembered      held    queued   joined   letters      heap       RSS')
    for (const line of lines) console.log(line)
  }
  console.log(`${((performance.now() - startedAt) / 1_000).toFixed(0)} s`)
  if (globalThis.gc !== undefined && atOnce < clients) checkHeap(heaps.map(({ bytes }) => bytes))
}

/** Those who are there are as many at the end of each quarter, and so is what they take. */
function checkHeap(heaps: readonly number[]): void {
  const quarters = [1, 2, 3].map((quarter) => heaps[(quarter * SAMPLES) / 4 - 1] ?? NaN)
  const growth = Math.max(...quarters) - (quarters[0] ?? NaN)
  console.log(`heap at the end of the first three quarters: ${quarters.map(megabytes).join(', ')}`)
  if (growth <= HEAP_TOLERANCE_BYTES) return
  console.log(`The heap grew by ${megabytes(growth)}.`)
  process.exitCode = 1
}

function describe(sample: CrowdSample, heapBytes: number, rssBytes: number): string {
  const { timeMs, living, sessions, remembered, heldBytes, queuedBytes, joined, letters } = sample
  const cells = [
    `${(timeMs / 60_000).toFixed(1)} min`.padStart(8),
    String(living).padStart(6),
    String(sessions).padStart(9),
    String(remembered).padStart(11),
    `${heldBytes} B`.padStart(9),
    `${queuedBytes} B`.padStart(9),
    String(joined).padStart(8),
    String(letters).padStart(9),
    megabytes(heapBytes).padStart(9),
    megabytes(rssBytes).padStart(9),
  ]
  return cells.join(' ')
}
