import type { Connection } from '../adapters/adapter.ts'
import { parameter, type Workload } from './workload.ts'

/** The client keeps a number of messages under way, the server sends each of them back. */
export const echo: Workload = {
  async serve(adapter, options) {
    const { port } = await adapter.listen(options, (connection) => {
      connection.onMessage = (message) => sendWhenTaken(connection, copyOf(message))
    })
    return { port, counters: () => ({}) }
  },

  async drive(adapter, options, parameters) {
    const message = Buffer.alloc(parameter(parameters, 'bytes'), 'm')
    const outstanding = parameter(parameters, 'outstanding')
    const connection = await adapter.connect(options)
    let messages = 0
    connection.onMessage = () => {
      messages += 1
      sendWhenTaken(connection, message)
    }
    for (let i = 0; i < outstanding; i++) sendWhenTaken(connection, message)
    return { counters: () => ({ messages }) }
  },
}

const RETRY_MS = 1

function sendWhenTaken(connection: Connection, message: Buffer): void {
  if (!connection.send(message)) setTimeout(() => sendWhenTaken(connection, message), RETRY_MS)
}

function copyOf(message: Uint8Array): Buffer {
  return Buffer.from(message.buffer, message.byteOffset, message.byteLength)
}
