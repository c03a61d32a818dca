import { DeliveryCode, type Frame } from '../wire/frame.ts'
import type { FrameVerdict, DeliveryQueue, LaneReceiver } from './delivery-queue.ts'
import { SendingLane } from './outgoing-message.ts'
import { UncreditedAssembler } from './uncredited-assembler.ts'

/** Sends messages once, for both of the deliveries that leave it at that. */
export class UnreliableLane extends SendingLane {
  override readonly isAcked = false
  override readonly hasCredit = false
  override readonly keepsNewest = false
  override readonly mayBegin: number = Infinity
}

/** Hands messages over as they come. */
export class UnreliableReceiver implements LaneReceiver {
  readonly #channel: number
  readonly #deliveryQueue: DeliveryQueue
  readonly #assembler: UncreditedAssembler

  constructor(channel: number, deliveryQueue: DeliveryQueue) {
    this.#channel = channel
    this.#deliveryQueue = deliveryQueue
    this.#assembler = new UncreditedAssembler(deliveryQueue)
  }

  receive(now: number, packetNumber: number, frame: Frame): FrameVerdict {
    const taken = this.#assembler.take(now, packetNumber, frame)
    if (typeof taken === 'string') return taken
    this.#deliveryQueue.deliver(DeliveryCode.unreliable, this.#channel, taken)
    return 'accepted'
  }

  expire(now: number): void {
    this.#assembler.expire(now)
  }
}
