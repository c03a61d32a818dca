const SLAB_BYTES = 65_536

/** Copies above this get memory of their own: they would waste the rest of a slab. */
const MAX_SHARED_BYTES = 4_096

/**
 * Memory for copies of datagrams, cut from larger pieces as Node's buffer pool does: many times cheaper than an
 * allocation each. A piece is free once nobody holds a copy that was cut from it.
 */
export class Slab {
  #memory: Uint8Array = new Uint8Array(0)
  #used = 0

  /** A copy that is the caller's to keep and to change. */
  copy(bytes: Uint8Array): Uint8Array {
    const { length } = bytes
    if (length > MAX_SHARED_BYTES) return new Uint8Array(bytes)
    if (this.#used + length > this.#memory.length) {
      this.#memory = new Uint8Array(SLAB_BYTES)
      this.#used = 0
    }
    const copy = this.#memory.subarray(this.#used, this.#used + length)
    copy.set(bytes)
    // Aligned, so that the next copy moves whole words.
    this.#used += (length + 7) & ~7
    return copy
  }
}
