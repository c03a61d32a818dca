import { flood } from './one-way.ts'
import { parameter, type Workload } from './workload.ts'

/** The answer to a transfer that has arrived as a whole. */
const DONE = Buffer.from([1])

/** The client sends so many bytes over a connection that is there already; the time is until the server's answer has come back. */
export const bulk: Workload = {
  async serve(adapter, options, parameters) {
    const totalBytes = parameter(parameters, 'totalBytes')
    const { port } = await adapter.listen(options, (connection) => {
      let bytes = 0
      connection.onMessage = (message) => {
        if (bytes === 0 && message.length === DONE.length) {
          connection.send(DONE)
          return
        }
        bytes += message.length
        if (bytes >= totalBytes) connection.send(DONE)
      }
    })
    return { port, counters: () => ({}) }
  },

  async drive(adapter, options, parameters) {
    const totalBytes = parameter(parameters, 'totalBytes')
    const messageBytes = Math.min(totalBytes, parameter(parameters, 'messageBytes'))
    const connection = await adapter.connect(options)
    // A message there and back first: what is measured is the transfer, not the handshake.
    const answer = () => new Promise<void>((resolve) => (connection.onMessage = () => resolve()))
    const hello = answer()
    connection.send(DONE)
    await hello
    const result = (async () => {
      const startedAt = performance.now()
      const done = answer()
      flood(connection, Buffer.alloc(messageBytes, 'b'), Math.ceil(totalBytes / messageBytes))
      await done
      const ms = performance.now() - startedAt
      return { figures: { ms, 'MiB/s': totalBytes / 1024 / 1024 / (ms / 1000) } }
    })()
    return { result }
  },
}
