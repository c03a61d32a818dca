import type { CopyPolicy } from './copies.ts'
import { LossRate } from '../recovery/loss-rate.ts'
import type { RttEstimator } from '../recovery/rtt.ts'
import { SendRhythm } from '../congestion/send-rhythm.ts'

/**
 * How often small reliable messages are repeated before any loss is known: `'auto'` follows the measured loss, `'off'` never does,
 * a number repeats each message that many times.
 */
export type Redundancy = 'auto' | 'off' | number

/** The most often that a program may ask for every message to be repeated. */
export const MAX_FIXED_COPIES = 8

/** The worst is assumed of a path until the fate of this many packets is known. */
const PACKETS_TO_KNOW = 24

/** A path that never lost a packet is believed to lose none after this many, about three seconds of a game. */
const CLEAN_PACKETS_AT_FIRST = 180

/** A path that did lose packets must be clean for longer: at 1 % loss, one in three thousand gaps between losses is that long. */
const CLEAN_PACKETS_AFTER_LOSS = 800

/** Above the first rate a message is written three times, above the second also between the intervals. */
const TWO_COPIES_RATE = 0.025
const BETWEEN_RATE = 0.075
/** A level is left downwards only below this share of the rate that it began at. */
const HYSTERESIS = 0.75

/** Messages so small that the copies of a datagram's take no more than this are repeated more often: it costs next to nothing. */
const FREE_BYTES = 96
const MAX_FREE_TIMES = 8
/** And then a datagram with copies may follow each time the program has sent this many, where that is not worth it otherwise. */
const NEW_PER_CHEAP_CARRIER = 4

/** The parts of an interval after which a copy may leave between two datagrams of the program, or ride on one that is early. */
const BETWEEN_SHARE = 1 / 3
const RIDE_SHARE = 0.7

/** An ack is overdue after this many intervals where the round trip is not known. */
const OVERDUE_INTERVALS = 4

/** Where nothing is acked, overdue messages are repeated after this share of the time that has lasted: less and less often. */
const SILENCE_SHARE = 0.1

/** Copies of one message are at least this far apart: losses come in bursts. */
const MIN_GAP_MS = 4

/** Loss is congestion when a queue of at least this stands on the path, more than jitter explains. */
const MIN_QUEUE_MS = 5
const QUEUE_SHARE_OF_RTT = 0.25
const SCATTERS = 3
/** Jitter is not believed to be more than this share of the round trip: a queue that grew from the beginning looks like it. */
const MAX_SCATTER_SHARE = 0.75
/** A queue of this many times that is reason enough to stop adding to it, before anything is lost. */
const WITHOUT_LOSS = 2
/** After congestion nothing is repeated for a while: longer each time, until there was none for so long. */
const MIN_PAUSE_MS = 500
const MAX_PAUSE_MS = 16_000
const CALM_MS = 10_000

/** How urgently messages are repeated. */
const levels = { none: 0, one: 1, two: 2, between: 3 } as const
type Level = (typeof levels)[keyof typeof levels]

/** How often each level writes a message in quick succession. */
const timesOfLevel: Record<Level, number> = { [levels.none]: 0, [levels.one]: 2, [levels.two]: 3, [levels.between]: 5 }

/**
 * Decides how often, and when, small reliable messages are repeated before their loss is known, so that a lost datagram costs
 * one interval of the program instead of a round trip.
 *
 * The rarer the loss, the fewer the copies: none on a path that loses nothing, and as many as it takes to lose all of them less
 * than about once in ten thousand times. They ride on the program's own datagrams; from about 7 % on one of those an interval is too few,
 * and copies also leave halfway between. A message whose ack is overdue is repeated at that pace until it comes, whatever the loss. Loss
 * that comes with a queue is congestion, which copies would only feed: there they stop.
 */
