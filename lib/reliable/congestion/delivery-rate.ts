import type { SentPacket } from '../recovery/sent-packets.ts'

/** Sums of times are not exact to the last bit. */
const ALMOST = 0.99

/**
 * How fast the path delivers, measured at each ack as draft-cheng-iccrg-delivery-rate-estimation has it: what was delivered
 * between the sending of a packet and its ack, over the longer of the times that this took to send and to be acked. So neither
 * acks that arrive in a clump nor packets that left in one make a path look faster than it is.
 */
export class DeliveryRate {
  #delivered = 0
  #deliveredAt: number
  #firstSentAt: number
  /** While `delivered` has not passed this, samples say more about the program than about the path. */
  #appLimitedUntil = 0

  // The sample in the making: what the newest of the packets acked so far knows.
  #hasSample = false
  #priorDelivered = 0
  #priorAt = 0
  #sendMs = 0
  #sampleSentAt = -Infinity
  #isAppLimited = false

  constructor(now: number) {
    this.#deliveredAt = now
    this.#firstSentAt = now
  }

  /** All bytes that were acked since the beginning. */
  get delivered(): number {
    return this.#delivered
  }

  /** Whether the last sample was taken while the program had nothing more to send. */
  get isAppLimited(): boolean {
    return this.#isAppLimited
  }

  /** How much had been delivered when the packet of the last sample was sent. */
  get priorDelivered(): number {
    return this.#priorDelivered
  }

  /** When the newest packet was sent of those that are acked. */
  get newestSentAt(): number {
    return this.#sampleSentAt
  }

  /** A packet that will be acked is about to be sent. */
  onPacketSent(now: number, packet: SentPacket, bytesInFlight: number): void {
    if (bytesInFlight === 0) {
      this.#firstSentAt = now
      this.#deliveredAt = now
    }
    packet.firstSentAt = this.#firstSentAt
    packet.deliveredAt = this.#deliveredAt
    packet.delivered = this.#delivered
    packet.isAppLimited = this.#appLimitedUntil > 0
  }

  /** The program has nothing more to send although the path would take it. */
  onAppLimited(bytesInFlight: number): void {
    this.#appLimitedUntil = Math.max(1, this.#delivered + bytesInFlight)
  }

  /** A packet was acked; several may be, before the sample is taken. */
  onPacketAcked(now: number, packet: SentPacket): void {
    this.#delivered += packet.bytes
    this.#deliveredAt = now
    if (this.#hasSample && packet.sentAt < this.#sampleSentAt) return
    this.#hasSample = true
    this.#sampleSentAt = packet.sentAt
    this.#priorDelivered = packet.delivered
    this.#priorAt = packet.deliveredAt
    this.#sendMs = packet.sentAt - packet.firstSentAt
    this.#isAppLimited = packet.isAppLimited
    this.#firstSentAt = packet.sentAt
  }

  /**
   * The rate that the packets acked since the last sample show, in bytes per millisecond; `NaN` when they show none because
   * less time passed than the path takes at the very least.
   */
  takeSample(minRttMs: number): number {
    if (!this.#hasSample) return NaN
    this.#hasSample = false
    if (this.#appLimitedUntil > 0 && this.#delivered > this.#appLimitedUntil) this.#appLimitedUntil = 0
    const intervalMs = Math.max(this.#sendMs, this.#deliveredAt - this.#priorAt)
    if (!(intervalMs >= minRttMs * ALMOST) || intervalMs <= 0) return NaN
    return (this.#delivered - this.#priorDelivered) / intervalMs
  }
}
