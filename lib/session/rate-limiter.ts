import type { SessionSettings } from './settings.ts'
import { TokenBucket } from '../core/token-bucket.ts'

/** What is told of a peer that sends more than it may. */
export interface RateNotice {
  /** How many packets were dropped for it so far. */
  readonly droppedPackets: number
  /** How much longer this may go on before the connection is closed; 0 when that happens now. */
  readonly graceMs: number
}

/** How long a peer may go on sending far more than its rate, in whole spans. */
export const RATE_GRACE_MS = 5_000

/** In spans of this length it is judged whether a peer pays attention. */
const SPAN_MS = 1_000

/**
 * Who has more than this share of its packets dropped does not pay attention: it sends four times what it may. Congestion control
 * that takes the drops for those of a narrow link, and asks again and again whether it has become wider, stays below.
 */
const EXCESS_SHARE = 0.75

/**
 * How much one peer may send: messages and bytes a second, and a second's worth of both at once.
 *
 * What is beyond that is dropped, as a narrow link would: an honest sender slows down and goes on. Only who keeps at it, span
 * after span for {@link RATE_GRACE_MS}, {@link isExceeded | exceeds} its rate for good. A packet counts as a message whatever is
 * in it, so that it can be judged before anybody has looked inside.
 */
export class RateLimiter {
  readonly #messages: TokenBucket
  readonly #bytes: TokenBucket
  #spanAt: number
  #arrived = 0
  #dropped = 0
  #droppedEver = 0
  /** For how long every span so far was one of excess. */
  #excessMs = 0
  #isNoticeDue = false

  constructor(now: number, limits: Pick<SessionSettings, 'maxMessagesPerSecond' | 'maxBytesPerSecond'>) {
    this.#messages = new TokenBucket(limits.maxMessagesPerSecond)
    this.#bytes = new TokenBucket(limits.maxBytesPerSecond)
    this.#spanAt = now
  }

  /** Whether the peer was given its time of grace and went on. */
  get isExceeded(): boolean {
    return this.#excessMs >= RATE_GRACE_MS
  }

  /** Whether a packet that arrived at the time `now` is within the rate. One that is not is to be dropped. */
  admits(now: number, bytes: number): boolean {
    if (now - this.#spanAt >= SPAN_MS) this.#judgeSpan(now)
    this.#arrived += 1
    if (this.#messages.has(now, 1) && this.#bytes.has(now, bytes)) {
      this.#messages.take(1)
      this.#bytes.take(bytes)
      return true
    }
    if (this.#dropped === 0) this.#isNoticeDue = true
    this.#dropped += 1
    this.#droppedEver += 1
    return false
  }

  /** The packet at hand turned out to hold `messages` more than the one that was taken for it, or work like theirs. */
  charge(messages: number): void {
    this.#messages.take(messages)
  }

  /** What is to be told, once a span in which something was dropped; `undefined` when that is nothing. */
  takeNotice(): RateNotice | undefined {
    if (!this.#isNoticeDue) return undefined
    this.#isNoticeDue = false
    return { droppedPackets: this.#droppedEver, graceMs: RATE_GRACE_MS - this.#excessMs }
  }

  #judgeSpan(now: number): void {
    const isExcess = this.#dropped > this.#arrived * EXCESS_SHARE && now - this.#spanAt < 2 * SPAN_MS
    this.#excessMs = isExcess ? Math.min(RATE_GRACE_MS, this.#excessMs + SPAN_MS) : 0
    this.#spanAt = now
    this.#arrived = 0
    this.#dropped = 0
  }
}
