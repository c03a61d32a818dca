import { isOversized, Reassembly } from '../wire/fragment.ts'
import { DeliveryCode, type Frame } from '../wire/frame.ts'
import { sequenceAfter, sequenceDistance } from '../wire/sequence.ts'
import { costOf, type FrameVerdict, type DeliveryQueue, type LaneReceiver } from './delivery-queue.ts'
import { MESSAGE_COST_BYTES, SendingLane } from './outgoing-message.ts'

/**
 * Sends messages of which the newest one arrives.
 *
 * A newer message takes the place of the one before it, whether that waits to be sent or to be acknowledged; only one in fragments that
 * has begun is seen through, or a stream of large ones would starve all of them.
 */
export class LatestLane extends SendingLane {
  override readonly isAcked = true
  override readonly hasCredit = false

  override readonly keepsNewest = true

  override get mayBegin(): number {
    return this.unacked.first?.owner.fragments === undefined ? 1 : 0
  }
}

/** Hands messages over that are newer than those before. Of those that are incomplete it keeps the newest. */
export class LatestReceiver implements LaneReceiver {
  readonly #channel: number
  readonly #deliveryQueue: DeliveryQueue
  /** The newest message that was handed over. */
  #newest: number
  #incomplete: Reassembly | undefined
  #incompleteSequence = 0

  constructor(channel: number, deliveryQueue: DeliveryQueue, firstSequence = 0) {
    this.#channel = channel
    this.#deliveryQueue = deliveryQueue
    this.#newest = sequenceAfter(firstSequence, -1)
  }

  receive(_now: number, _packetNumber: number, frame: Frame): FrameVerdict {
    if (frame.sequence === this.#newest) return this.#deliveryQueue.duplicate()
    if (sequenceDistance(frame.sequence, this.#newest) < 0) return this.#late()
    if (isOversized(frame, this.#deliveryQueue.maxMessageBytes)) return this.#deliveryQueue.violation()
    return frame.isFragment ? this.#receiveFragment(frame) : this.#receiveWhole(frame)
  }

  expire(): void {}

  #receiveWhole(frame: Frame): FrameVerdict {
    if (this.#incomplete !== undefined && frame.sequence === this.#incompleteSequence)
      return this.#deliveryQueue.violation()
    if (!this.#deliveryQueue.hold(costOf(frame))) return this.#deliveryQueue.refuse()
    this.#deliver(frame.sequence, frame.payload())
    return 'accepted'
  }

  #receiveFragment(frame: Frame): FrameVerdict {
    const age = this.#incomplete === undefined ? 1 : sequenceDistance(frame.sequence, this.#incompleteSequence)
    if (age < 0) return this.#late()
    if (age === 0) {
      if (this.#incomplete?.fits(frame) !== true) return this.#deliveryQueue.violation()
      if (this.#incomplete.has(frame.index)) return this.#deliveryQueue.duplicate()
    }
    if (age > 0) this.#begin(frame)
    return this.#add(frame)
  }

  #begin(frame: Frame): void {
    this.#dropIncomplete()
    this.#incomplete = new Reassembly(frame)
    this.#incompleteSequence = frame.sequence
  }

  #add(frame: Frame): FrameVerdict {
    if (this.#incomplete === undefined) return 'accepted'
    if (!this.#deliveryQueue.hold(costOf(frame))) return this.#deliveryQueue.refuse()
    this.#incomplete.add(frame)
    if (!this.#incomplete.isComplete) return 'accepted'
    const message = this.#incomplete.message()
    this.#incomplete = undefined
    this.#deliver(frame.sequence, message)
    return 'accepted'
  }

  #deliver(sequence: number, message: Uint8Array): void {
    this.#newest = sequence
    if (sequenceDistance(this.#incompleteSequence, sequence) <= 0) this.#dropIncomplete()
    this.#deliveryQueue.deliver(DeliveryCode.latest, this.#channel, message)
  }

  #dropIncomplete(): void {
    if (this.#incomplete === undefined) return
    this.#deliveryQueue.release(this.#incomplete.receivedBytes + (this.#incomplete.has(0) ? MESSAGE_COST_BYTES : 0))
    this.#deliveryQueue.stats.droppedIncomplete += 1
    this.#incomplete = undefined
  }

  #late(): FrameVerdict {
    this.#deliveryQueue.stats.droppedLate += 1
    return 'accepted'
  }
}
