/** A first-in, first-out queue with constant-time ends, without a limit of its own: whoever fills it has one. */
export class Fifo<T> {
  /** A ring; its length is a power of two. */
  #slots = new Array<T | undefined>(MIN_SLOTS)
  #head = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  push(item: T): void {
    if (this.#length === this.#slots.length) this.#grow()
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = item
    this.#length += 1
  }

  /** Takes the oldest item, `undefined` when there is none. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined
    const item = this.#slots[this.#head]
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#slots.length - 1)
    this.#length -= 1
    if (this.#length === 0 && this.#slots.length > MAX_IDLE_SLOTS) {
      this.#slots = new Array<T | undefined>(MIN_SLOTS)
      this.#head = 0
    }
    return item
  }

  #grow(): void {
    const { length } = this.#slots
    const grown = new Array<T | undefined>(length * 2)
    for (let i = 0; i < length; i += 1) grown[i] = this.#slots[(this.#head + i) & (length - 1)]
    this.#slots = grown
    this.#head = 0
  }
}

const MIN_SLOTS = 8

/** A queue that is empty gives the memory of a burst back. */
const MAX_IDLE_SLOTS = 64
