import { isOversized, Reassembly } from '../wire/fragment.ts'
import type { Frame } from '../wire/frame.ts'
import { costOf, type FrameVerdict, type DeliveryQueue } from './delivery-queue.ts'
import { MESSAGE_COST_BYTES } from './outgoing-message.ts'

/** How many incomplete messages one lane keeps. */
const MAX_INCOMPLETE = 4

/** An incomplete message of which nothing has arrived for this long is dropped. */
const MAX_AGE_MS = 2000

interface Incomplete {
  readonly sequence: number
  readonly reassembly: Reassembly
  /** The packet with its first fragment; -1 until that arrives. */
  packetNumber: number
  updatedAt: number
}

/**
 * Makes messages of fragments where some may be missing for good: it keeps a few incomplete ones, and none for long. What there
 * is no room for is dropped.
 */
export class UncreditedAssembler {
  readonly #deliveryQueue: DeliveryQueue
  /** The oldest first. */
  readonly #incomplete: Incomplete[] = []
  #completedIn = -1

  constructor(deliveryQueue: DeliveryQueue) {
    this.#deliveryQueue = deliveryQueue
  }

  /** The number of the packet that the first fragment of the message came in that {@link take} returned last. */
  get completedIn(): number {
    return this.#completedIn
  }

  /** Takes a frame. Returns the message when that completes it, otherwise what became of the frame. */
  take(now: number, packetNumber: number, frame: Frame): Uint8Array | FrameVerdict {
    if (isOversized(frame, this.#deliveryQueue.maxMessageBytes)) return this.#deliveryQueue.violation()
    const incomplete = frame.isFragment ? this.#find(frame) : undefined
    if (incomplete?.reassembly.has(frame.index) === true) return this.#deliveryQueue.duplicate()
    if (!this.#deliveryQueue.hold(costOf(frame))) {
      this.#deliveryQueue.stats.droppedUnread += 1
      return 'accepted'
    }
    if (frame.isFragment) return this.#add(now, packetNumber, frame, incomplete ?? this.#begin(frame))
    this.#completedIn = packetNumber
    return frame.payload()
  }

  /** Drops what is too old. */
  expire(now: number): void {
    for (let at = this.#incomplete.length - 1; at >= 0; at -= 1) {
      if (now - (this.#incomplete[at]?.updatedAt ?? now) > MAX_AGE_MS) this.#drop(at)
    }
  }

  #add(now: number, packetNumber: number, frame: Frame, incomplete: Incomplete): Uint8Array | FrameVerdict {
    const { reassembly } = incomplete
    reassembly.add(frame)
    incomplete.updatedAt = now
    if (frame.index === 0) incomplete.packetNumber = packetNumber
    if (!reassembly.isComplete) return 'accepted'
    this.#incomplete.splice(this.#incomplete.indexOf(incomplete), 1)
    this.#completedIn = incomplete.packetNumber
    return reassembly.message()
  }

  /** The message that a fragment is of. One of the same sequence that it does not fit is of long ago. */
  #find(frame: Frame): Incomplete | undefined {
    const at = this.#incomplete.findIndex(({ sequence }) => sequence === frame.sequence)
    const found = this.#incomplete[at]
    if (found === undefined || found.reassembly.fits(frame)) return found
    this.#drop(at)
    return undefined
  }

  #begin(frame: Frame): Incomplete {
    if (this.#incomplete.length === MAX_INCOMPLETE) this.#drop(0)
    const incomplete = { sequence: frame.sequence, reassembly: new Reassembly(frame), packetNumber: -1, updatedAt: 0 }
    this.#incomplete.push(incomplete)
    return incomplete
  }

  #drop(at: number): void {
    for (const { reassembly } of this.#incomplete.splice(at, 1)) {
      this.#deliveryQueue.release(reassembly.receivedBytes + (reassembly.has(0) ? MESSAGE_COST_BYTES : 0))
      this.#deliveryQueue.stats.droppedIncomplete += 1
    }
  }
}
