const TWO_TO_32 = 0x1_0000_0000

/** How many bytes a varint of this value takes: 1, 2, 4 or 8. */
export function varintBytes(value: number): number {
  if (value < 0x40) return 1
  if (value < 0x4000) return 2
  return value < 0x4000_0000 ? 4 : 8
}

/** How many bytes a varint takes that begins with this one. */
export function varintBytesFrom(firstByte: number): number {
  return 1 << (firstByte >> 6)
}

/** Writes integers into somebody else's bytes. Running over the end is the caller's mistake and throws a RangeError. */
export class Writer {
  bytes: Uint8Array = new Uint8Array(0)
  /** Where the next write begins, from the start of {@link bytes}. */
  position = 0
  /** Where the writable part ends. */
  end = 0

  /** Begins to write to `bytes` from `start` up to, not including, `end`. */
  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes
    this.position = start
    this.end = Math.min(end, bytes.length)
  }

  get remaining(): number {
    return this.end - this.position
  }

  u8(value: number): void {
    this.bytes[this.#claim(1)] = value
  }

  u16(value: number): void {
    const start = this.#claim(2)
    this.bytes[start] = value >>> 8
    this.bytes[start + 1] = value
  }

  u32(value: number): void {
    const start = this.#claim(4)
    this.bytes[start] = value >>> 24
    this.bytes[start + 1] = value >>> 16
    this.bytes[start + 2] = value >>> 8
    this.bytes[start + 3] = value
  }

  /** A varint of RFC 9000, section 16, in its shortest form. Throws a RangeError for what is not a safe non-negative integer. */
  varint(value: number): void {
    if (value < 0 || !Number.isSafeInteger(value)) throw new RangeError(`${value} cannot be written as a varint`)
    if (value < 0x40) {
      this.u8(value)
    } else if (value < 0x4000) {
      this.u16(value | 0x4000)
    } else if (value < 0x4000_0000) {
      this.u32(value + 0x8000_0000)
    } else {
      this.u32(Math.floor(value / TWO_TO_32) + 0xc000_0000)
      this.u32(value % TWO_TO_32)
    }
  }

  /** Copies the bytes of `source` from `start` up to, not including, `end`. */
  copy(source: Uint8Array, start: number, end: number): void {
    copyRange(source, start, end, this.bytes, this.#claim(end - start))
  }

  #claim(count: number): number {
    const start = this.position
    if (count > this.end - start) throw new RangeError(`${count} bytes do not fit in ${this.end - start}`)
    this.position = start + count
    return start
  }
}

/** Up to this many bytes are copied one by one: a view for `set` to copy from costs more. */
const MAX_LOOP_BYTES = 48

/** Copies the bytes of `source` from `start` up to, not including, `end` to where `at` is in `target`. */
function copyRange(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): void {
  if (end - start === source.length) {
    target.set(source, at)
  } else if (end - start > MAX_LOOP_BYTES) {
    target.set(source.subarray(start, end), at)
  } else {
    const shift = at - start
    for (let i = start; i < end; i += 1) target[i + shift] = source[i] ?? 0
  }
}
