import { DeliveryCode, type Frame } from '../wire/frame.ts'
import type { FrameVerdict, DeliveryQueue, LaneReceiver } from './delivery-queue.ts'
import { MESSAGE_COST_BYTES } from './outgoing-message.ts'
import { UncreditedAssembler } from './uncredited-assembler.ts'

/**
 * Hands messages over that are newer than those before.
 *
 * Each is sent once, so the number of its packet tells its age; that of a fragmented one is the number of the packet with its first
 * fragment, before which its sender began no later message.
 */
export class SequencedReceiver implements LaneReceiver {
  readonly #channel: number
  readonly #deliveryQueue: DeliveryQueue
  readonly #assembler: UncreditedAssembler
  /** The packet of the newest message that was handed over. */
  #newest = -1

  constructor(channel: number, deliveryQueue: DeliveryQueue) {
    this.#channel = channel
    this.#deliveryQueue = deliveryQueue
    this.#assembler = new UncreditedAssembler(deliveryQueue)
  }

  receive(now: number, packetNumber: number, frame: Frame): FrameVerdict {
    const taken = this.#assembler.take(now, packetNumber, frame)
    if (typeof taken === 'string') return taken
    const { completedIn } = this.#assembler
    if (completedIn < this.#newest) {
      this.#deliveryQueue.release(taken.length + MESSAGE_COST_BYTES)
      this.#deliveryQueue.stats.droppedLate += 1
      return 'accepted'
    }
    this.#newest = completedIn
    this.#deliveryQueue.deliver(DeliveryCode.sequenced, this.#channel, taken)
    return 'accepted'
  }

  expire(now: number): void {
    this.#assembler.expire(now)
  }
}
