import type { ConnectionStats, Link } from './link/link.ts'
import type { Server } from './server.ts'

/** The link of a connection; `undefined` for what is none. */
export let linkOf: (connection: unknown) => Link | undefined

/**
 * A client, as its server sees it: the `Object` of EVENT_CONNECT. Keep it, in a Set for example: a connection that nobody keeps is
 * closed when it is garbage collected, unless its server has `keepConnections`.
 */
export class ClientConnection {
  static {
    linkOf = (connection) =>
      typeof connection === 'object' && connection !== null && #link in connection ? connection.#link : undefined
  }

  /** The server that it is connected to. */
  readonly server: Server
  /** Yours: whatever belongs with this connection. */
  userData: unknown
  readonly #link: Link

  /** @internal */
  constructor(server: Server, link: Link) {
    this.server = server
    this.#link = link
  }

  /** A number that no other server, client or connection of this process ever has. */
  GetSocket(): number {
    return this.#link.socketId
  }

  /** The client's port. */
  GetPort(): number {
    return this.#link.port ?? 0
  }

  /** The client's IP address. */
  GetAddress(): string {
    return this.#link.address
  }

  /** What was counted so far: a copy. */
  get stats(): ConnectionStats {
    return this.#link.stats
  }
}
