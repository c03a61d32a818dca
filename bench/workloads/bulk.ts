import type { Adapter, Connection, EndOptions } from '../adapters/adapter.ts'
import { flood } from './one-way.ts'
import { parameter, type Workload } from './workload.ts'

/** The answer to a transfer that is announced, and to one that has arrived as a whole. */
const DONE = Buffer.from([1])

/**
 * Transfers over connections of their own warm both ends up, as in a program that has run for a while: a compiler believes what it saw
 * of the first few connections, and starts over when the next one is not like them.
 */
const WARM_UP_TRANSFERS = 8
const MAX_WARM_UP_BYTES = 16 * 1024 * 1024
/** No more of them begin after this. */
const MAX_WARM_UP_MS = 2_000

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
    await warmUp(adapter, options, Math.min(totalBytes, MAX_WARM_UP_BYTES), messageBytes)
    const connection = await announce(adapter, options, totalBytes)
    const result = (async () => {
      const ms = await transfer(connection, totalBytes, messageBytes)
      return { figures: { ms, 'MiB/s': totalBytes / 1024 / 1024 / (ms / 1000) } }
    })()
    return { result }
  },
}

const ANNOUNCEMENT_BYTES = 8

async function warmUp(adapter: Adapter, options: EndOptions, bytes: number, messageBytes: number): Promise<void> {
  const until = performance.now() + MAX_WARM_UP_MS
  for (let i = 0; i < WARM_UP_TRANSFERS && performance.now() < until; i++) {
    const connection = await announce(adapter, options, bytes)
    await transfer(connection, bytes, messageBytes)
    connection.close()
  }
}

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
