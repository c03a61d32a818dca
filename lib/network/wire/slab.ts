const SLAB_BYTES = 64 * 1024

/**
 * Memory for what is written once and handed on at once, cut from large pieces. What may be kept for long needs a piece of its
 * own: a few bytes of a slab keep all of it.
 */
export class Slab {
  readonly #allocate: (lengthBytes: number) => Uint8Array
  #slab: Uint8Array
  #used = 0

  constructor(allocate: (lengthBytes: number) => Uint8Array) {
    this.#allocate = allocate
    this.#slab = allocate(SLAB_BYTES)
  }

  /** So many bytes, which nobody else has. */
  take(lengthBytes: number): Uint8Array {
    if (lengthBytes > SLAB_BYTES / 2) return this.#allocate(lengthBytes)
    if (this.#used + lengthBytes > SLAB_BYTES) {
      this.#slab = this.#allocate(SLAB_BYTES)
      this.#used = 0
    }
    const start = this.#used
    this.#used += lengthBytes
    return this.#slab.subarray(start, this.#used)
  }
}
