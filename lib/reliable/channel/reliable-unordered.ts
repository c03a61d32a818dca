import { DeliveryCode, type Frame } from '../wire/frame.ts'
import { sequenceAfter, sequenceDistance } from '../wire/sequence.ts'
import { CreditedAssembler } from './credited-assembler.ts'
import type { FrameVerdict, DeliveryQueue, LaneReceiver } from './delivery-queue.ts'
import { SEQUENCE_WINDOW } from './reliable.ts'

/** Hands messages over once each, as soon as they are complete. */
export class ReliableUnorderedReceiver implements LaneReceiver {
  readonly #channel: number
  readonly #deliveryQueue: DeliveryQueue
  readonly #assembler: CreditedAssembler
  /** The lowest sequence that was not handed over. */
  #base: number
  /** One bit for each sequence of the window that was handed over above {@link #base}; only made when the first one is. */
  #handedOver: Uint32Array | undefined
  #aboveCount = 0

  constructor(channel: number, deliveryQueue: DeliveryQueue, firstSequence = 0) {
    this.#channel = channel
    this.#deliveryQueue = deliveryQueue
    this.#assembler = new CreditedAssembler(channel, deliveryQueue)
    this.#base = firstSequence
  }

  receive(_now: number, _packetNumber: number, frame: Frame): FrameVerdict {
    const ahead = sequenceDistance(frame.sequence, this.#base)
    if (ahead >= SEQUENCE_WINDOW) return this.#deliveryQueue.violation()
    if (ahead < 0 || this.#isHandedOver(frame.sequence)) return this.#deliveryQueue.duplicate()
    const taken = this.#assembler.take(frame)
    if (typeof taken === 'string') return taken
    this.#deliveryQueue.deliver(DeliveryCode.reliableUnordered, this.#channel, taken)
    if (ahead > 0) this.#flip(frame.sequence, 1)
    else this.#advance()
    return 'accepted'
  }

  expire(): void {}

  #advance(): void {
    this.#base = sequenceAfter(this.#base)
    while (this.#isHandedOver(this.#base)) {
      this.#flip(this.#base, -1)
      this.#base = sequenceAfter(this.#base)
    }
  }

  #isHandedOver(sequence: number): boolean {
    if (this.#aboveCount === 0) return false
    return (this.#word(sequence) & bitOf(sequence)) !== 0
  }

  /** Sets the bit of a sequence, or clears it; `change` says how many more are set then. */
  #flip(sequence: number, change: 1 | -1): void {
    this.#handedOver ??= new Uint32Array(SEQUENCE_WINDOW / 32)
    this.#handedOver[wordOf(sequence)] = this.#word(sequence) ^ bitOf(sequence)
    this.#aboveCount += change
  }

  #word(sequence: number): number {
    return this.#handedOver?.[wordOf(sequence)] ?? 0
  }
}

function wordOf(sequence: number): number {
  return (sequence & (SEQUENCE_WINDOW - 1)) >>> 5
}

function bitOf(sequence: number): number {
  return 1 << (sequence & 31)
}
