import type { Delivery } from '../../session/delivery.ts'
import { Fifo } from '../../core/fifo.ts'
import type { SendOutcome, SessionEvent, UndeliveredMessage } from '../../session/session.ts'
import type { SessionSettings } from '../../session/settings.ts'
import type { SessionStats } from '../../session/stats.ts'
import { DEFAULT_STALE_AFTER_MS } from '../channel/channels.ts'
import type { Connection } from './connection.ts'

/** A message, and since when it waits. */
interface Waiting extends UndeliveredMessage {
  readonly queuedAt: number
}

/**
 * Where a session puts its messages: into its connection, and while there is none, in a queue for the next one, in order and within
 * the limits of the settings. It counts what waits, here and there. As with a connection, sequenced and unreliable messages that waited
 * too long are dropped and counted, not delivered late.
 */
export class Outbox {
  readonly #settings: SessionSettings
  readonly #stats: SessionStats
  readonly #events: Fifo<SessionEvent>
  #connection: Connection | undefined
  readonly #messages = new Fifo<Waiting>()
  #bytes = 0
  /** How many of the messages may grow stale. */
  #perishable = 0

  /** What cannot be delivered is pushed to `events`. */
  constructor(settings: SessionSettings, stats: SessionStats, events: Fifo<SessionEvent>) {
    this.#settings = settings
    this.#stats = stats
    this.#events = events
  }

  /** Takes a copy of a message. */
  send(now: number, message: Uint8Array, delivery: Delivery, channel: number): SendOutcome {
    const outcome =
      this.#connection?.send(now, message, delivery, channel) ?? this.#keep(now, message, delivery, channel)
    if (outcome === 'queue-full') this.#stats.refusedMessages += 1
    this.count()
    return outcome
  }

  /**
   * Hands what is sent from now on to a connection, but not what waits: that goes behind it, see {@link release}. Where messages go to
   * this connection already, none waits.
   */
  open(connection: Connection): void {
    this.#connection = connection
  }

  /** Hands all that waits to a connection, and what is sent from now on. What it does not take is told of. */
  release(now: number, connection: Connection): void {
    this.#connection = connection
    if (this.#messages.length === 0) return
    this.#dropStale(now)
    const waiting = this.#takeAll()
    const refused = waiting.filter(
      ({ message, delivery, channel }) => this.send(now, message, delivery, channel) !== 'accepted',
    )
    this.count()
    this.#tellUndelivered(refused)
  }

  /**
   * The connection there is takes no messages any more. What it never sent waits for the next one, if `isUnsentKept`: it was accepted
   * before, so no limit refuses it now. The rest is told of: what was sent may or may not have arrived.
   */
  detach(isUnsentKept: boolean): void {
    const undelivered = this.#connection === undefined ? [] : this.#takeBack(this.#connection)
    this.#connection = undefined
    if (!isUnsentKept) undelivered.push(...this.#takeAll())
    this.count()
    this.#tellUndelivered(undelivered)
  }

  /** Hands back what waits. */
  giveUp(): void {
    const waiting = this.#takeAll()
    this.count()
    this.#tellUndelivered(waiting)
  }

  /** Brings up to date how much waits, when packets were written. */
  count(): void {
    this.#stats.queuedMessages = this.#messages.length + (this.#connection?.queuedMessages ?? 0)
    this.#stats.queuedBytes = this.#bytes + (this.#connection?.queuedBytes ?? 0)
  }

  #keep(now: number, message: Uint8Array, delivery: Delivery, channel: number): SendOutcome {
    if (message.length > this.#settings.maxMessageBytes) return 'too-large'
    if (!this.#fits(message.length)) this.#dropStale(now)
    if (!this.#fits(message.length)) return 'queue-full'
    this.#add({ message: new Uint8Array(message), delivery, channel, queuedAt: now })
    return 'accepted'
  }

  #fits(bytes: number): boolean {
    const { maxQueuedMessages, maxQueuedBytes } = this.#settings
    return this.#messages.length < maxQueuedMessages && this.#bytes + bytes <= maxQueuedBytes
  }

  /** Keeps what a connection never sent, and returns what it sent. */
  #takeBack(connection: Connection): UndeliveredMessage[] {
    const sent: UndeliveredMessage[] = []
    for (const { message, delivery, channel, isSent, queuedAt } of connection.undelivered()) {
      if (isSent) sent.push({ message, delivery, channel })
      else this.#add({ message, delivery, channel, queuedAt })
    }
    return sent
  }

  #takeAll(): UndeliveredMessage[] {
    return this.#empty().map(({ message, delivery, channel }) => ({ message, delivery, channel }))
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

  #tellUndelivered(messages: readonly UndeliveredMessage[]): void {
    if (messages.length > 0) this.#events.push({ type: 'undelivered', messages })
  }
}

/** Whether a message is worth nothing when it comes late. */
function isPerishable(delivery: Delivery): boolean {
  return delivery === 'sequenced' || delivery === 'unreliable'
}
