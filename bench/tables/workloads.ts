import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parameter, type End, type Figures } from '../workloads/workload.ts'
import type { EndOptions } from '../adapters/adapter.ts'
import type { Table, TableAdapter, TableConnection } from './table-adapter.ts'

/** What two processes do with a connection for tables between them. */
export interface TableWorkload {
  serve(adapter: TableAdapter, options: EndOptions, parameters: Figures): Promise<End>
  drive(adapter: TableAdapter, options: EndOptions, parameters: Figures): Promise<End>
}

/** A table as games send them. */
const sample = (id: number): Table => ({ OpCode: 10, Data: 'some text', pos: [1.5, -20.25, 300.125], id })

/** What a sender keeps queued, at most. */
const MAX_WAITING_BYTES = 1024 * 1024
const BATCH = 64
const SLICE_MS = 4
/** How many connect at the same time. */
const CONCURRENCY = 32

/** The client keeps a number of tables under way, the server sends each of them back. */
const tableEcho: TableWorkload = {
  async serve(adapter, options) {
    const { port } = await adapter.listen(options, (connection) => {
      connection.onTable = (table) => void connection.send(table)
    })
    return { port }
  },

  async drive(adapter, options, parameters) {
    const connection = await adapter.connect(options)
    let tables = 0
    connection.onTable = () => {
      tables += 1
      connection.send(sample(tables))
    }
    for (let i = 0; i < parameter(parameters, 'outstanding'); i += 1) connection.send(sample(i))
    return { counters: () => ({ tables }) }
  },
}

/** The client sends as much as is taken, the server counts. */
const tableOneWay: TableWorkload = {
  async serve(adapter, options) {
    let tables = 0
    const { port } = await adapter.listen(options, (connection) => {
      connection.onTable = () => (tables += 1)
    })
    return { port, counters: () => ({ tables }) }
  },

  async drive(adapter, options) {
    const connection = await adapter.connect(options)
    let id = 0
    flood(connection, Infinity, () => sample((id += 1)))
    return {}
  },
}

/** The client sends so many bytes in tables of one size; the time is until the server's answer to the last has come back. */
const tableBulk: TableWorkload = {
  async serve(adapter, options, parameters) {
    const count = Math.ceil(parameter(parameters, 'totalBytes') / parameter(parameters, 'tableBytes'))
    const { port } = await adapter.listen(options, (connection) => {
      let left = count
      connection.onTable = (table) => {
        if (!('bytes' in table)) connection.send([0])
        else if ((left -= 1) === 0) connection.send([1])
      }
    })
    return { port }
  },

  async drive(adapter, options, parameters) {
    const [totalBytes, tableBytes] = [parameter(parameters, 'totalBytes'), parameter(parameters, 'tableBytes')]
    const connection = await adapter.connect(options)
    const greeting = nextTable(connection)
    connection.send({ hello: true })
    await greeting
    const result = (async () => {
      const startedAt = performance.now()
      const done = nextTable(connection)
      const table = { bytes: Buffer.alloc(tableBytes, 'b') }
      flood(connection, Math.ceil(totalBytes / tableBytes), () => table)
      await done
      const ms = performance.now() - startedAt
      return { figures: { ms, 'MiB/s': totalBytes / 1024 / 1024 / (ms / 1000) } }
    })()
    return { result }
  },
}

/** Clients that connect, leave, and connect again. */
const tableHandshakes: TableWorkload = {
  async serve(adapter, options) {
    let connections = 0
    const { port } = await adapter.listen(options, () => (connections += 1))
    return { port, counters: () => ({ connections }) }
  },

  async drive(adapter, options) {
    let connections = 0
    const worker = async () => {
      for (;;) {
        const connection = await adapter.connect(options)
        connections += 1
        connection.close()
      }
    }
    for (let i = 0; i < CONCURRENCY; i += 1) void worker()
    return Promise.resolve({ counters: () => ({ connections }) })
  },
}

/** A server that broadcasts to many; and what each of them takes when it does nothing. */
const tableBroadcast: TableWorkload = {
  async serve(adapter, options, parameters) {
    const rssBefore = settledRss()
    let broadcasts = 0
    let connections = 0
    const listener = await adapter.listen({ ...options, rhythm: 'ticks' }, () => (connections += 1))
    const hz = parameter(parameters, 'hz')
    const table = { OpCode: 10, Data: Buffer.alloc(parameter(parameters, 'bytes'), 'b') }
    if (hz > 0) {
      setInterval(() => {
        listener.broadcast(table)
        broadcasts += 1
      }, 1000 / hz)
    }
    const clients = parameter(parameters, 'clients')
    const counters = () => ({
      broadcasts,
      connections,
      rssPerConnectionKiB: (settledRss() - rssBefore) / 1024 / clients,
    })
    return { port: listener.port, counters }
  },

  async drive(adapter, options, parameters) {
    const connections: TableConnection[] = []
    let left = parameter(parameters, 'clients')
    const worker = async () => {
      while (left > 0) {
        left -= 1
        connections.push(await adapter.connect(options))
      }
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, worker))
    return { counters: () => ({ connections: connections.length }) }
  },
}

export const tableWorkloads = {
  tableEcho,
  tableOneWay,
  tableBulk,
  tableHandshakes,
  tableBroadcast,
} satisfies Record<string, TableWorkload>

export type TableWorkloadName = keyof typeof tableWorkloads

/** Sends `count` tables in slices, and lets the network have its turn after each. */
function flood(connection: TableConnection, count: number, next: () => Table): void {
  let left = count
  const send = () => {
    const until = performance.now() + SLICE_MS
    while (left > 0 && connection.waitingBytes < MAX_WAITING_BYTES && performance.now() < until) {
      for (let i = 0; i < BATCH && left > 0; i += 1) {
        if (!connection.send(next())) break
        left -= 1
        if (connection.waitingBytes > 4 * MAX_WAITING_BYTES) break
      }
    }
    if (left > 0) setImmediate(send)
  }
  send()
}

function nextTable(connection: TableConnection): Promise<Table> {
  return new Promise((resolve) => (connection.onTable = resolve))
}

/** What is held, and not what nobody has collected yet. */
function settledRss(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage.rss()
}
