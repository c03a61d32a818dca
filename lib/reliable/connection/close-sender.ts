import { Countdown } from '../../core/countdown.ts'
import type { CloseReason } from '../../session/session.ts'
import type { Connection } from './connection.ts'
import { RetransmitTimer } from '../../core/retransmit-timer.ts'

/**
 * How a connection is closed from here: what is queued goes first, then CLOSE is said, and said again until CLOSED comes;
 * both within a limit.
 */
export class CloseSender {
  readonly #why: CloseReason
  readonly #connection: Connection
  #countdown: Countdown
  #timer: RetransmitTimer | undefined
  #isFlushOver: boolean

  /** `isHurried`: CLOSE is said at once, whatever is queued. */
  constructor(now: number, connection: Connection, why: CloseReason, isHurried = false) {
    this.#why = why
    this.#connection = connection
    this.#isFlushOver = isHurried
    this.#countdown = new Countdown(now, FLUSH_LIMIT_MS)
  }

  /** When {@link say} or {@link advance} has something to do: `now` for at once. */
  dueAt(now: number): number {
    if (this.#timer !== undefined) return Math.min(this.#countdown.nextDeadline, this.#timer.dueAt)
    return this.#isFlushed ? now : this.#countdown.nextDeadline
  }

  /** Lets time pass, at most `maxElapsedMs` of it. Returns whether CLOSED was awaited for long enough. */
  advance(now: number, maxElapsedMs: number): boolean {
    if (!this.#countdown.advance(now, maxElapsedMs)) return false
    if (this.#timer !== undefined) return true
    this.#isFlushOver = true
    return false
  }

  /** Says CLOSE with the connection's next packet, when it is due. */
  say(now: number): void {
    if (this.#timer === undefined) {
      if (!this.#isFlushed) return
      // What has not got through by now is handed back: behind CLOSE nobody would take it.
      if (!this.#connection.isDrained) this.#connection.setStalled(now, true)
      const { probeTimeoutMs } = this.#connection
      const limitMs = Math.min(MAX_ANSWER_LIMIT_MS, Math.max(ANSWER_LIMIT_MS, probeTimeoutMs * 3))
      this.#countdown = new Countdown(now, limitMs)
      this.#timer = new RetransmitTimer(now, Math.min(probeTimeoutMs, MAX_CLOSE_INTERVAL_MS))
    }
    if (!this.#timer.poll(now)) return
    const { code, reason, isFinal } = this.#why
    this.#connection.sendClose(now, code, reason, isFinal)
  }

  get #isFlushed(): boolean {
    return this.#isFlushOver || this.#connection.isDrained
  }
}

/** What is queued has this long to be sent and acknowledged. */
const FLUSH_LIMIT_MS = 3_000

/** CLOSED is awaited this long, or three times as long as an answer takes on a very slow link, */
const ANSWER_LIMIT_MS = 2_500
/** but no longer than this: a round trip that was measured across a pause, or by acks that lie, must not hold a port for long. */
const MAX_ANSWER_LIMIT_MS = 10_000
/** On such a link CLOSE is said again before it can be answered: it is short, and may be lost. */
const MAX_CLOSE_INTERVAL_MS = 1_000
