import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { bundleOf } from '../support/bundles.ts'
import type { Batch, BatchReport } from './batch.ts'

const WORKER = 'programs/worker.ts'

/** Runs batches in as many processes as it is told, and calls back with each report as it comes. `signal` ends them without asking. */
export async function runInWorkers(
  batches: readonly Batch[],
  jobs: number,
  onReport: (report: BatchReport) => void,
  signal?: AbortSignal,
): Promise<void> {
  const waiting = [...batches]
  await Promise.all(Array.from({ length: Math.min(jobs, batches.length) }, () => runWorker(waiting, onReport, signal)))
}

/** One process that takes batches until there are none. */
function runWorker(
  waiting: Batch[],
  onReport: (report: BatchReport) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const worker = startWorker(signal)
  return new Promise((resolve, reject) => {
    worker.on('message', (report: BatchReport) => {
      onReport(report)
      sendNext(worker, waiting)
    })
    worker.on('error', reject)
    worker.on('exit', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Error(`A worker ended with ${signal ?? `exit code ${code ?? 'none'}`}.`))
    })
    sendNext(worker, waiting)
  })
}

/** From its bundle, or where there is none from its source as this process was. */
function startWorker(signal: AbortSignal | undefined): ChildProcess {
  const bundle = bundleOf(`spec/sim/${WORKER}`)
  const options = { killSignal: 'SIGKILL', ...(signal && { signal }) } as const
  if (bundle !== undefined) return fork(bundle, { ...options, execArgv: [] })
  return fork(fileURLToPath(new URL(WORKER, import.meta.url)), options)
}

function sendNext(worker: ChildProcess, waiting: Batch[]): void {
  const batch = waiting.shift()
  if (batch === undefined) worker.disconnect()
  else worker.send(batch)
}
