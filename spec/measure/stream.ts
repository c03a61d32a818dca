import type { Distribution } from './distribution.ts'

export const MESSAGE_BYTES = 64
export const INTERVAL_MS = 1_000 / 60

/** A stream of numbered messages, and how long each took. */
export class Stream {
  readonly latencies: Distribution
  readonly #sentAt: number[] = []
  #arrived = 0

  constructor(latencies: Distribution) {
    this.latencies = latencies
  }

  get sent(): number {
    return this.#sentAt.length
  }

  get missing(): number {
    return this.sent - this.#arrived
  }

  /** The next message. */
  next(now: number): Uint8Array {
    const message = new Uint8Array(MESSAGE_BYTES)
    new DataView(message.buffer).setUint32(0, this.#sentAt.length)
    this.#sentAt.push(now)
    return message
  }

  arrive(now: number, message: Uint8Array): void {
    const index = new DataView(message.buffer, message.byteOffset).getUint32(0)
    this.#arrived += 1
    this.latencies.add(now - (this.#sentAt[index] ?? NaN))
  }
}
