import type { Round } from '../recovery/round.ts'
import type { RttEstimator } from '../recovery/rtt.ts'

/** By how much the window grows with each byte that is acked: 2.5 times as much a round trip. */
const GROWTH = 1.5
/** A start in which the rate grows by less than this factor within this many round trips has found its end. */
const PLATEAU_GROWTH = 1.25
const PLATEAU_ROUNDS = 3
/** And so has one that loses more than this share of a round trip's packets. */
const LOSS_SHARE = 0.2
const LOSS_PACKETS = 8
/** A queue is a sign of it too: an eighth of the round trip, within limits, as HyStart++ has it (RFC 9406). */
const QUEUE_SHARE = 1 / 8
const QUEUE_MIN_MS = 4
const QUEUE_MAX_MS = 16
const QUEUE_SAMPLES = 6
/** Jitter is told from a queue by this many times its scatter. */
const SCATTERS = 2
/** This many packets in a row that met no queue, although they left before the start ended because of one, tell that there was none. */
const UNQUEUED_SAMPLES = 2

/**
 * The start of a connection, and of a search for more: how much may be in flight grows with each ack until a queue, losses or a
 * rate that grows no more show what the path carries.
 *
 * A queue is known by round trips that take longer, and those of a path that held everything up for a moment do so too, as a radio does,
 * or a program that was late. But the sender goes on to pour more into a queue, so that packets which leave later wait longer in it; those
 * that leave later than what was held up wait less. So a start that ended because of a queue is taken up again when packets that left
 * before its end found none.
 */
export class Startup {
  readonly #rtt: RttEstimator
  #windowBytes: number
  /** The rate that counts as reached, and for how many round trips it has not grown. */
  #plateauRate = 0
  #plateauRounds = 0
  /** When it ended because of a queue; what left until then tells whether there was one. */
  #queueMetAt = -Infinity
  /** Whether it ended so before it was known how much the path jitters. */
  #endedUnknowing = false

  constructor(rtt: RttEstimator, windowBytes: number) {
    this.#rtt = rtt
    this.#windowBytes = windowBytes
  }

  /** How many bytes may be in flight, or might have been when it ended. */
  get windowBytes(): number {
    return this.#windowBytes
  }

  /** Starts once more, with so much in flight on a path that delivers at this rate at least. */
  begin(windowBytes: number, rate: number): void {
    this.#windowBytes = windowBytes
    this.#plateauRate = rate
    this.#plateauRounds = 0
    this.#queueMetAt = -Infinity
    this.#endedUnknowing = false
  }

  onBytesAcked(bytes: number): void {
    this.#windowBytes += bytes * GROWTH
  }

  /** Whether it ends, because a queue grows or much is lost. */
  endsEarly(now: number, round: Round): boolean {
    const wasLossy = isLossy(round)
    if (!wasLossy && !this.#startsToQueue) return false
    this.#queueMetAt = wasLossy ? -Infinity : now
    this.#endedUnknowing = !this.#rtt.knowsScatter
    return true
  }

  /** Whether it ends after one more round trip, of which this is the rate. */
  endsOnPlateau(rate: number): boolean {
    if (rate >= this.#plateauRate * PLATEAU_GROWTH) {
      this.#plateauRate = rate
      this.#plateauRounds = 0
      return false
    }
    this.#plateauRounds += 1
    return this.#plateauRounds >= PLATEAU_ROUNDS
  }

  /** Asked at each ack after its end: whether there was no reason for that. The newest packet that was acked left at `newestSentAt`. */
  endedInError(newestSentAt: number, queueLimitMs: number): boolean {
    if (this.#wasHeldUp(newestSentAt)) return true
    if (!this.#endedUnknowing || !this.#rtt.knowsScatter) return false
    this.#endedUnknowing = false
    return this.#rtt.queueMs <= queueLimitMs
  }

  #wasHeldUp(newestSentAt: number): boolean {
    if (newestSentAt > this.#queueMetAt) return false
    return this.#rtt.greatestOfLast(UNQUEUED_SAMPLES) - this.#rtt.minimumMs <= this.#queueLimitMs
  }

  /** Whether the last samples lie above the minimum by more than jitter explains. While that is unknown, nothing is put down to it. */
  get #startsToQueue(): boolean {
    const { minimumMs, scatterMs, knowsScatter } = this.#rtt
    const queueMs = this.#rtt.leastOfLast(knowsScatter ? QUEUE_SAMPLES : QUEUE_SAMPLES / 2) - minimumMs
    return queueMs > this.#queueLimitMs + (knowsScatter ? SCATTERS * scatterMs : 0)
  }

  get #queueLimitMs(): number {
    return Math.min(QUEUE_MAX_MS, Math.max(QUEUE_MIN_MS, this.#rtt.minimumMs * QUEUE_SHARE))
  }
}

function isLossy({ ackedPackets, lostPackets }: Round): boolean {
  return lostPackets >= LOSS_PACKETS && lostPackets > (ackedPackets + lostPackets) * LOSS_SHARE
}
