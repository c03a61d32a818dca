import type { Delivery } from '../../session/delivery.ts'
import { Fifo } from '../../core/fifo.ts'
import type { SendOutcome, UndeliveredMessage } from '../../session/session.ts'
import type { SessionSettings } from '../../session/settings.ts'
import type { SessionStats } from '../../session/stats.ts'
import { DEFAULT_STALE_AFTER_MS } from '../channel/channels.ts'
import type { Connection } from './connection.ts'

/** A message, and since when it waits. */
interface Waiting extends UndeliveredMessage {
  readonly queuedAt: number
}

/**
 * The messages that wait while there is no connection, in order, within the limits of the settings. Their part of the stats
 * is this outbox's while they wait here, and a connection's as soon as there is one. As with a connection, sequenced and
 * unreliable messages that waited too long are dropped and counted, not delivered late.
 */
export class Outbox {
  readonly #settings: SessionSettings
  readonly #stats: SessionStats
  readonly #messages = new Fifo<Waiting>()
  #bytes = 0
  /** How many of the messages may grow stale. */
  #perishable = 0

  constructor(settings: SessionSettings, stats: SessionStats) {
    this.#settings = settings
    this.#stats = stats
  }

  /** Takes a copy of a message to wait for the next connection. */
  push(now: number, message: Uint8Array, delivery: Delivery, channel: number): SendOutcome {
    if (message.length > this.#settings.maxMessageBytes) return 'too-large'
    if (!this.#fits(message.length)) this.#dropStale(now)
    if (!this.#fits(message.length)) {
      this.#stats.refusedMessages += 1
      return 'queue-full'
    }
    this.#add({ message: new Uint8Array(message), delivery, channel, queuedAt: now })
    this.count()
    return 'accepted'
  }

  /** Hands all that waits to a connection. Returns what it does not take. */
  handOver(now: number, connection: Connection): UndeliveredMessage[] {
    this.#dropStale(now)
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
    for (const { message, delivery, channel, isSent, queuedAt } of connection.undelivered()) {
      if (isSent) {
        sent.push({ message, delivery, channel })
      } else {
        this.#add({ message, delivery, channel, queuedAt })
        this.#stats.sentMessages -= 1
      }
    }
    this.count()
    return sent
  }

  /** Takes all that waits. */
  takeAll(): UndeliveredMessage[] {
    const messages = this.#empty().map(({ message, delivery, channel }) => ({ message, delivery, channel }))
    this.count()
    return messages
  }

  /** Brings the stats up to date, where a connection wrote its own numbers there. */
  count(): void {
    this.#stats.queuedMessages = this.#messages.length
    this.#stats.queuedBytes = this.#bytes
  }

  #fits(bytes: number): boolean {
    const { maxQueuedMessages, maxQueuedBytes } = this.#settings
    return this.#messages.length < maxQueuedMessages && this.#bytes + bytes <= maxQueuedBytes
  }

  #dropStale(now: number): void {
    if (this.#perishable === 0) return
    for (const waiting of this.#empty()) {
      if (isPerishable(waiting.delivery) && now - waiting.queuedAt > DEFAULT_STALE_AFTER_MS)
        this.#stats.droppedStale += 1
      else this.#add(waiting)
    }
  }

  #empty(): Waiting[] {
    const messages: Waiting[] = []
    for (let message = this.#messages.shift(); message !== undefined; message = this.#messages.shift()) {
      messages.push(message)
    }
    this.#bytes = 0
    this.#perishable = 0
    return messages
  }

  #add(message: Waiting): void {
    this.#messages.push(message)
    this.#bytes += message.message.length
    if (isPerishable(message.delivery)) this.#perishable += 1
  }
}

/** Whether a message is worth nothing when it comes late. */
function isPerishable(delivery: Delivery): boolean {
  return delivery === 'sequenced' || delivery === 'unreliable'
}
