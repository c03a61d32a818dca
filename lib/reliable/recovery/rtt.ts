import { WindowedBest } from './windowed-best.ts'

/** What a receiver may take to answer before it has told us how long it takes; also the longest that a receiver of ours takes. */
export const MAX_ACK_DELAY_MS = 40

/** The least time that is waited for an ack before asking again. */
export const MIN_PROBE_TIMEOUT_MS = 20

/** Variance is never taken for less than this: clocks and main loops tick in milliseconds. */
const GRANULARITY_MS = 1

/** How long a minimum counts: routes change, and with them what the path itself takes. */
const MIN_RTT_WINDOW_MS = 10_000

/** The mean lies this many mean deviations above the least sample, at the most. */
const MAX_JITTER_SCATTERS = 4

/** How many samples it takes to say something about scatter. */
const SCATTER_SAMPLES = 16
const SCATTER_WEIGHT = 32

/** How many samples are remembered, and how many of the last the standing round-trip time is the least of. */
const SAMPLES = 16
const STANDING_SAMPLES = 12
const MIN_STANDING_SAMPLES = 6

/**
 * The round-trip time as RFC 6298 and RFC 9002 §5 measure it: from the acks of packets, less the time that the other side
 * says it held the ack back.
 *
 * It also tells jitter from queues. Jitter scatters the samples all the time, but their lower edge stays where it is; a queue
 * lifts the lower edge, and scatters them only while it grows or shrinks. So what the path takes is the least of the last seconds; a queue
 * stands on it as far as the least of the last few samples, the *standing* round-trip time, is above that by more than
 * jitter explains; and jitter is the least scatter of the last seconds.
 */
export class RttEstimator {
  readonly #minimum = new WindowedBest('min', MIN_RTT_WINDOW_MS)
  readonly #leastDeviation = new WindowedBest('min', MIN_RTT_WINDOW_MS)
  readonly #recent: number[] = []
  #sampleCount = 0
  #smoothedMs = NaN
  #varianceMs = NaN
  #latestMs = NaN
  #deviationMs = 0
  #standingMs = NaN
  #ackDelayMs = MAX_ACK_DELAY_MS
  #typicalAckDelayMs = 0

  /** `initialMs` is what the handshake took, or `NaN`; it counts as a first sample with a large variance. */
  constructor(now: number, initialMs: number) {
    if (!(initialMs >= 0)) return
    this.#smoothedMs = initialMs
    this.#latestMs = initialMs
    this.#varianceMs = initialMs / 2
    this.#standingMs = initialMs
    this.#minimum.update(now, initialMs)
  }

