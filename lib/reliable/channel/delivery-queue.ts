import { deliveries, type Delivery } from '../../session/delivery.ts'
import { Fifo } from '../../core/fifo.ts'
import type { Frame } from '../wire/frame.ts'
import type { ChannelsStats } from './channels-stats.ts'
import { ReceiveCredit, uncreditedLimitBytes } from './credit.ts'
import { MESSAGE_COST_BYTES } from './outgoing-message.ts'

/** A message as a session hands it over. */
export interface MessageEvent {
  readonly type: 'message'
  /** A view that is the receiver's to keep. */
  readonly message: Uint8Array
  readonly delivery: Delivery
  readonly channel: number
}

/**
 * What became of a frame.
 *
 * - `'accepted'`: it was taken, or was here already, or may be dropped.
 * - `'refused'`: there is no room for it now; its packet is not to be acknowledged, so that it comes again.
 * - `'violation'`: nobody who keeps to the protocol sends it; its packet is not to be acknowledged.
 * - `'unhandled'`: it is none of the frames that have to do with messages.
 */
export type FrameVerdict = 'accepted' | 'refused' | 'violation' | 'unhandled'

/** Receives what arrives on one channel by one delivery. */
export interface LaneReceiver {
  receive(now: number, packetNumber: number, frame: Frame): FrameVerdict
  /** Drops what is incomplete and too old. */
  expire(now: number): void
}

/**
 * How many reliable messages may be incomplete at a time. Each has a cost beside its bytes that credit does not know of. A sender
 * begins a fragmented message when the one before was written, so only losses make this many, and what is refused comes again.
 */
export const MAX_INCOMPLETE_RELIABLE = 1_024

/** Where messages that arrived wait to be handed over, and the limits of what may wait here or be held incomplete. */
export class DeliveryQueue {
  readonly maxMessageBytes: number
  readonly stats: ChannelsStats
  readonly credit: ReceiveCredit
  readonly #messages = new Fifo<MessageEvent>()
  #uncreditedBytes = 0
  #incompleteReliable = 0
  #arrivedMessages = 0

  constructor(maxMessageBytes: number, stats: ChannelsStats) {
    this.maxMessageBytes = maxMessageBytes
    this.stats = stats
    this.credit = new ReceiveCredit(maxMessageBytes)
  }

  /** The cost of what is incomplete or waits here. */
  get heldBytes(): number {
    return this.credit.heldBytes + this.#uncreditedBytes
  }

  get incompleteReliable(): number {
    return this.#incompleteReliable
  }

  /** Whether there is room for one more incomplete message that costs credit. */
  get mayBeginReliable(): boolean {
    return this.#incompleteReliable < MAX_INCOMPLETE_RELIABLE
  }

  /** The first fragment of such a message arrived. */
  beginReliable(): void {
    this.#incompleteReliable += 1
  }

  /** The last fragment of such a message arrived. */
  completeReliable(): void {
    this.#incompleteReliable -= 1
  }

  /** How many messages were delivered since this was asked last. */
  takeArrivedMessages(): number {
    const arrived = this.#arrivedMessages
    this.#arrivedMessages = 0
    return arrived
  }

  /** A message is complete. Its cost was claimed, or its bytes are held. */
  deliver(delivery: number, channel: number, message: Uint8Array): void {
    this.#arrivedMessages += 1
    this.#messages.push({ type: 'message', message, delivery: deliveries[delivery] ?? 'reliable', channel })
  }

  /** Hands the oldest message over; `undefined` when there is none. */
  poll(): MessageEvent | undefined {
    const event = this.#messages.shift()
    if (event === undefined) return undefined
    const cost = event.message.length + MESSAGE_COST_BYTES
    if (event.delivery === 'reliable' || event.delivery === 'reliable-unordered')
      this.credit.consume(event.channel, cost)
    else this.release(cost)
    return event
  }

  /** Takes room for something that costs no credit. Returns `false`, taking nothing, when there is not enough. */
  hold(bytes: number): boolean {
    if (this.#uncreditedBytes + bytes > uncreditedLimitBytes(this.maxMessageBytes)) return false
    this.#uncreditedBytes += bytes
    return true
  }

  /** Gives back what {@link hold} took. */
  release(bytes: number): void {
    this.#uncreditedBytes -= bytes
  }

  /** Counts something that there is no room for now. */
  refuse(): FrameVerdict {
    this.stats.refused += 1
    return 'refused'
  }

  /** Counts something that was here before. */
  duplicate(): FrameVerdict {
    this.stats.duplicates += 1
    return 'accepted'
  }

  violation(): FrameVerdict {
    this.stats.violations += 1
    return 'violation'
  }
}

/** What a frame costs that arrives for the first time. */
export function costOf(frame: Frame): number {
  return frame.payloadBytes + (frame.isFragment && frame.index > 0 ? 0 : MESSAGE_COST_BYTES)
}
