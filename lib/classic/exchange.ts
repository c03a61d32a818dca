import type { Delivery } from '../session/delivery.ts'
import type { Fifo } from '../core/fifo.ts'
import type { SendOutcome, SessionEvent } from '../session/session.ts'
import type { SessionSettings } from '../session/settings.ts'
import type { SessionStats } from '../session/stats.ts'
import { Outbox } from './outbox.ts'
import { PingClock } from './ping-clock.ts'
import { WordsDue } from './words-due.ts'
import { encodeWord, isReservedWord, type Word } from './words.ts'

/**
 * What the two ends say to each other once their connection stands: messages, PING and PONG, and the words that answer. It knows no
 * states: those are the session's, which says when messages may flow.
 */
export class Exchange {
  readonly #settings: SessionSettings
  readonly #events: Fifo<SessionEvent>
  readonly #stats: SessionStats
  /** What waits to be sent. */
  readonly outbox: Outbox
  /** The words to say at the next chance. */
  readonly due: WordsDue = new WordsDue()
  #pingClock = new PingClock()

  /** What happens is pushed to `events`, and counted in `stats`. */
  constructor(settings: SessionSettings, stats: SessionStats, events: Fifo<SessionEvent>) {
    this.#settings = settings
    this.#stats = stats
    this.#events = events
    this.outbox = new Outbox(settings, stats)
  }

  /** Whether {@link poll} has something, where messages may flow or not. */
  isReady(isFlowing: boolean): boolean {
    return !this.due.isEmpty || (isFlowing && !this.outbox.isEmpty)
  }

  /** A connection has come to stand. What waits to be sent stays, what the last one measured goes. */
  begin(): void {
    this.outbox.hold()
    this.#pingClock = new PingClock()
  }

  send(message: Uint8Array, delivery: Delivery, channel: number): SendOutcome {
    if (delivery !== 'unreliable' || channel !== 0 || message.length === 0) return 'unsupported'
    if (message.length > Math.min(this.#settings.mtuBytes, this.#settings.maxMessageBytes)) return 'too-large'
    if (isReservedWord(message)) return 'reserved'
    return this.outbox.push(message) ? 'accepted' : 'queue-full'
  }

  /** Takes a datagram that is a PING, a PONG or, whatever it says, a message. */
  receive(now: number, bytes: Uint8Array, word: Word | undefined): void {
    switch (word) {
      case 'PING':
        this.due.owe('PONG')
        this.#events.push({ type: 'ping' })
        return
      case 'PONG':
        this.#receivePong(now)
        return
      default:
        this.#stats.receivedMessages += 1
        this.#events.push({ type: 'message', message: bytes, delivery: 'unreliable', channel: 0 })
    }
  }

  /** The next datagram: a word that is due, or a message if they may flow. */
  poll(now: number, isFlowing: boolean): Uint8Array | undefined {
    const word = this.due.take()
    if (word !== undefined) {
      if (word === 'PING') this.#pingClock.sent(now)
      return encodeWord(word)
    }
    const message = isFlowing ? this.outbox.shift() : undefined
    if (message !== undefined) this.#stats.sentMessages += 1
    return message
  }

  /** Hands back the messages that can no longer be sent. */
  giveUp(): void {
    const messages = this.outbox.takeUndelivered()
    if (messages.length > 0) this.#events.push({ type: 'undelivered', messages })
  }

  /** A PONG that nobody asked for is a sign of life, and says nothing more. */
  #receivePong(now: number): void {
    const rttMs = this.#pingClock.answered(now)
    if (rttMs === undefined) {
      this.#stats.droppedMalformed += 1
      return
    }
    this.#stats.rttMs = this.#pingClock.smoothedRttMs
    this.#stats.rttVarianceMs = this.#pingClock.rttVarianceMs
    this.#events.push({ type: 'pong', rttMs })
  }
}
