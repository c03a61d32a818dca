import type { DataOpcode } from '../sockets/connection.ts'
import { wsCloseCodes } from '../sockets/close-codes.ts'
import { copyOf, opcodeOf, type Sendable } from './messages.ts'
import type { Handler } from './options.ts'
import type { ServerClient } from './server-client.ts'

type Report = (message: string, error?: Error) => void

/** The clients of a server that have the same subprotocol, or the default handler, and that handler. */
export class ClientGroup {
  readonly protocol: string | undefined
  readonly clients: Set<ServerClient> = new Set<ServerClient>()
  readonly #handler: Handler
  readonly #report: Report
  readonly #onEnd: () => void

  constructor(protocol: string | undefined, handler: Handler, report: Report, onEnd: () => void) {
    this.protocol = protocol
    this.#handler = handler
    this.#report = report
    this.#onEnd = onEnd
  }

  /** Lets the handler serve a client that has just come. */
  serve(client: ServerClient): void {
    this.clients.add(client)
    try {
      const served = this.#handler(client)
      if (served instanceof Promise) served.catch((error: unknown) => this.handleThrown(client, error))
    } catch (error) {
      this.handleThrown(client, error)
    }
  }

  /** Sends a message to all that are open, encoded once. Returns to how many. */
  broadcast(message: Sendable, type?: DataOpcode): number {
    const opcode = opcodeOf(message, type)
    const bytes = copyOf(message)
    let count = 0
    for (const client of this.clients) {
      if (client.queue(bytes, opcode)) count += 1
      else if (client.closed?.[1] === wsCloseCodes.tryAgainLater) {
        this.#report(`client ${client.id} was cut: it does not read, and its queue is full (slow consumer)`)
      }
    }
    return count
  }

  handleEnd(client: ServerClient): void {
    this.clients.delete(client)
    this.#onEnd()
  }

  /** The handler's exception ends this client alone (RFC 6455, 7.4.1: an unexpected condition). */
  handleThrown(client: ServerClient, error: unknown): void {
    const failure = error instanceof Error ? error : new Error(String(error))
    void client.close(wsCloseCodes.internalError)
    this.#report(failure.message, failure)
  }
}
