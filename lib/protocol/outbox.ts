import type { Delivery } from '../session/delivery.ts'
import { Fifo } from '../session/fifo.ts'
import type { SendOutcome, UndeliveredMessage } from '../session/session.ts'
import type { SessionSettings } from '../session/settings.ts'
import type { SessionStats } from '../session/stats.ts'
import type { Connection } from './connection.ts'

/**
 * The messages that wait while there is no connection, in order, within the limits of the settings. Their part of the stats
 * is this outbox's while they wait here, and a connection's as soon as there is one.
 */
export class Outbox {
  readonly #settings: SessionSettings
  readonly #stats: SessionStats
  readonly #messages = new Fifo<UndeliveredMessage>()
  #bytes = 0

  constructor(settings: SessionSettings, stats: SessionStats) {
    this.#settings = settings
    this.#stats = stats
  }

  /** Takes a message to wait for the next connection. */
  push(message: Uint8Array, delivery: Delivery, channel: number): SendOutcome {
    const { maxMessageBytes, maxQueuedMessages, maxQueuedBytes } = this.#settings
    if (message.length > maxMessageBytes) return 'too-large'
    if (this.#messages.length >= maxQueuedMessages || this.#bytes + message.length > maxQueuedBytes) {
      this.#stats.refusedMessages += 1
      return 'queue-full'
    }
    this.#add({ message, delivery, channel })
    this.count()
    return 'accepted'
  }

  /** Hands all that waits to a connection. Returns what it does not take. */
  handOver(now: number, connection: Connection): UndeliveredMessage[] {
    return this.takeAll().filter(
      ({ message, delivery, channel }) => connection.send(now, message, delivery, channel) !== 'accepted',
    )
  }

  /**
   * Takes back from a lost connection what was never sent: it was accepted before, so no limit refuses it now. Returns what
   * was sent and may or may not have arrived.
   */
  takeBack(connection: Connection): UndeliveredMessage[] {
    const sent: UndeliveredMessage[] = []
    for (const { message, delivery, channel, isSent } of connection.undelivered()) {
      if (isSent) {
        sent.push({ message, delivery, channel })
      } else {
        this.#add({ message, delivery, channel })
        this.#stats.sentMessages -= 1
      }
    }
    this.count()
    return sent
  }

  /** Takes all that waits. */
  takeAll(): UndeliveredMessage[] {
    const messages: UndeliveredMessage[] = []
    for (let message = this.#messages.shift(); message !== undefined; message = this.#messages.shift()) {
      messages.push(message)
    }
    this.#bytes = 0
    this.count()
    return messages
  }

  /** Brings the stats up to date, where a connection wrote its own numbers there. */
  count(): void {
    this.#stats.queuedMessages = this.#messages.length
    this.#stats.queuedBytes = this.#bytes
  }

  #add(message: UndeliveredMessage): void {
    this.#messages.push(message)
    this.#bytes += message.message.length
  }
}
