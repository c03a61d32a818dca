import { wrongType } from './link/arguments.ts'
import { linkOf, type ClientConnection } from './client-connection.ts'
import type { Link } from './link/link.ts'
import type { ServerHost } from './server-host.ts'
import type { Table } from './wire/table-check.ts'

/** What listens, and sends to those who came: the object that `Server()` resolves with. */
export class Server implements AsyncDisposable {
  readonly #host: ServerHost
  readonly #socketId: number
  readonly #address: string
  readonly #port: number

  /** @internal */
  constructor(host: ServerHost, socketId: number, address: string, port: number) {
    this.#host = host
    this.#socketId = socketId
    this.#address = address
    this.#port = port
  }

  /**
   * Sends a table to one or more connections. It is encoded once, and leaves at the end of this turn of the event loop.
   *
   * @returns for how many it was accepted: a connection of another server, one that has ended, and one whose queue is full do not count;
   *   one that is named twice is sent it twice
   * @throws UDPipeError `ERR_TABLE_INVALID`, `ERR_MESSAGE_TOO_LARGE`, `ERR_ARGUMENT_INVALID`
   */
  Send(table: Table, ...connections: readonly ClientConnection[]): number {
    const links = connections.map((connection) => this.#linkOf(connection, 'Send'))
    const frame = this.#encode(table)
    let count = 0
    for (const link of links) if (this.#host.links.has(link) && link.send(frame)) count += 1
    return count
  }

  /**
   * Sends a table to every connection. It is encoded once.
   *
   * @returns for how many it was accepted
   * @throws UDPipeError `ERR_TABLE_INVALID`, `ERR_MESSAGE_TOO_LARGE`
   */
  Broadcast(table: Table): number {
    const frame = this.#encode(table)
    let count = 0
    for (const link of this.#host.links) if (link.send(frame)) count += 1
    return count
  }

  /**
   * Ends connections, after what was sent to them. EVENT_CLIENT_CLOSE tells when they have ended.
   *
   * @returns how many of them were connected to this server
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`
   */
  Disconnect(...connections: readonly ClientConnection[]): number {
    const links = connections.map((connection) => this.#linkOf(connection, 'Disconnect'))
    let count = 0
    for (const link of links) if (this.#host.links.has(link) && link.close()) count += 1
    return count
  }

  /** How many connections there are. */
  ConnectionCount(): number {
    return this.#host.links.size
  }

  /** A number that no other server, client or connection of this process ever has. */
  GetSocket(): number {
    return this.#socketId
  }

  /** The port that it listens on. */
  GetPort(): number {
    return this.#port
  }

  /** The IP address that it listens on. */
  GetAddress(): string {
    return this.#address
  }

  /**
   * Stops listening, and ends every connection after what was sent to it, within a second. Each has its EVENT_CLIENT_CLOSE. Twice is
   * harmless.
   *
   * @returns a promise that resolves when everything has ended
   */
  Close(): Promise<void> {
    return this.#host.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.Close()
  }

  #encode(table: Table): Uint8Array {
    return this.#host.network.codec.encode(table, this.#host.settings)
  }

  #linkOf(connection: ClientConnection, method: string): Link {
    const link = linkOf(connection)
    if (link !== undefined) return link
    throw wrongType(method, 'each connection', 'the Object of an EVENT_CONNECT', connection)
  }
}
