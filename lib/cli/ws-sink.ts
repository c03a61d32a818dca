import { EventEmitter, once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { UDPipeError } from '../index.ts'
import { BINARY, TEXT, type Client, type ServerClient } from '../websocket/index.ts'
import type { MessageSink } from './pump.ts'
import type { Report } from './report.ts'

/** How often a queue that has to drain is looked at. */
const DRAIN_POLL_MS = 10

/** Hands messages to the open ends of WebSockets: not before there is one, and not faster than the slowest takes them. */
export class WsSink implements MessageSink {
  readonly #isBinary: boolean
  readonly #report: Report
  readonly #endpoints = new Set<Client | ServerClient>()
  readonly #changes = new EventEmitter()
  #sending: Promise<unknown> = Promise.resolve()
  #messageNumber = 0

  constructor(isBinary: boolean, report: Report) {
    this.#isBinary = isBinary
    this.#report = report
  }

  /** There is another one to send to. */
  add(endpoint: Client | ServerClient): void {
    this.#endpoints.add(endpoint)
    this.#changes.emit('change')
  }

  delete(endpoint: Client | ServerClient): void {
    this.#endpoints.delete(endpoint)
    this.#changes.emit('change')
  }

  async ready(signal: AbortSignal): Promise<void> {
    while (this.#endpoints.size === 0) await once(this.#changes, 'change', { signal })
    await this.#sending
    signal.throwIfAborted()
  }

  async drained(signal: AbortSignal): Promise<void> {
    await this.#sending
    while ([...this.#endpoints].some(({ queuedBytes }) => queuedBytes > 0)) {
      await delay(DRAIN_POLL_MS, undefined, { signal })
    }
  }

  take(message: Buffer): void {
    this.#messageNumber += 1
    try {
      const sending = [...this.#endpoints].map((endpoint) => endpoint.send(message, this.#isBinary ? BINARY : TEXT))
      this.#sending = Promise.all([this.#sending, ...sending]).then(() => {})
    } catch (error) {
      if (!(error instanceof UDPipeError)) throw error
      this.#report.failure(`line ${this.#messageNumber} was not sent: it is not UTF-8; --binary carries bytes`)
    }
  }
}
