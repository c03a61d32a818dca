/**
 * How much may be under way before a PONG has to come: two of these, and a little more. That fits into a receive buffer of the
 * 208 KiB that Linux grants everybody.
 */
const WINDOW_BYTES = 64 * 1024

/** What the kernel keeps of a datagram beside its bytes, which for short lines is most of it. */
export const DATAGRAM_OVERHEAD_BYTES = 768

/**
 * Keeps a sender from outrunning its receiver, where the protocol itself does not: the classic one has no acks.
 *
 * But PING is answered in its turn, so a PONG says that everything before its PING has been taken out of the receiver's buffer.
 * One lost on the way costs half a second, until the library asks by itself.
 */
export class Window {
  readonly #ask: () => void
  #sentBytes = 0
  #askedAtBytes = 0
  #confirmedBytes = 0
  #isAsked = false

  /** `ask` sends a PING. */
  constructor(ask: () => void) {
    this.#ask = ask
  }

  /** Whether more may be sent. */
  get isOpen(): boolean {
    return this.#sentBytes - this.#confirmedBytes < 2 * WINDOW_BYTES
  }

  /** A message was sent. Asks for a PONG when it is time for one. */
  sent(lengthBytes: number): void {
    this.#sentBytes += lengthBytes + DATAGRAM_OVERHEAD_BYTES
    this.#askIfDue()
  }

  /** A PONG came. */
  answered(): void {
    this.#confirmedBytes = this.#askedAtBytes
    this.#isAsked = false
    this.#askIfDue()
  }

  #askIfDue(): void {
    if (this.#isAsked || this.#sentBytes - this.#askedAtBytes < WINDOW_BYTES) return
    this.#isAsked = true
    this.#askedAtBytes = this.#sentBytes
    this.#ask()
  }
}
