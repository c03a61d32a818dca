import { Packr, Unpackr } from 'msgpackr'
import type { Adapter, Connection } from '../adapters/adapter.ts'
import {
  ignoreTable,
  packing,
  unpacking,
  type Table,
  type TableAdapter,
  type TableConnection,
  type TableListener,
} from './table-adapter.ts'

const packer = new Packr(packing)
const unpacker = new Unpackr(unpacking)

/** Tables that are packed into the messages of another library, and nothing more. */
class PackedConnection implements TableConnection {
  onTable: (table: Table) => void = ignoreTable
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
    connection.onMessage = (message) => this.onTable(unpacker.unpack(message) as Table)
  }

  get waitingBytes(): number {
    return this.#connection.queuedBytes
  }

  send(table: Table): boolean {
    return this.#connection.send(packer.pack(table))
  }

  close(): void {
    this.#connection.close()
  }
}

/** A library that carries messages, with msgpackr. */
export function packed(name: string, adapter: Adapter): TableAdapter {
  return {
    name,

    async listen(options, onConnection): Promise<TableListener> {
      const connections: Connection[] = []
      const { port } = await adapter.listen(options, (connection) => {
        connections.push(connection)
        onConnection(new PackedConnection(connection))
      })
      return {
        port,
        broadcast: (table) => {
          const message = packer.pack(table)
          for (const connection of connections) connection.send(message)
        },
      }
    },

    connect: async (options) => new PackedConnection(await adapter.connect(options)),
  }
}
