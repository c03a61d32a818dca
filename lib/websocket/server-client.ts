import type { IncomingMessage } from 'node:http'
import type { Connection, DataOpcode, End } from '../sockets/connection.ts'
import { ends } from '../sockets/reasons.ts'
import { pathOf } from '../sockets/upgrades.ts'
import { Endpoint, type EndpointSettings } from './endpoint.ts'
import type { Sendable } from './messages.ts'

/** The request by which a client came. */
export interface UpgradeRequest {
  /** As it was asked for: path and query. */
  readonly url: string
  readonly path: string
  /** What is behind the `?`, as it came; '' without one. */
  readonly query: string
  /** In lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly remoteAddress: string
  readonly remotePort: number
}

/** Where a {@link ServerClient} belongs. */
interface ClientGroup {
  broadcast(message: Sendable, type?: DataOpcode): number
  handleEnd(client: ServerClient): void
  handleThrown(client: ServerClient, error: unknown): void
}

let clientCount = 0

/** A client of a server, which its handler serves: as a client of `client.copas` that is connected. */
export class ServerClient extends Endpoint {
  /** No other client of this process has it. */
  readonly id: string
  readonly request: UpgradeRequest
  /** Whatever the program wants to remember of it. */
  userData: unknown = undefined
  readonly #group: ClientGroup

  /** @internal */
  constructor(settings: EndpointSettings, group: ClientGroup, request: UpgradeRequest) {
    super(settings)
    clientCount += 1
    this.id = String(clientCount)
    this.#group = group
    this.request = request
  }

  /** What the client asked for: path and query. */
  get url(): string {
    return this.request.url
  }

  /** The headers of its request, in lower case. */
  get headers(): UpgradeRequest['headers'] {
    return this.request.headers
  }

  /**
   * Sends a message to all open clients of this server that have the same subprotocol, or all that have the default handler: this one
   * included. It is encoded once, and never waits: a client whose queue is full is cut, `false, 1013, 'slow consumer'`.
   *
   * @returns to how many it was queued
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`, as {@link send}
   */
  broadcast(message: Sendable, type?: DataOpcode): number {
    return this.#group.broadcast(message, type)
  }

  /** @internal */
  open(connection: Connection): void {
    this.adopt(connection)
  }

  /** @internal Sends what is encoded already. Returns whether it was queued. */
  queue(bytes: Buffer, opcode: DataOpcode): boolean {
    const { connection } = this
    const result = connection?.sendShared(bytes, opcode)
    if (result === 'full') connection?.terminate(ends.slowConsumer)
    return result === 'sent'
  }

  /** @internal */
  override handleEnd(end: End): void {
    super.handleEnd(end)
    this.#group.handleEnd(this)
  }

  protected override handleThrown(error: unknown): void {
    this.#group.handleThrown(this, error)
  }
}

/** Keeps of a request what a program may want to know; the request itself would hold its memory as long as the client is there. */
export function toUpgradeRequest(request: IncomingMessage): UpgradeRequest {
  const { url = '/', headers, socket } = request
  const path = pathOf(request)
  return {
    url,
    path,
    query: url.slice(path.length + 1),
    headers,
    remoteAddress: socket.remoteAddress ?? '',
    remotePort: socket.remotePort ?? 0,
  }
}
