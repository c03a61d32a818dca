import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Batch, BatchReport } from './batch.ts'

/** Runs batches in as many processes as it is told, and calls back with each report as it comes. */
export async function runInWorkers(
  batches: readonly Batch[],
  jobs: number,
  onReport: (report: BatchReport) => void,
): Promise<void> {
  const waiting = [...batches]
  await Promise.all(Array.from({ length: Math.min(jobs, batches.length) }, () => runWorker(waiting, onReport)))
}

/** One process that takes batches until there are none. */
function runWorker(waiting: Batch[], onReport: (report: BatchReport) => void): Promise<void> {
  const worker = fork(fileURLToPath(new URL('worker.ts', import.meta.url)))
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

function sendNext(worker: ChildProcess, waiting: Batch[]): void {
  const batch = waiting.shift()
  if (batch === undefined) worker.disconnect()
  else worker.send(batch)
}
