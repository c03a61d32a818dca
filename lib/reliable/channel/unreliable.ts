import { DeliveryCode, type Frame } from '../wire/frame.ts'
import type { FrameVerdict, Handover, LaneReceiver } from './delivery-queue.ts'
import { SendingLane } from './sending-lane.ts'
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
  readonly #handover: Handover
  readonly #assembler: UncreditedAssembler

  constructor(channel: number, handover: Handover) {
    this.#channel = channel
    this.#handover = handover
    this.#assembler = new UncreditedAssembler(handover)
  }

  receive(now: number, packetNumber: number, frame: Frame): FrameVerdict {
    const taken = this.#assembler.take(now, packetNumber, frame)
    if (typeof taken === 'string') return taken
    this.#handover.deliver(DeliveryCode.unreliable, this.#channel, taken)
    return 'accepted'
  }

  expire(now: number): void {
    this.#assembler.expire(now)
  }
}
