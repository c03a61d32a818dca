import type { Delivery } from '../session/delivery.ts'
import type { Fifo } from '../core/fifo.ts'
import { Liveness } from '../session/liveness.ts'
import { RateLimiter, type RateNotice } from '../session/rate-limiter.ts'
import type { SendOutcome, SessionEvent } from '../session/session.ts'
import type { SessionSettings } from '../session/settings.ts'
import { createStats, type SessionStats } from '../session/stats.ts'
import { Outbox } from './outbox.ts'
import { PingClock } from './ping-clock.ts'
import { Traffic } from '../session/traffic.ts'
import { WordsDue } from './words-due.ts'
import { encodeWord, isReservedWord, type Word } from './words.ts'

/** What silence has led to: nothing, a stall, the end. */
export type Silence = 'quiet' | 'stalled' | 'timed-out'

/**
 * What passes between two ends once their connection stands, messages and signs of life, and the count of it. It knows no
 * states: those are the session's, which says when messages may flow.
 */
export class DataLink {
  readonly stats: SessionStats = createStats()
  readonly #settings: SessionSettings
  readonly #events: Fifo<SessionEvent>
  readonly #traffic: Traffic
  readonly #outbox: Outbox
  /** The words to say at the next chance. */
  readonly due: WordsDue = new WordsDue()
  readonly #limiter: RateLimiter
  #liveness: Liveness
  #pingClock = new PingClock()

  /** What happens is pushed to `events`. */
  constructor(now: number, settings: SessionSettings, events: Fifo<SessionEvent>) {
    this.#settings = settings
    this.#events = events
    this.#traffic = new Traffic(now, this.stats)
    this.#outbox = new Outbox(settings, this.stats)
    this.#liveness = new Liveness(now, settings)
    this.#limiter = new RateLimiter(now, settings)
  }

  /** When silence leads to something. */
  get nextDeadline(): number {
    return this.#liveness.nextDeadline
  }

  /** Whether {@link poll} has something, where messages may flow or not. */
  isReady(isFlowing: boolean): boolean {
    return !this.due.isEmpty || (isFlowing && !this.#outbox.isEmpty)
  }

  /** A connection has come to stand at the time `now`. What waits to be sent stays, what the last one measured goes. */
  open(now: number): void {
    this.#liveness = new Liveness(now, this.#settings)
    this.#pingClock = new PingClock()
  }

  send(message: Uint8Array, delivery: Delivery, channel: number): SendOutcome {
    if (delivery !== 'unreliable' || channel !== 0 || message.length === 0) return 'unsupported'
    if (message.length > Math.min(this.#settings.mtuBytes, this.#settings.maxMessageBytes)) return 'too-large'
    if (isReservedWord(message)) return 'reserved'
    return this.#outbox.push(message) ? 'accepted' : 'queue-full'
  }

  /** Counts a datagram that came from the other side. */
  count(bytes: Uint8Array): void {
    this.#traffic.received(bytes.length)
  }

  /** Whether a datagram that arrived at the time `now` is within the other side's rate; one that is not is to be dropped. */
  admits(now: number, bytes: Uint8Array): boolean {
    if (this.#limiter.admits(now, bytes.length)) return true
    this.stats.droppedRateLimited += 1
    return false
  }

  /** Whether the other side went on sending more than its rate allows. */
  get isRateExceeded(): boolean {
    return this.#limiter.isExceeded
  }

  /** What the program is to be told of the other side's rate; `undefined` when that is nothing. */
  takeRateNotice(): RateNotice | undefined {
    return this.#limiter.takeNotice()
  }

  /** The other side was heard at the time `now`. Returns whether that ended a stall. */
  heard(now: number): boolean {
    return this.#liveness.heard(now)
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
        this.stats.receivedMessages += 1
        this.#events.push({ type: 'message', message: bytes, delivery: 'unreliable', channel: 0 })
    }
  }

  /** Brings the rates up to the time `now`. */
  advanceRates(now: number): void {
    this.#traffic.advance(now)
  }

  /** Lets silence grow by `maxSilenceMs` at most, asks for a sign of life when one is due, and says what it has led to. */
  advanceSilence(now: number, maxSilenceMs: number): Silence {
    for (;;) {
      const verdict = this.#liveness.advance(now, maxSilenceMs)
      if (verdict !== 'ping-due') return verdict
      this.due.oweOnce('PING')
    }
  }

  /** The next datagram: a word that is due, or a message if they may flow. */
  poll(now: number, isFlowing: boolean): Uint8Array | undefined {
    const word = this.due.take()
    if (word !== undefined) {
      if (word === 'PING') this.#pingClock.sent(now)
      return encodeWord(word)
    }
    const message = isFlowing ? this.#outbox.shift() : undefined
    if (message !== undefined) this.stats.sentMessages += 1
    return message
  }

  /** Counts a datagram that was written out. */
  sent(bytes: Uint8Array): void {
    this.#traffic.sent(bytes.length)
  }

  /** Hands back the messages that can no longer be sent. */
  giveUp(): void {
    if (!this.#outbox.isEmpty) this.#events.push({ type: 'undelivered', messages: this.#outbox.takeUndelivered() })
  }

  /** A PONG that nobody asked for is a sign of life, and says nothing more. */
  #receivePong(now: number): void {
    const { stats } = this
    const rttMs = this.#pingClock.answered(now)
    if (rttMs === undefined) {
      stats.droppedMalformed += 1
      return
    }
    stats.rttMs = this.#pingClock.smoothedRttMs
    stats.rttVarianceMs = this.#pingClock.rttVarianceMs
    this.#events.push({ type: 'pong', rttMs })
  }
}
