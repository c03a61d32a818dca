/** What is assumed of a path before it was tried, and how many packets that assumption weighs. */
const ASSUMED_RATE = 0.05
const ASSUMED_WEIGHT = 20

/** Packets that the long and the short memory span. */
const LONG_MEMORY = 512
const SHORT_MEMORY = 64

/** And those that the reported average spans. */
const MEASURED_MEMORY = 1024

/** The short memory is noisy, and may raise the estimate only by what is hardly noise. */
const SHORT_TRUST = 0.6

/** Of a longer run of losses no more are counted: that is a path that was gone for a while, not one that loses. */
const LONGEST_RUN = 16

/**
 * The share of packets that the network loses, as a cautious guess for deciding how often to repeat things: the greater of a long
 * average and of most of a short one, so that it rises quickly and falls slowly.
 *
 * Each packet counts once, when it was acked or when it is certain that it was lost and not merely overtaken.
 */
export class LossRate {
  #long = ASSUMED_RATE
  #short = 0
  #count = 0
  #run = 0
  #cleanCount = 0
  #hasLost = false
  #measured = NaN
  #measuredCount = 0

  /** The estimate, 0 to 1. */
  get rate(): number {
    return Math.max(this.#long, this.#short * SHORT_TRUST)
  }

  /** How many packets the estimate rests on. */
  get count(): number {
    return this.#count
  }

  /** The plain average over the last thousand packets or so; `NaN` until there were any. */
  get measured(): number {
    return this.#measured
  }

  /** How many packets in a row arrived since the last loss. */
  get cleanCount(): number {
    return this.#cleanCount
  }

  /** Whether the network ever lost a packet of this connection. */
  get hasLost(): boolean {
    return this.#hasLost
  }

  onArrived(): void {
    this.#run = 0
    this.#cleanCount += 1
    this.#measure(0)
    this.#add(0)
  }

  onLost(): void {
    this.#run += 1
    this.#measure(1)
    if (this.#run > LONGEST_RUN) return
    this.#cleanCount = 0
    this.#hasLost = true
    this.#add(1)
  }

  get #longGain(): number {
    return 1 / Math.min(LONG_MEMORY, ASSUMED_WEIGHT + this.#count)
  }

  #measure(loss: 0 | 1): void {
    this.#measuredCount = Math.min(MEASURED_MEMORY, this.#measuredCount + 1)
    if (this.#measuredCount === 1) this.#measured = loss
    else this.#measured += (loss - this.#measured) / this.#measuredCount
  }

  #add(loss: 0 | 1): void {
    this.#count += 1
    this.#long += (loss - this.#long) * this.#longGain
    this.#short += (loss - this.#short) / SHORT_MEMORY
  }
}
