/** How many unanswered pings are remembered: an answer to an older one counts as lost. */
const MAX_OUTSTANDING = 16

/** Clocks are read before a datagram leaves and after it has arrived: a ping looks this much younger than its round trip at most. */
const CLOCK_TOLERANCE_MS = 1

interface Ping {
  readonly sequence: number
  readonly sentAt: number
}

/** What a series of pings has shown so far, as `ping(8)` sums it up. Times are in milliseconds. */
export class PingStatistics {
  readonly #outstanding: Ping[] = []
  #sent = 0
  #answered = 0
  #minMs = Infinity
  #maxMs = 0
  #sumMs = 0
  #squaresSum = 0
  #lastMs = NaN
  #jitterMs = 0

  get sentCount(): number {
    return this.#sent
  }

  get answeredCount(): number {
    return this.#answered
  }

  /** Share of the pings that have no answer, 0 to 1. */
  get lossRate(): number {
    return this.#sent === 0 ? 0 : 1 - this.#answered / this.#sent
  }

  /** Smoothed difference from one round trip to the next, as RFC 3550 (section 6.4.1) smooths that of transit times. */
  get jitterMs(): number {
    return this.#jitterMs
  }

  /** The standard deviation of the round trips. */
  get deviationMs(): number {
    const averageMs = this.#sumMs / this.#answered
    return Math.sqrt(Math.max(0, this.#squaresSum / this.#answered - averageMs * averageMs))
  }

  /** A ping leaves at the time `now`; returns its number, from 1. */
  send(now: number): number {
    this.#sent += 1
    this.#outstanding.push({ sequence: this.#sent, sentAt: now })
    if (this.#outstanding.length > MAX_OUTSTANDING) this.#outstanding.shift()
    return this.#sent
  }

  /**
   * An answer came at the time `now`, after a round trip of `rttMs`. Returns the number of the ping that it answers, the youngest that
   * is old enough for it; `undefined` when none is, and the answer counts for nothing.
   */
  answer(now: number, rttMs: number): number | undefined {
    const sentBy = now - rttMs + CLOCK_TOLERANCE_MS
    const index = this.#outstanding.findLastIndex(({ sentAt }) => sentAt <= sentBy)
    const [ping] = index === -1 ? [] : this.#outstanding.splice(index, 1)
    if (ping === undefined) return undefined
    this.#addSample(rttMs)
    return ping.sequence
  }

  /** The lines of a summary. */
  toLines(): string[] {
    const percent = Number((this.lossRate * 100).toFixed(1))
    const counts = `${this.#sent} pings sent, ${this.#answered} answered, ${percent} % lost`
    if (this.#answered === 0) return [counts]
    const figures = [this.#minMs, this.#sumMs / this.#answered, this.#maxMs, this.deviationMs]
    const rtt = figures.map((ms) => ms.toFixed(3)).join('/')
    return [counts, `rtt min/avg/max/mdev = ${rtt} ms, jitter ${this.#jitterMs.toFixed(3)} ms`]
  }

  #addSample(rttMs: number): void {
    this.#answered += 1
    this.#minMs = Math.min(this.#minMs, rttMs)
    this.#maxMs = Math.max(this.#maxMs, rttMs)
    this.#sumMs += rttMs
    this.#squaresSum += rttMs * rttMs
    if (!Number.isNaN(this.#lastMs)) this.#jitterMs += (Math.abs(rttMs - this.#lastMs) - this.#jitterMs) / 16
    this.#lastMs = rttMs
  }
}
