import { HalfOpen } from './half-open.ts'
import { RateLimits } from './rate-limits.ts'
import { TokenBucket } from '../core/token-bucket.ts'

/** What a front door takes, of everybody and of each address; of IPv6 each /64 counts as one address. */
export interface FrontDoorLimits {
  /**
   * How many handshakes may be half open, let in and not yet connected, before a HELLO has to prove, by a cookie, that it comes
   * from where it seems to. From half of {@link maxHandshakesPerAddress} on, the HELLOs of that address have to anyway.
   */
  readonly retryThreshold: number
  /** How many handshakes of one address may be half open; a HELLO beyond it is dropped, and comes again. */
  readonly maxHandshakesPerAddress: number
  /**
   * How many HELLOs a second are looked at without a cookie; those beyond it are asked for one, which costs less, until that is too
   * much, too. As many again are looked at with a cookie.
   */
  readonly maxHellosPerSecond: number
  /** How many HELLOs a second of one address are looked at, and as many again with a cookie; those beyond it are dropped. */
  readonly maxHellosPerSecondPerAddress: number
  /** How many HELLOs a second that prove nothing are answered with GO AWAY!, and told of. */
  readonly maxRefusalsPerSecond: number
}

/** The limits of a front door that is told none. */
export const DEFAULT_FRONT_DOOR_LIMITS: FrontDoorLimits = {
  retryThreshold: 64,
  maxHandshakesPerAddress: 256,
  maxHellosPerSecond: 5_000,
  maxHellosPerSecondPerAddress: 1_000,
  maxRefusalsPerSecond: 100,
}

/** What is to be done with a HELLO: it is looked at, its sender has to prove its address first, or it is not answered. */
export type Verdict = 'pass' | 'retry' | 'drop'

/** RETRYs for each HELLO that is looked at without a cookie: they cost a fraction of it. */
const RETRIES_PER_HELLO = 4

const KEY_BYTES = 8

/**
 * Decides, before a HELLO costs anything, whether it is worth looking at: by how many there are, of all and of its address. What it
 * remembers of addresses that have not proved themselves does not grow, and those that have are counted apart, so that whoever
 * writes another's address on what they send cannot keep the other out.
 */
export class HelloGate {
  readonly halfOpen: HalfOpen = new HalfOpen()
  readonly #limits: FrontDoorLimits
  readonly #unproved: TokenBucket
  readonly #proved: TokenBucket
  readonly #unprovedPerAddress: RateLimits
  readonly #provedPerAddress: RateLimits
  readonly #retries: TokenBucket
  readonly #refusals: TokenBucket

  constructor(limits: FrontDoorLimits, randomBytes: (length: number) => Uint8Array) {
    const { maxHellosPerSecond, maxHellosPerSecondPerAddress, maxRefusalsPerSecond } = limits
    this.#limits = limits
    this.#unproved = new TokenBucket(maxHellosPerSecond)
    this.#proved = new TokenBucket(maxHellosPerSecond)
    this.#unprovedPerAddress = new RateLimits(maxHellosPerSecondPerAddress, randomBytes(KEY_BYTES))
    this.#provedPerAddress = new RateLimits(maxHellosPerSecondPerAddress, randomBytes(KEY_BYTES))
    this.#retries = new TokenBucket(maxHellosPerSecond * RETRIES_PER_HELLO)
    this.#refusals = new TokenBucket(maxRefusalsPerSecond)
  }

  /**
   * Judges a HELLO from a network.
   *
   * @param isProved whether it brought a cookie that proves its address
   * @param isKnown whether it is one that was let in or waits for that, and so begins nothing new
   */
  judge(now: number, network: string, isProved: boolean, isKnown: boolean): Verdict {
    const perAddress = isProved ? this.#provedPerAddress : this.#unprovedPerAddress
    if (!perAddress.take(now, network)) return 'drop'
    const verdict = isKnown ? 'pass' : this.#judgeHandshakes(network, isProved)
    if (verdict === 'drop') return 'drop'
    if (isProved) return this.#proved.takeOne(now) ? 'pass' : 'drop'
    if (verdict === 'pass' && this.#unproved.takeOne(now)) return 'pass'
    return this.#retries.takeOne(now) ? 'retry' : 'drop'
  }

  /** Whether one more HELLO that proves nothing may be answered and told of. */
  takeRefusal(now: number): boolean {
    return this.#refusals.takeOne(now)
  }

  #judgeHandshakes(network: string, isProved: boolean): Verdict {
    const { halfOpen } = this
    const { maxHandshakesPerAddress, retryThreshold } = this.#limits
    const ofNetwork = halfOpen.of(network)
    if (ofNetwork >= maxHandshakesPerAddress) return 'drop'
    const isUnderPressure = halfOpen.size >= retryThreshold || ofNetwork >= maxHandshakesPerAddress / 2
    return !isProved && isUnderPressure ? 'retry' : 'pass'
  }
}
