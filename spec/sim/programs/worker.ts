import { runBatch } from '../batch.ts'
import type { Batch } from '../batch.ts'

// The process of one worker: it runs each batch that it is sent, and ends when its parent lets go of it.
process.on('message', (batch: Batch) => process.send?.(runBatch(batch)))
