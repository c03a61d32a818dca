import { Fifo } from '../core/fifo.ts'

/** At either, whoever fills the inbox should pause. */
export interface InboxLimits {
  readonly maxInboxBytes: number
  readonly maxInboxMessages: number
}

/**
 * What arrived and was not received yet, oldest first, and who waits for it: never both. The limits are marks at which reading stops, not
 * caps: what was read already still comes in.
 */
export class Inbox<Message, Waiter> {
  readonly #limits: InboxLimits
  readonly #messages = new Fifo<Message>()
  readonly #sizes = new Fifo<number>()
  /** Few, and any of them may leave: a list will do. */
  #waiters: Waiter[] = []
  #bytes = 0
  #isFull = false

  constructor(limits: InboxLimits) {
    this.#limits = limits
  }

  /** Messages that wait. */
  get length(): number {
    return this.#messages.length
  }

  /** The bytes that those had on the wire, after inflating. */
  get bytes(): number {
    return this.#bytes
  }

  /** Adds a message that nobody waits for. Returns whether reading should pause now: once, until {@link pollResume} says to go on. */
  push(message: Message, lengthBytes: number): boolean {
    this.#messages.push(message)
    this.#sizes.push(lengthBytes)
    this.#bytes += lengthBytes
    if (this.#isFull) return false
    this.#isFull = this.#bytes >= this.#limits.maxInboxBytes || this.#messages.length >= this.#limits.maxInboxMessages
    return this.#isFull
  }

  /** Takes the oldest message; `undefined` when there is none. */
  take(): Message | undefined {
    const message = this.#messages.shift()
    this.#bytes -= this.#sizes.shift() ?? 0
    return message
  }

  /** Whether reading, paused by {@link push}, should go on: below half of both limits. It says so once. */
  pollResume(): boolean {
    if (!this.#isFull) return false
    const { maxInboxBytes, maxInboxMessages } = this.#limits
    if (this.#bytes * 2 >= maxInboxBytes && this.#bytes > 0) return false
    if (this.#messages.length * 2 >= maxInboxMessages && this.#messages.length > 0) return false
    this.#isFull = false
    return true
  }

  /** Throws away all that waits, and returns how many messages that were. */
  clear(): number {
    const { length } = this.#messages
    while (this.#messages.length > 0) this.take()
    return length
  }

  /** Adds somebody who waits for the next message, behind those who wait already. */
  wait(waiter: Waiter): void {
    this.#waiters.push(waiter)
  }

  get hasWaiters(): boolean {
    return this.#waiters.length > 0
  }

  /** Takes the one who has waited longest. */
  nextWaiter(): Waiter | undefined {
    return this.#waiters.shift()
  }

  /** Takes all who wait. */
  takeWaiters(): Waiter[] {
    const waiters = this.#waiters
    this.#waiters = []
    return waiters
  }

  /** Somebody waits no longer. Returns whether it was waiting. */
  leave(waiter: Waiter): boolean {
    const at = this.#waiters.indexOf(waiter)
    if (at === -1) return false
    this.#waiters.splice(at, 1)
    return true
  }
}
