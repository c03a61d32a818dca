import { Packr, Unpackr } from 'msgpackr'
import { loadPeer } from '../adapters/load.ts'
import {
  ignoreTable,
  packing,
  unpacking,
  type Table,
  type TableAdapter,
  type TableConnection,
} from './table-adapter.ts'

interface Socket extends AsyncIterable<Buffer[]> {
  readonly lastEndpoint: string | null
  bind(address: string): Promise<void>
  connect(address: string): void
  send(parts: Buffer | Buffer[]): Promise<void>
  close(): void
}

interface Peer {
  readonly Router: new (options: object) => Socket
  readonly Dealer: new (options: object) => Socket
}

const { Router, Dealer } = (await loadPeer('zeromq')) as unknown as Peer
const packer = new Packr(packing)
const unpacker = new Unpackr(unpacking)
const NO_LIMIT = { sendHighWaterMark: 0, receiveHighWaterMark: 0 }

/** A socket takes one message at a time: the next one waits for it. */
class ZeromqConnection implements TableConnection {
  onTable: (table: Table) => void = ignoreTable
  waitingBytes = 0
  readonly #socket: Socket
  readonly #identity: Buffer | undefined
  #last: Promise<void>

  constructor(socket: Socket, identity?: Buffer) {
    this.#socket = socket
    this.#identity = identity
    this.#last = lastOf.get(socket) ?? Promise.resolve()
  }

  send(table: Table): boolean {
    const message = Buffer.from(packer.pack(table))
    this.waitingBytes += message.length
    const parts = this.#identity === undefined ? message : [this.#identity, message]
    this.#last = (lastOf.get(this.#socket) ?? this.#last)
      .then(() => this.#socket.send(parts))
      .then(() => void (this.waitingBytes -= message.length))
    lastOf.set(this.#socket, this.#last)
    return true
  }

  close(): void {
    if (this.#identity === undefined) this.#socket.close()
  }
}

const lastOf = new WeakMap<Socket, Promise<void>>()

/** ZeroMQ: a ROUTER, and DEALERs. */
export const zeromq: TableAdapter = {
  name: 'zeromq + msgpackr',

  async listen({ host, port }, onConnection) {
    const socket = new Router(NO_LIMIT)
    await socket.bind(`tcp://${host}:${port === 0 ? '*' : port}`)
    const connections = new Map<string, ZeromqConnection>()
    void (async () => {
      for await (const [identity = Buffer.alloc(0), message = Buffer.alloc(0)] of socket) {
        const name = identity.toString('latin1')
        let connection = connections.get(name)
        if (connection === undefined) {
          connection = new ZeromqConnection(socket, identity)
          connections.set(name, connection)
          onConnection(connection)
        }
        connection.onTable(unpacker.unpack(message) as Table)
      }
    })()
    return {
      port: Number(socket.lastEndpoint?.split(':').at(-1)),
      broadcast: (table) => {
        for (const connection of connections.values()) connection.send(table)
      },
    }
  },

  async connect({ host, port }) {
    const socket = new Dealer(NO_LIMIT)
    socket.connect(`tcp://${host}:${port}`)
    const connection = new ZeromqConnection(socket)
    void (async () => {
      for await (const [message = Buffer.alloc(0)] of socket) connection.onTable(unpacker.unpack(message) as Table)
    })()
    return Promise.resolve(connection)
  },
}
