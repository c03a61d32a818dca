import type { Connection } from '../adapters/adapter.ts'
import { parameter, type Workload } from './workload.ts'

/** What a sender keeps queued, at most: enough that the network never waits for it. */
export const MAX_QUEUED_BYTES = 1024 * 1024
const BATCH = 64
const SLICE_MS = 4

/** The client sends as much as is taken, the server counts. */
export const oneWay: Workload = {
  async serve(adapter, options) {
    let messages = 0
    let bytes = 0
    const { port } = await adapter.listen(options, (connection) => {
      connection.onMessage = (message) => {
        messages += 1
        bytes += message.length
      }
    })
    return { port, counters: () => ({ messages, bytes }) }
  },

  async drive(adapter, options, parameters) {
    const message = Buffer.alloc(parameter(parameters, 'bytes'), 'm')
    const connection = await adapter.connect(options)
    flood(connection, message, Infinity)
    return {}
  },
}

/** Sends `count` messages in slices, and lets the network have its turn after each. */
export function flood(connection: Connection, message: Buffer, count: number): void {
  let left = count
  const send = () => {
    const until = performance.now() + SLICE_MS
    while (left > 0 && connection.queuedBytes < MAX_QUEUED_BYTES && performance.now() < until) {
      for (let i = 0; i < BATCH && left > 0; i++) {
        if (!connection.send(message)) break
        left -= 1
      }
    }
    if (left > 0) setImmediate(send)
  }
  send()
}
