import { EVENT_ERROR, type NetworkEvent } from './event.ts'

/** How many events there is room for. */
export const MAX_EVENTS = 2_000

/**
 * The events that wait to be polled: a ring, in which the oldest gives way when it is full. Where no table may be lost, its reader
 * stops in time, and what comes nevertheless (ends of connections) makes the ring larger.
 */
export class EventQueue {
  readonly #losesOldest: boolean
  #slots = new Array<NetworkEvent | undefined>(MAX_EVENTS)
  #weights = new Float64Array(MAX_EVENTS)
  #head = 0
  #length = 0
  #bytes = 0

  constructor(losesOldest: boolean) {
    this.#losesOldest = losesOldest
  }

  get length(): number {
    return this.#length
  }

  /** About how many bytes of memory the tables take that wait. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * Adds an event.
   *
   * @param bytes what its table takes in memory
   * @returns the event that was lost for it, if any
   */
  push(event: NetworkEvent, bytes: number): NetworkEvent | undefined {
    let lost: NetworkEvent | undefined
    if (this.#length >= MAX_EVENTS) {
      if (this.#losesOldest) lost = this.#shift()
      // Errors can come without end from where nobody stands; ends of connections cannot.
      else if (event.Event === EVENT_ERROR) return event
      else if (this.#length === this.#slots.length) this.#grow()
    }
    const at = (this.#head + this.#length) % this.#slots.length
    this.#slots[at] = event
    this.#weights[at] = bytes
    this.#length += 1
    this.#bytes += bytes
    return lost
  }

  /** Takes the oldest events out, 2,000 at the most. */
  poll(): NetworkEvent[] {
    const events: NetworkEvent[] = []
    while (events.length < MAX_EVENTS) {
      const event = this.#shift()
      if (event === undefined) break
      events.push(event)
    }
    return events
  }

  #shift(): NetworkEvent | undefined {
    const event = this.#slots[this.#head]
    if (event === undefined) return undefined
    this.#bytes -= this.#weights[this.#head] ?? 0
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) % this.#slots.length
    this.#length -= 1
    return event
  }

  #grow(): void {
    const slots = new Array<NetworkEvent | undefined>(this.#slots.length * 2)
    const weights = new Float64Array(this.#slots.length * 2)
    for (let i = 0; i < this.#length; i += 1) {
      const from = (this.#head + i) % this.#slots.length
      slots[i] = this.#slots[from]
      weights[i] = this.#weights[from] ?? 0
    }
    this.#slots = slots
    this.#weights = weights
    this.#head = 0
  }
}
