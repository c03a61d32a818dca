import { Fifo } from '../core/fifo.ts'
import type { UndeliveredMessage } from '../session/session.ts'
import type { SessionSettings } from '../session/settings.ts'
import type { SessionStats } from '../session/stats.ts'

/** The messages that wait to be sent, in order, within the limits of the settings; it keeps their part of the stats. */
export class Outbox {
  readonly #settings: SessionSettings
  readonly #stats: SessionStats
  #messages = new Fifo<Uint8Array>()
  /** What waited for the connection, and goes behind what is sent while the program is told of it. */
  #waiting: Fifo<Uint8Array> | undefined
  #isHeld = false

  constructor(settings: SessionSettings, stats: SessionStats) {
    this.#settings = settings
    this.#stats = stats
  }

  get isEmpty(): boolean {
    return this.#isHeld || this.#messages.length === 0
  }

  /** Takes a copy of a message. Returns whether it fitted in. */
  push(message: Uint8Array): boolean {
    const stats = this.#stats
    const { maxQueuedMessages, maxQueuedBytes } = this.#settings
    if (stats.queuedMessages >= maxQueuedMessages || stats.queuedBytes + message.length > maxQueuedBytes) {
      stats.refusedMessages += 1
      return false
    }
    this.#messages.push(new Uint8Array(message))
    stats.queuedMessages += 1
    stats.queuedBytes += message.length
    return true
  }

  /** A connection stands, of which the program does not know yet: nothing leaves. */
  hold(): void {
    this.#isHeld = true
  }

  /** The program is told of the connection: what it sends leaves before what waits. */
  open(): void {
    this.#isHeld = false
    this.#waiting = this.#messages
    this.#messages = new Fifo<Uint8Array>()
  }

  /** The program has been told: what waited leaves, too. */
  release(): void {
    this.#isHeld = false
    const waiting = this.#waiting
    if (waiting === undefined) return
    this.#waiting = undefined
    for (let message = waiting.shift(); message !== undefined; message = waiting.shift()) this.#messages.push(message)
  }

  /** Takes the oldest message. */
  shift(): Uint8Array | undefined {
    if (this.#isHeld) return undefined
    const message = this.#messages.shift()
    if (message !== undefined) {
      this.#stats.queuedMessages -= 1
      this.#stats.queuedBytes -= message.length
    }
    return message
  }

  /** Takes all messages, as those that were not delivered. */
  takeUndelivered(): UndeliveredMessage[] {
    this.release()
    const undelivered: UndeliveredMessage[] = []
    for (let message = this.shift(); message !== undefined; message = this.shift()) {
      undelivered.push({ message, delivery: 'unreliable', channel: 0 })
    }
    return undelivered
  }
}