export class RedundancyControl {
  readonly lossRate: LossRate = new LossRate()
  /** When copies are due, as of the last {@link update}. */
  readonly policy: CopyPolicy = { copies: 0, gapMs: Infinity, lateAfterMs: Infinity, lateGapMs: Infinity }
  /** The part of it that is about messages whose ack is overdue. */
  readonly latePolicy: CopyPolicy = { copies: 1, gapMs: Infinity, lateAfterMs: Infinity, lateGapMs: Infinity }
  readonly #mode: Redundancy
  readonly #rtt: RttEstimator
  readonly #rhythm: SendRhythm
  #level: Level
  /** Whether what was assumed of the path before it was tried has turned out to do harm. */
  #isAssumptionOver = false
  #lastCarrierAt = -Infinity
  /** How many datagrams with new messages left after the last one with nothing but copies. */
  #newSinceCarrier = 0
  #waitingSince: number
  #congestedUntil = -Infinity
  #pauseMs = MIN_PAUSE_MS

  /** Throws a RangeError when the mode is a number out of its range. */
  constructor(now: number, mode: Redundancy, rtt: RttEstimator, rhythm: SendRhythm = new SendRhythm()) {
    if (typeof mode === 'number' && !(Number.isInteger(mode) && mode >= 0 && mode <= MAX_FIXED_COPIES)) {
      throw new RangeError(`redundancy must be a whole number from 0 to ${MAX_FIXED_COPIES}, not ${mode}`)
    }
    this.#waitingSince = now
    this.#mode = mode
    this.#rtt = rtt
    this.#rhythm = rhythm
    this.#level = mode === 'auto' ? levels.between : levels.none
  }

  /** Whether loss has lately come with a queue. */
  isCongested(now: number): boolean {
    return now < this.#congestedUntil
  }

