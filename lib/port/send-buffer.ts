/** The largest UDP payload over IPv4: 65,535 less the headers of IP (20) and UDP (8). */
const MAX_PAYLOAD_BYTES = 65_507

/**
 * The memory in which the next datagram is written before it is sent. Sockets that are written to one after the other may share
 * one, and then it stays in the processor's cache.
 */
export class SendBuffer {
  readonly #maxBytes: number
  #bytes: Uint8Array | undefined

  /** `maxBytes` is the largest datagram it takes. */
  constructor(maxBytes: number = MAX_PAYLOAD_BYTES) {
    this.#maxBytes = maxBytes
  }

  /** Where the next datagram goes, from its start. */
  get bytes(): Uint8Array {
    return (this.#bytes ??= new Uint8Array(this.#maxBytes))
  }

  /** The first bytes, as they will be until the next datagram is written. */
  view(lengthBytes: number): Uint8Array {
    return this.bytes.subarray(0, lengthBytes)
  }

  /** The first bytes, as they are now. */
  copy(lengthBytes: number): Uint8Array {
    return this.bytes.slice(0, lengthBytes)
  }

  /** Leaves the memory to whoever still reads it; the next datagram is written elsewhere. */
  abandon(): void {
    this.#bytes = undefined
  }
}