  get hasSample(): boolean {
    return !Number.isNaN(this.#smoothedMs)
  }

  /** Smoothed round-trip time; `NaN` until measured. */
  get smoothedMs(): number {
    return this.#smoothedMs
  }

  /** Mean deviation; `NaN` until measured. */
  get varianceMs(): number {
    return this.#varianceMs
  }

  get latestMs(): number {
    return this.#latestMs
  }

  /** The least of the last ten seconds: what the path takes without a queue. */
  get minimumMs(): number {
    return this.#minimum.value
  }

  /** When the minimum was measured. */
  get minimumAt(): number {
    return this.#minimum.time
  }

  /** The least of the last few samples. */
  get standingMs(): number {
    return this.#standingMs
  }

  /** The least of the last `count` samples, at most sixteen; `NaN` until measured. */
  leastOfLast(count: number): number {
    return this.#bestOfLast(count, Math.min)
  }

  /** The greatest of the last `count` samples, at most sixteen; `NaN` until measured. */
  greatestOfLast(count: number): number {
    return this.#bestOfLast(count, Math.max)
  }

  #bestOfLast(count: number, better: (a: number, b: number) => number): number {
    let best = this.#latestMs
    for (let i = Math.max(0, this.#sampleCount - count); i < this.#sampleCount; i += 1) {
      best = better(best, this.#recent[i % SAMPLES] ?? best)
    }
    return best
  }

  /** How long the queue on the path makes packets wait. */
  get queueMs(): number {
    return this.#sampleCount < MIN_STANDING_SAMPLES ? 0 : Math.max(0, this.#standingMs - this.#minimum.value)
  }

  /** Whether there were enough samples to tell jitter from a queue that grows. */
  get knowsScatter(): boolean {
    return this.#sampleCount >= SCATTER_SAMPLES
  }

  /** How far jitter alone makes samples deviate from their mean: the least deviation of the last seconds. */
  get scatterMs(): number {
    return this.knowsScatter ? this.#leastDeviation.value : this.#deviationMs
  }

  /** How far jitter alone lifts the mean above what the path takes at the least. */
  get jitterMs(): number {
    if (!this.hasSample) return 0
    return Math.min(Math.max(0, this.#smoothedMs - this.#standingMs), MAX_JITTER_SCATTERS * this.scatterMs)
  }

  /** The longest that the other side lately held an ack back, as far as is known. */
  get recentAckDelayMs(): number {
    return this.#sampleCount === 0 ? 0 : this.#ackDelayMs
  }

  /** How long the other side holds an ack back on average. */
  get typicalAckDelayMs(): number {
    return this.#typicalAckDelayMs
  }

  /** How long to wait for the ack of a packet before asking for it with a probe (RFC 9002 §6.2.1). */
  get probeTimeoutMs(): number {
    if (!this.hasSample) return 5 * MIN_PROBE_TIMEOUT_MS
    const timeoutMs = this.#smoothedMs + Math.max(4 * this.#varianceMs, GRANULARITY_MS) + this.#ackDelayMs
    return Math.max(MIN_PROBE_TIMEOUT_MS, timeoutMs)
  }

  /** A packet sent `elapsedMs` ago was acked just now, after the other side had held the ack back for `ackDelayMs`. */
  sample(now: number, elapsedMs: number, ackDelayMs: number): void {
    const rawMs = Math.max(0, elapsedMs)
    this.#noteAckDelay(ackDelayMs)
    const minimumMs = this.#minimum.update(now, rawMs)
    // A delay that leaves less than the path takes is misstated, and is not believed.
    const adjustedMs = rawMs - ackDelayMs >= minimumMs ? rawMs - ackDelayMs : rawMs
    this.#latestMs = adjustedMs
    this.#noteRecent(adjustedMs)
    if (Number.isNaN(this.#smoothedMs)) {
      this.#smoothedMs = adjustedMs
      this.#varianceMs = adjustedMs / 2
    } else {
      this.#varianceMs += (Math.abs(this.#smoothedMs - adjustedMs) - this.#varianceMs) / 4
      this.#smoothedMs += (adjustedMs - this.#smoothedMs) / 8
    }
    this.#noteDeviation(now, adjustedMs)
  }

  /** Rises at once, and falls slowly: a timer that is too early costs more than one that is a little late. */
  #noteAckDelay(ackDelayMs: number): void {
    if (this.#sampleCount === 0 || ackDelayMs > this.#ackDelayMs) this.#ackDelayMs = ackDelayMs
    else this.#ackDelayMs += (ackDelayMs - this.#ackDelayMs) / 32
    this.#typicalAckDelayMs += (ackDelayMs - this.#typicalAckDelayMs) / 8
  }

  /** Like the variance, but slower, and without the caution that it begins with. */
  #noteDeviation(now: number, rttMs: number): void {
    const weight = Math.min(this.#sampleCount + 1, SCATTER_WEIGHT)
    this.#deviationMs += (Math.abs(this.#smoothedMs - rttMs) - this.#deviationMs) / weight
    if (this.knowsScatter) this.#leastDeviation.update(now, this.#deviationMs)
  }

  #noteRecent(rttMs: number): void {
    this.#recent[this.#sampleCount % SAMPLES] = rttMs
    this.#sampleCount += 1
    this.#standingMs = this.leastOfLast(STANDING_SAMPLES)
  }
}
