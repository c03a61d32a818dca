import { copyBytes } from '../../core/bytes.ts'
import type { Frame } from './frame.ts'

/** How many fragments a message has room for at first. */
const FIRST_SLOTS = 4

/**
 * Puts a message together from its fragments, whatever the order in which they arrive.
 *
 * They are copied into one buffer, which in the end is the message. It grows with what has arrived, to at most four times as much,
 * whatever size the fragments announce. What lies beyond it waits outside: as does the last fragment until another one proves the
 * size that it claims.
 */
export class Reassembly {
  /** The size of each fragment but the last. */
  readonly size: number
  /** The number of the last one. */
  readonly last: number
  #buffer = new Uint8Array(0)
  /** Which of the fragments that the buffer has room for are in it. */
  #isFilled = new Uint8Array(0)
  readonly #outside = new Map<number, Uint8Array>()
  #receivedCount = 0
  #receivedBytes = 0
  #lastLength = 0

  /** Begins the message that this fragment is of; it has yet to be added. */
  constructor(frame: Frame) {
    this.size = frame.size
    this.last = frame.last
  }

  get receivedBytes(): number {
    return this.#receivedBytes
  }

  get isComplete(): boolean {
    return this.#receivedCount > this.last
  }

  /** Whether a fragment says the same of its message as those before it did. */
  fits(frame: Frame): boolean {
    return frame.isFragment && frame.size === this.size && frame.last === this.last
  }

  has(index: number): boolean {
    return this.#isFilled[index] === 1 || this.#outside.has(index)
  }

  /** Adds a fragment that it does not have and that {@link fits}. */
  add(frame: Frame): void {
    const { index } = frame
    this.#receivedCount += 1
    this.#receivedBytes += frame.payloadBytes
    if (index === this.last) this.#lastLength = frame.payloadBytes
    const slots = this.#justifiedSlots()
    if (index < slots && index >= this.#isFilled.length) this.#growTo(slots)
    if (index < this.#isFilled.length) this.#fill(index, frame.payload())
    else this.#outside.set(index, retain(frame))
    if (this.isComplete && this.#outside.size > 0) this.#growTo(this.last + 1)
  }

  /** The whole message, when it {@link isComplete}. */
  message(): Uint8Array {
    return this.#buffer.subarray(0, this.last * this.size + this.#lastLength)
  }

  /** How many fragments the buffer may have room for. */
  #justifiedSlots(): number {
    const provenCount = this.#receivedCount - (this.#lastLength > 0 ? 1 : 0)
    return provenCount === 0 ? 0 : Math.min(this.last + 1, Math.max(FIRST_SLOTS, 2 * (provenCount + 1)))
  }

  #growTo(slots: number): void {
    const buffer = new Uint8Array(slots * this.size)
    const isFilled = new Uint8Array(slots)
    buffer.set(this.#buffer)
    isFilled.set(this.#isFilled)
    this.#buffer = buffer
    this.#isFilled = isFilled
    for (const [index, payload] of this.#outside) {
      if (index >= slots) continue
      this.#outside.delete(index)
      this.#fill(index, payload)
    }
  }

  #fill(index: number, payload: Uint8Array): void {
    this.#buffer.set(payload, index * this.size)
    this.#isFilled[index] = 1
  }
}

/** Whether what a frame says of its message shows that it is larger than allowed. */
export function isOversized(frame: Frame, maxMessageBytes: number): boolean {
  if (!frame.isFragment) return frame.payloadBytes > maxMessageBytes
  const lastBytes = frame.index === frame.last ? frame.payloadBytes : 1
  return frame.last * frame.size + lastBytes > maxMessageBytes
}

/** A packet is worth keeping for a payload that is at least this share of it. */
const WORTH_KEEPING = 0.5

/** A frame's payload for keeping: a small part of a packet is copied out, so that it does not hold on to all of it. */
export function retain(frame: Frame): Uint8Array {
  const payload = frame.payload()
  return payload.length < frame.bytes.length * WORTH_KEEPING ? copyBytes(payload) : payload
}
