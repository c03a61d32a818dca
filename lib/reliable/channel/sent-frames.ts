import type { OutgoingMessage } from './outgoing-message.ts'

/** In place of a fragment's number: the message is not fragmented. */
export const WHOLE = -1

/** In place of a channel's number: the credit of the connection. */
export const CONNECTION = -1

/** A message, or its fragment `index`, as it was when a packet carried it. */
interface Carried {
  message: OutgoingMessage
  generation: number
  index: number
}

/**
 * What one packet carried that an acknowledgement or a loss matters to. It lives as long as the record of the packet and is
 * used again with it.
 *
 * It refers to records of messages that are used again too, and knows them by their generation: so what it says of a message
 * that is gone means nothing, and nothing has to be taken out of it early.
 */
export class SentFrames {
  /** Bytes of the DATA frames that were written for the first time, again after a loss, and again before any. */
  newBytes = 0
  resentBytes = 0
  copyBytes = 0
  /** Of the first two: bytes of fragments and large messages. */
  bulkBytes = 0
  /** Whether its loss was noted, which happens once. */
  isLost = false
  readonly #carried: Carried[] = []
  readonly #windows: number[] = []
  #messageCount = 0
  #windowCount = 0

  /** Whether neither an ack nor a loss of the packet would matter. */
  get isEmpty(): boolean {
    return this.#messageCount === 0 && this.#windowCount === 0
  }

  get messageCount(): number {
    return this.#messageCount
  }

  get windowCount(): number {
    return this.#windowCount
  }

  /** Forgets everything, for the next packet. */
  clear(): void {
    this.newBytes = 0
    this.resentBytes = 0
    this.copyBytes = 0
    this.bulkBytes = 0
    this.isLost = false
    this.#messageCount = 0
    this.#windowCount = 0
  }

  /** Notes a message, or its fragment `index`. */
  addMessage(message: OutgoingMessage, index: number): void {
    const { generation } = message
    const carried = this.#carried[this.#messageCount]
    this.#messageCount += 1
    if (carried === undefined) {
      this.#carried.push({ message, generation, index })
      return
    }
    carried.message = message
    carried.generation = generation
    carried.index = index
  }

  /** Notes that it granted credit, for a channel or for the {@link CONNECTION}. */
  addWindow(channel: number): void {
    this.#windows[this.#windowCount] = channel
    this.#windowCount += 1
  }

  /** The message noted at this place, `undefined` when it is gone. */
  messageAt(at: number): OutgoingMessage | undefined {
    const carried = this.#carried[at]
    return carried?.message.generation === carried?.generation ? carried?.message : undefined
  }

  /** The number of the fragment noted at this place, or {@link WHOLE}. */
  indexAt(at: number): number {
    return this.#carried[at]?.index ?? WHOLE
  }

  /** The channel of the credit noted at this place, or {@link CONNECTION}. */
  windowAt(at: number): number {
    return this.#windows[at] ?? CONNECTION
  }
}
