import { parameter, type Workload } from './workload.ts'

/** Clients that connect, leave, and connect again. */
export const handshakes: Workload = {
  async serve(adapter, options) {
    let connections = 0
    const { port } = await adapter.listen({ ...options, maxConnections: 60_000 }, () => (connections += 1))
    return { port, counters: () => ({ connections }) }
  },

  async drive(adapter, options, parameters) {
    let connections = 0
    const worker = async () => {
      for (;;) {
        const connection = await adapter.connect(options)
        connections += 1
        connection.close()
      }
    }
    for (let i = 0; i < parameter(parameters, 'concurrency'); i++) void worker()
    return Promise.resolve({ counters: () => ({ connections }) })
  },
}
