/** How many of the last exchanges the best one is chosen from. */
const SAMPLES = 8

/**
 * How far the other side's clock is ahead of ours, from exchanges of PING and PONG, in the way of NTP (RFC 5905 §8).
 *
 * An exchange tells the offset only as well as its way there took as long as its way back, and the error is at most half of what its
 * round trip took too long: so of the last exchanges the one with the shortest round trip is believed.
 */
export class ClockOffset {
  readonly #roundTrips: number[] = []
  readonly #offsets: number[] = []
  #count = 0
  #offsetMs = NaN
  #errorMs = NaN

  /** Their clock minus ours, in milliseconds; `NaN` until there was an exchange. */
  get offsetMs(): number {
    return this.#offsetMs
  }

  /**
   * How far {@link offsetMs} may be from the truth: half of the round trip that told it, as when all of that was spent in one direction.
   * What the clocks drifted since is not in it; `NaN` until there was an exchange.
   */
  get errorMs(): number {
    return this.#errorMs
  }

  /** How many exchanges there were. */
  get count(): number {
    return this.#count
  }

  /** An exchange took `roundTripMs` and put the other side's clock ahead by `offsetMs`. */
  sample(roundTripMs: number, offsetMs: number): void {
    const slot = this.#count % SAMPLES
    this.#roundTrips[slot] = roundTripMs
    this.#offsets[slot] = offsetMs
    this.#count += 1
    let best = 0
    for (let i = 1; i < this.#roundTrips.length; i += 1) {
      if ((this.#roundTrips[i] ?? Infinity) < (this.#roundTrips[best] ?? Infinity)) best = i
    }
    this.#offsetMs = this.#offsets[best] ?? NaN
    this.#errorMs = Math.max(0, this.#roundTrips[best] ?? NaN) / 2
  }
}