  /** Brings the policies up to date with the time `now` and with all that was noted since. */
  update(now: number): void {
    const { policy, latePolicy } = this
    policy.copies = this.#times(now)
    if (policy.copies <= 1) {
      policy.gapMs = policy.lateAfterMs = policy.lateGapMs = Infinity
    } else {
      const gapMs = this.#gapMs * RIDE_SHARE
      policy.gapMs = this.#isCheap ? Math.min(this.#halfwayMs, gapMs) : gapMs
      policy.lateAfterMs = this.#overdueMs
      // The longer nothing at all is acked, the less helps a copy.
      policy.lateGapMs = Math.max(this.#halfwayMs, (now - this.#waitingSince) * SILENCE_SHARE)
    }
    latePolicy.lateAfterMs = policy.lateAfterMs
    latePolicy.lateGapMs = policy.lateGapMs
  }

  /**
   * When a datagram with nothing but copies is to leave, if a copy is due at `copyDueAt`, and one of a message whose ack
   * is overdue at `lateDueAt`.
   */
  carrierAt(copyDueAt: number, lateDueAt: number): number {
    const halfwayAt = Math.max(this.#rhythm.lastAt, this.#lastCarrierAt) + this.#halfwayMs
    const isHalfwayFree = this.#newSinceCarrier >= this.#newPerCarrier
    const usualAt = isHalfwayFree ? halfwayAt : Math.max(this.#rhythm.patientUntil, this.#lastCarrierAt + this.#gapMs)
    const overdueAt = this.#level >= levels.two && !this.#isCheap ? Math.max(lateDueAt, halfwayAt) : Infinity
    return Math.min(Math.max(copyDueAt, usualAt), overdueAt)
  }

  /** When the program is expected to have sent again, if it sends at an interval; `Infinity` if it does not. */
  nextNewAt(now: number): number {
    return this.#rhythm.nextAt(now)
  }

  /** A packet left, with `newBytes` of new small messages and `copyBytes` of copies. */
  onPacketSent(now: number, newBytes: number, copyBytes: number): void {
    if (newBytes > 0) {
      this.#rhythm.note(now, newBytes)
      this.#newSinceCarrier += 1
    } else if (copyBytes > 0) {
      this.#lastCarrierAt = now
      this.#newSinceCarrier = 0
    }
  }

  /** After how many datagrams of the program one with nothing but copies may leave before the next. */
  get #newPerCarrier(): number {
    if (this.#level === levels.between) return 1
    return this.#level === levels.two && this.#isCheap ? NEW_PER_CHEAP_CARRIER : Infinity
  }

  /** An ack is awaited anew: something was acked just now, or nothing was in flight. */
  startWaiting(now: number): void {
    this.#waitingSince = now
  }

  /** It is certain that a packet arrived. */
  onPacketArrived(): void {
    this.lossRate.onArrived()
    this.#chooseLevel()
  }

  /** It is certain that a packet was lost. What was lost to a full queue says nothing about what to repeat. */
  onPacketLost(wasQueued: boolean): void {
    if (wasQueued) return
    this.lossRate.onLost()
    this.#chooseLevel()
  }

  /** A packet is missing while a queue stands on the path. */
  onCongestion(now: number): void {
    if (this.isCongested(now)) return
    // What was only assumed of the path has done harm enough.
    this.#isAssumptionOver = true
    this.#chooseLevel()
    const isRepeated = now - this.#congestedUntil < CALM_MS
    this.#pauseMs = isRepeated ? Math.min(MAX_PAUSE_MS, this.#pauseMs * 2) : MIN_PAUSE_MS
    this.#congestedUntil = now + this.#pauseMs
  }

  /** Whether a queue stands on the path, so that what is lost now is lost to it. */
  get isQueueing(): boolean {
    return this.#rtt.queueMs > this.#queueThresholdMs
  }

  get #queueThresholdMs(): number {
    const { minimumMs, scatterMs, knowsScatter } = this.#rtt
    const leastMs = Math.max(MIN_QUEUE_MS, minimumMs * QUEUE_SHARE_OF_RTT)
    if (!knowsScatter) return 2 * leastMs
    return leastMs + Math.min(SCATTERS * scatterMs, MAX_SCATTER_SHARE * minimumMs)
  }

  #times(now: number): number {
    if (typeof this.#mode === 'number') return this.#mode + 1
    const times = timesOfLevel[this.#level]
    if (times === 0 || this.isCongested(now)) return 0
    if (this.#rtt.queueMs > WITHOUT_LOSS * this.#queueThresholdMs) return 0
    if (!this.#isCheap) return times
    return Math.max(times, Math.min(MAX_FREE_TIMES, Math.floor(FREE_BYTES / this.#rhythm.bytes)))
  }

  /** Whether messages are so small that repeating them once more hardly matters. */
  get #isCheap(): boolean {
    return this.#rhythm.bytes < FREE_BYTES / 2
  }

  /** The time between copies: the program's interval, or less where acks would be back sooner, or where loss asks for more. */
  get #gapMs(): number {
    const intervalMs = this.#level === levels.between ? this.#rhythm.intervalMs / 2 : this.#rhythm.intervalMs
    return Math.max(MIN_GAP_MS, Math.min(intervalMs, this.#overdueMs))
  }

  get #halfwayMs(): number {
    return Math.max(MIN_GAP_MS, this.#rhythm.intervalMs * BETWEEN_SHARE)
  }

  /** After how long an ack is overdue. */
  get #overdueMs(): number {
    const { hasSample, smoothedMs, varianceMs, recentAckDelayMs } = this.#rtt
    if (!hasSample) return OVERDUE_INTERVALS * this.#rhythm.intervalMs
    return smoothedMs + Math.min(Math.max(1, 2 * varianceMs), smoothedMs / 2) + recentAckDelayMs
  }

  #chooseLevel(): void {
    const { rate, cleanCount, hasLost, count } = this.lossRate
    if (this.#mode !== 'auto' || (count < PACKETS_TO_KNOW && !this.#isAssumptionOver)) return
    const cleanEnough = this.#isAssumptionOver ? 0 : CLEAN_PACKETS_AT_FIRST
    if (cleanCount >= (hasLost ? CLEAN_PACKETS_AFTER_LOSS : cleanEnough)) {
      this.#level = levels.none
      return
    }
    if (rate >= BETWEEN_RATE) this.#level = levels.between
    else if (this.#level !== levels.between || rate < BETWEEN_RATE * HYSTERESIS) {
      if (rate >= TWO_COPIES_RATE) this.#level = levels.two
      else if (this.#level < levels.two || rate < TWO_COPIES_RATE * HYSTERESIS) this.#level = levels.one
    }
  }
}
