import { MAX_ACK_DELAY_MS } from './rtt.ts'

/** A lone packet is acked at once, but not more often than this: the second of two shares the ack of the first. */
const MIN_ACK_GAP_MS = 4

/** When this many datagrams' worth of bytes arrived, an ack is due without waiting for more. */
const BULK_DATAGRAMS = 1.5

/**
 * When an ack is due. In short: at once, unless it can ride on something that leaves soon anyway.
 *
 * A packet with reliable messages is acked in the same step; when the program here sends at an interval of its own, its next datagram
 * takes the ack along, if it is not further off than {@link MAX_ACK_DELAY_MS}. What fills datagrams is acked every second one. Packets that
 * nobody waits for, with nothing but unreliable messages in them, are acked within that same delay.
 */
export class AckSchedule {
  readonly #mtuBytes: number
  #dueAt = Infinity
  #lastAckAt = -Infinity
  #lastReceivedAt = -Infinity
  #pendingPackets = 0
  #pendingBytes = 0
  #isAwaited = false

  constructor(mtuBytes: number) {
    this.#mtuBytes = mtuBytes
  }

  /** When an ack has to leave at the latest; `Infinity` when none is owed. */
  get dueAt(): number {
    return this.#dueAt
  }

  /** Whether something arrived that the other side has not been told of. */
  get isOwed(): boolean {
    return this.#pendingPackets > 0
  }

  /** Whether the other side waits for the ack that is owed. */
  get isAwaited(): boolean {
    return this.#isAwaited
  }

  /** When something arrived last that is to be acked. */
  get lastReceivedAt(): number {
    return this.#lastReceivedAt
  }

  /**
   * A packet arrived that is to be acked. `isAwaited`: the other side will send it again if it hears nothing.
   * `nextDatagramAt`: when the program here is expected to send something by itself; `Infinity` when it is not.
   */
  onPacketReceived(now: number, bytes: number, isAwaited: boolean, nextDatagramAt: number): void {
    this.#lastReceivedAt = now
    this.#pendingPackets += 1
    this.#pendingBytes += bytes
    this.#isAwaited ||= isAwaited
    this.#dueAt = Math.min(this.#dueAt, this.#dueTime(now, isAwaited, nextDatagramAt))
  }

  /** An ack left, by itself or with something else. */
  onAckSent(now: number): void {
    this.#lastAckAt = now
    this.#dueAt = Infinity
    this.#pendingPackets = 0
    this.#pendingBytes = 0
    this.#isAwaited = false
  }

  #dueTime(now: number, isAwaited: boolean, nextDatagramAt: number): number {
    if (this.#pendingBytes >= BULK_DATAGRAMS * this.#mtuBytes) return now
    if (!isAwaited) return now + MAX_ACK_DELAY_MS
    if (nextDatagramAt <= now + MAX_ACK_DELAY_MS) return Math.max(now, nextDatagramAt)
    return this.#pendingPackets > 1 ? now : Math.max(now, this.#lastAckAt + MIN_ACK_GAP_MS)
  }
}
