import type { Adapter, Connection, EndOptions } from '../adapters/adapter.ts'
import { flood } from './one-way.ts'
import { parameter, type Workload } from './workload.ts'

/** The answer to a transfer that is announced, and to one that has arrived as a whole. */
const DONE = Buffer.from([1])

/** A transfer of its own, of no more than this, warms both ends up: otherwise it is the compiler that is measured. */
const MAX_WARM_UP_BYTES = 16 * 1024 * 1024

/** The client sends so many bytes over a connection that is there already; the time is until the server's answer has come back. */
export const bulk: Workload = {
  async serve(adapter, options) {
    const { port } = await adapter.listen(options, (connection) => {
      let left: number | undefined
      connection.onMessage = (message) => {
        left = left === undefined ? readTotal(message) : left - message.length
        const isAnnounced = message.length === ANNOUNCEMENT_BYTES
        if (isAnnounced || left <= 0) connection.send(DONE)
      }
    })
    return { port, counters: () => ({}) }
  },

  async drive(adapter, options, parameters) {
    const totalBytes = parameter(parameters, 'totalBytes')
    const messageBytes = Math.min(totalBytes, parameter(parameters, 'messageBytes'))
    const warmUpBytes = Math.min(totalBytes, MAX_WARM_UP_BYTES)
    const warmUp = await announce(adapter, options, warmUpBytes)
    await transfer(warmUp, warmUpBytes, messageBytes)
    warmUp.close()
    const connection = await announce(adapter, options, totalBytes)
    const result = (async () => {
      const ms = await transfer(connection, totalBytes, messageBytes)
      return { figures: { ms, 'MiB/s': totalBytes / 1024 / 1024 / (ms / 1000) } }
    })()
    return { result }
  },
}

const ANNOUNCEMENT_BYTES = 8

/** A fresh connection, there and back: what is measured is the transfer, not the handshake. */
async function announce(adapter: Adapter, options: EndOptions, totalBytes: number): Promise<Connection> {
  const connection = await adapter.connect(options)
  const announcement = Buffer.alloc(ANNOUNCEMENT_BYTES)
  announcement.writeDoubleLE(totalBytes)
  const answer = nextMessage(connection)
  connection.send(announcement)
  await answer
  return connection
}

function readTotal(announcement: Uint8Array): number {
  return Buffer.from(announcement).readDoubleLE()
}

/** How many milliseconds it takes until the last byte is known to have arrived. */
async function transfer(connection: Connection, totalBytes: number, messageBytes: number): Promise<number> {
  const startedAt = performance.now()
  const done = nextMessage(connection)
  flood(connection, Buffer.alloc(messageBytes, 'b'), Math.ceil(totalBytes / messageBytes))
  await done
  return performance.now() - startedAt
}

function nextMessage(connection: Connection): Promise<void> {
  return new Promise((resolve) => (connection.onMessage = () => resolve()))
}
