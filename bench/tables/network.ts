import type * as Library from '../../lib/network/index.ts'
import { ignoreTable, type Table, type TableAdapter, type TableConnection } from './table-adapter.ts'

/** The module as it is published: what the build made of it. */
const built = new URL('../../dist/network/index.js', import.meta.url)
const library = (await import(built.href)) as typeof Library
/** With a queue that pushes back: the default one drops what a burst brings too much of. */
const network = library.createNetwork({ overflow: 'pause' })

const KEY_128 = '0c03ea65238dd2c25eb87ce563868098'
const MAX_SEND_BYTES = 64 * 1024 * 1024
/** While something happens it is polled once a turn of the event loop; after so many turns in which nothing did, now and then. */
const SPINS = 200
const IDLE_POLL_MS = 4
let spins = 0

class ServerSide implements TableConnection {
  onTable: (table: Table) => void = ignoreTable
  readonly #connection: Library.ClientConnection

  constructor(connection: Library.ClientConnection) {
    this.#connection = connection
  }

  get waitingBytes(): number {
    return this.#connection.stats.waitingBytes
  }

  send(table: Table): boolean {
    return this.#connection.server.Send(table as Library.Table, this.#connection) === 1
  }

  close(): void {
    this.#connection.server.Disconnect(this.#connection)
  }
}

class ClientSide implements TableConnection {
  onTable: (table: Table) => void = ignoreTable
  readonly client: Library.Client

  constructor(client: Library.Client) {
    this.client = client
  }

  get waitingBytes(): number {
    return this.client.stats.waitingBytes
  }

  send(table: Table): boolean {
    return this.client.Send(table as Library.Table)
  }

  close(): void {
    this.client.Disconnect()
  }
}

const sides = new Map<object, TableConnection>()
const outcomes = new Map<object, (isConnected: boolean) => void>()
let onConnection: (connection: TableConnection) => void = ignoreTable
let isPolling = false

/** Polls all that this process has. */
function poll(): void {
  const events = network.PollEvents()
  for (const event of events) {
    switch (event.Event) {
      case library.EVENT_RECEIVE:
        sides.get(event.Object)?.onTable(event.Packet)
        break
      case library.EVENT_CONNECT: {
        const side = new ServerSide(event.Object)
        sides.set(event.Object, side)
        onConnection(side)
        break
      }
      case library.EVENT_CONNECTED:
        outcomes.get(event.Object)?.(event.Result)
        outcomes.delete(event.Object)
        break
      case library.EVENT_CLIENT_CLOSE:
      case library.EVENT_SERVER_CLOSE:
        sides.delete(event.Object)
        break
      case library.EVENT_ERROR:
        if (!event.Errors.startsWith('ERR_QUEUE_FULL')) console.error(event.Errors)
    }
  }
  spins = events.length > 0 ? 0 : spins + 1
  if (spins < SPINS) setImmediate(poll)
  else setTimeout(poll, IDLE_POLL_MS)
}

function beginToPoll(): void {
  if (isPolling) return
  isPolling = true
  poll()
}

/** This module, with a key or without. */
function networkWith(name: string, cypherkey: string): TableAdapter {
  const options = {
    maxSendBytes: MAX_SEND_BYTES,
    maxSendTables: 1_000_000,
    maxConnections: 65_535,
    maxHandshakes: 1_024,
  }
  return {
    name,

    async listen({ host, port }, handle) {
      onConnection = handle
      const [server, result] = await network.Server(host, port, cypherkey, options)
      if (server === null) throw new Error(result)
      beginToPoll()
      return { port: server.GetPort(), broadcast: (table) => server.Broadcast(table as Library.Table) }
    },

    async connect({ host, port }) {
      const { maxSendBytes, maxSendTables } = options
      const [client, result] = await network.Client(host, port, cypherkey, { maxSendBytes, maxSendTables })
      if (client === null) throw new Error(result)
      const side = new ClientSide(client)
      sides.set(client, side)
      const outcome = new Promise<boolean>((resolve) => outcomes.set(client, resolve))
      beginToPoll()
      if (await outcome) return side
      throw new Error('it did not connect')
    },
  }
}

export const plain: TableAdapter = networkWith('udpipe/network', '')
export const sealed128: TableAdapter = networkWith('udpipe/network, 128 bit', KEY_128)
export const sealed256: TableAdapter = networkWith('udpipe/network, 256 bit', KEY_128 + KEY_128)
