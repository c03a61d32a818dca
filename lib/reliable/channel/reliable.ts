import { retain } from '../wire/fragment.ts'
import { DeliveryCode, type Frame } from '../wire/frame.ts'
import { sequenceAfter, sequenceDistance } from '../wire/sequence.ts'
import { CreditedAssembler } from './credited-assembler.ts'
import type { FrameVerdict, DeliveryQueue, LaneReceiver } from './delivery-queue.ts'
import { SendingLane } from './outgoing-message.ts'

/**
 * How far the newest message that has begun may be ahead of the oldest one that is not acknowledged. So a receiver, which has or has
 * handed over all that it acknowledged, never holds more messages of one lane.
 */
export const SEQUENCE_WINDOW = 8192

/** Sends messages of which each one arrives. Whether their order is kept is the receiver's to see to, so both deliveries share it. */
export class ReliableLane extends SendingLane {
  override readonly isAcked = true
  override readonly hasCredit = true
  override readonly keepsNewest = false

  override get mayBegin(): number {
    const oldest = this.unacked.first?.owner
    if (oldest === undefined) return SEQUENCE_WINDOW
    return SEQUENCE_WINDOW - sequenceDistance(this.nextSequence, oldest.sequence)
  }
}

/** Hands messages over once each, in the order in which they were sent. */
export class ReliableReceiver implements LaneReceiver {
  readonly #channel: number
  readonly #deliveryQueue: DeliveryQueue
  readonly #assembler: CreditedAssembler
  /** Messages that are complete and wait for one before them. */
  readonly #waiting = new Map<number, Uint8Array>()
  /** The sequence of the message to hand over next. */
  #next: number

  constructor(channel: number, deliveryQueue: DeliveryQueue, firstSequence = 0) {
    this.#channel = channel
    this.#deliveryQueue = deliveryQueue
    this.#assembler = new CreditedAssembler(channel, deliveryQueue)
    this.#next = firstSequence
  }

  receive(_now: number, _packetNumber: number, frame: Frame): FrameVerdict {
    const { sequence } = frame
    const ahead = sequenceDistance(sequence, this.#next)
    if (ahead >= SEQUENCE_WINDOW) return this.#deliveryQueue.violation()
    if (ahead < 0 || this.#waiting.has(sequence)) return this.#deliveryQueue.duplicate()
    const taken = this.#assembler.take(frame)
    if (typeof taken === 'string') return taken
    if (ahead > 0) this.#waiting.set(sequence, frame.isFragment ? taken : retain(frame))
    else this.#deliverFrom(taken)
    return 'accepted'
  }

  expire(): void {}

  /** Hands over the message that is next, and those that waited for it. */
  #deliverFrom(message: Uint8Array): void {
    let next: Uint8Array | undefined = message
    while (next !== undefined) {
      this.#deliveryQueue.deliver(DeliveryCode.reliable, this.#channel, next)
      this.#next = sequenceAfter(this.#next)
      next = this.#waiting.size > 0 ? this.#waiting.get(this.#next) : undefined
      if (next !== undefined) this.#waiting.delete(this.#next)
    }
  }
}
