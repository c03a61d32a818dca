import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { bundleOf } from '../support/bundles.ts'
import type { Batch, BatchReport } from './batch.ts'

const WORKER = 'programs/worker.ts'

/** Runs batches in as many processes as it is told, and calls back with each report as it comes. */
export async function runInWorkers(
  batches: readonly Batch[],
  jobs: number,
  onReport: (report: BatchReport) => void,
): Promise<void> {
  const waiting = [...batches]
  const work = async (): Promise<void> => {
    const worker = new Worker()
    for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) onReport(await worker.run(batch))
    worker.end()
  }
  await Promise.all(Array.from({ length: Math.min(jobs, batches.length) }, work))
}

/** A process that runs one batch after the other. */
export class Worker {
  readonly #process: ChildProcess = start()
  readonly #failed: Promise<never> = fail(this.#process)

  /** Rejects when the process ends before it is done. */
  async run(batch: Batch): Promise<BatchReport> {
    const answer = once(this.#process, 'message') as Promise<[BatchReport]>
    this.#process.send(batch)
    const [report] = await Promise.race([answer, this.#failed])
    return report
  }

  /** Lets go of it, when it has nothing to do. */
  end(): void {
    this.#process.disconnect()
  }

  /** Ends it, whatever it does. */
  kill(): void {
    this.#process.kill('SIGKILL')
  }
}

/** From its bundle, or where there is none from its source as this process was. */
function start(): ChildProcess {
  const bundle = bundleOf(`spec/sim/${WORKER}`)
  if (bundle !== undefined) return fork(bundle, { execArgv: [] })
  return fork(fileURLToPath(new URL(WORKER, import.meta.url)))
}

/** Rejects when a process ends; nobody has to wait for that. */
function fail(process: ChildProcess): Promise<never> {
  const failed = new Promise<never>((_resolve, reject) => {
    process.on('error', reject)
    process.on('exit', (code, signal) => {
      reject(new Error(`A worker ended with ${signal ?? `exit code ${code ?? 'none'}`}.`))
    })
  })
  failed.catch(() => {})
  return failed
}
