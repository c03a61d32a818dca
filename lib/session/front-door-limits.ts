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
