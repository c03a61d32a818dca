/**
 * Measures the round trip from PING to PONG, and smooths it as RFC 6298 does.
 *
 * A classic PONG does not say which PING it answers. While one PING is out there is no doubt; while several are, the time
 * since the newest is reported, but as in Karn's algorithm (RFC 6298, section 3) it is no sample.
 */
export class PingClock {
  /** When the unanswered PINGs were sent, the oldest first; at most {@link MAX_OUTSTANDING}. */
  readonly #sentAt: number[] = []
  #smoothedRttMs = NaN
  #rttVarianceMs = NaN

  /** `NaN` until one was measured. */
  get smoothedRttMs(): number {
    return this.#smoothedRttMs
  }

  /** `NaN` until a round trip was measured. */
  get rttVarianceMs(): number {
    return this.#rttVarianceMs
  }

  /** A PING was sent at the time `now`. */
  sent(now: number): void {
    if (this.#sentAt.length === MAX_OUTSTANDING) this.#sentAt.shift()
    this.#sentAt.push(now)
  }

  /** A PONG arrived at the time `now`. Returns the time since the newest PING, `undefined` when none is unanswered. */
  answered(now: number): number | undefined {
    this.#forgetLost(now)
    const newest = this.#sentAt.at(-1)
    if (newest === undefined) return undefined
    const rttMs = Math.max(0, now - newest)
    if (this.#sentAt.length === 1) this.#addSample(rttMs)
    this.#sentAt.shift()
    return rttMs
  }

  /** A PING or its PONG may be lost; it must not leave every later answer in doubt. */
  #forgetLost(now: number): void {
    while ((this.#sentAt[0] ?? Infinity) < now - LOST_AFTER_MS) this.#sentAt.shift()
  }

  /** RFC 6298, sections 2.2 and 2.3. */
  #addSample(rttMs: number): void {
    if (Number.isNaN(this.#smoothedRttMs)) {
      this.#smoothedRttMs = rttMs
      this.#rttVarianceMs = rttMs / 2
    } else {
      this.#rttVarianceMs += (Math.abs(this.#smoothedRttMs - rttMs) - this.#rttVarianceMs) / 4
      this.#smoothedRttMs += (rttMs - this.#smoothedRttMs) / 8
    }
  }
}

/** Beyond this many unanswered PINGs the oldest is taken for lost. */
const MAX_OUTSTANDING = 32
const LOST_AFTER_MS = 3_000
