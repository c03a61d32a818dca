const TWO_TO_32 = 0x1_0000_0000

/**
 * Reads integers out of bytes that may be anything. What does not fit, or is not encoded as it must be, reads as 0 and sets
 * {@link failed} for good: so a decoder reads a whole structure and asks once.
 */
export class Reader {
  bytes: Uint8Array = new Uint8Array(0)
  /** Where the next read begins, from the start of {@link bytes}. */
  position = 0
  /** Where the readable part ends. */
  end = 0
  failed = false

  /** Begins to read `bytes` from `start` up to, not including, `end`. */
  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes
    this.position = start
    this.end = Math.min(end, bytes.length)
    this.failed = start > this.end
  }

  get remaining(): number {
    return this.end - this.position
  }

  u8(): number {
    return this.#claim(1) ? this.#at(this.position - 1) : 0
  }

  u16(): number {
    if (!this.#claim(2)) return 0
    return (this.#at(this.position - 2) << 8) | this.#at(this.position - 1)
  }

  u32(): number {
    if (!this.#claim(4)) return 0
    const start = this.position - 4
    return (
      ((this.#at(start) << 24) | (this.#at(start + 1) << 16) | (this.#at(start + 2) << 8) | this.#at(start + 3)) >>> 0
    )
  }

  /** A varint of RFC 9000, section 16, in its shortest form and at most 2^53 - 1. */
  varint(): number {
    if (this.position >= this.end) return this.#fail()
    const first = this.#at(this.position)
    switch (first >> 6) {
      case 0:
        this.position += 1
        return first
      case 1: {
        const value = this.u16() & 0x3fff
        return value < 0x40 ? this.#fail() : value
      }
      case 2: {
        const value = this.u32() & 0x3fff_ffff
        return value < 0x4000 ? this.#fail() : value
      }
      default: {
        const high = this.u32() & 0x3fff_ffff
        const value = high * TWO_TO_32 + this.u32()
        return value < 0x4000_0000 || value > Number.MAX_SAFE_INTEGER ? this.#fail() : value
      }
    }
  }

  /** Passes over `count` bytes. */
  skip(count: number): void {
    this.#claim(count)
  }

  /** Declares what was read wrong. Returns 0, for the reads to return. */
  #fail(): number {
    this.failed = true
    this.position = this.end
    return 0
  }

  #claim(count: number): boolean {
    if (count > this.end - this.position) {
      this.#fail()
      return false
    }
    this.position += count
    return true
  }

  #at(index: number): number {
    return this.bytes[index] ?? 0
  }
}
