import { isOversized, Reassembly } from '../wire/fragment.ts'
import type { Frame } from '../wire/frame.ts'
import { costOf, type FrameVerdict, type DeliveryQueue } from './delivery-queue.ts'

/** Makes messages that cost credit of frames: whole ones of one frame, fragmented ones of many. */
export class CreditedAssembler {
  readonly #channel: number
  readonly #deliveryQueue: DeliveryQueue
  readonly #incomplete = new Map<number, Reassembly>()

  constructor(channel: number, deliveryQueue: DeliveryQueue) {
    this.#channel = channel
    this.#deliveryQueue = deliveryQueue
  }

  /** Takes a frame of a message that is not complete. Returns the message when that completes it, otherwise what became of the frame. */
  take(frame: Frame): Uint8Array | FrameVerdict {
    const incomplete = this.#incomplete.size > 0 ? this.#incomplete.get(frame.sequence) : undefined
    if (incomplete !== undefined && !incomplete.fits(frame)) return this.#deliveryQueue.violation()
    if (incomplete?.has(frame.index) === true) return this.#deliveryQueue.duplicate()
    if (isOversized(frame, this.#deliveryQueue.maxMessageBytes)) return this.#deliveryQueue.violation()
    const isBegun = frame.isFragment && incomplete === undefined
    if (isBegun && !this.#deliveryQueue.mayBeginReliable) return this.#deliveryQueue.refuse()
    if (!this.#deliveryQueue.credit.claim(this.#channel, costOf(frame))) return this.#deliveryQueue.violation()
    return frame.isFragment ? this.#add(frame, incomplete) : frame.payload()
  }

  #add(frame: Frame, begun: Reassembly | undefined): Uint8Array | FrameVerdict {
    const incomplete = begun ?? new Reassembly(frame)
    if (begun === undefined) {
      this.#incomplete.set(frame.sequence, incomplete)
      this.#deliveryQueue.beginReliable()
    }
    incomplete.add(frame)
    if (!incomplete.isComplete) return 'accepted'
    this.#incomplete.delete(frame.sequence)
    this.#deliveryQueue.completeReliable()
    return incomplete.message()
  }
}
