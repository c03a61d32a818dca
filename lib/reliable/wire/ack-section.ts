import type { Reader } from '../../core/reader.ts'
import { varintBytes, type Writer } from '../../core/writer.ts'

/** What an ack is written from: the history of the packet numbers that arrived. */
export interface AckSource {
  /** The largest number that arrived. */
  readonly largest: number
  /** The lowest number that an ack has to speak of. */
  readonly floor: number
  /** Whether a packet arrived. */
  has(packetNumber: number): boolean
  /** Bit i is set when packet `largest - 1 - i` has not arrived, for the `count` (at most 32) packets before the largest. */
  missingBits(count: number): number
}

/** How an ack section is written: the low three bits of a packet's flags. */
export const AckForm = { none: 0, whole: 1, bits8: 2, bits16: 3, bits32: 4, ranges: 5 } as const

/** How many packets before the largest an ack speaks of when it needs no ranges. */
export const ACK_BITS = 32

/** How many runs of missing packets an ack states at most. */
export const MAX_ACK_GAPS = 32

/** How far an ack reaches back from its largest at most. */
export const MAX_ACK_REACH = 0x3fff

/** The longest ack section: with ranges, each number of which takes at most two bytes. */
export const MAX_ACK_SECTION_BYTES: number = 3 + 1 + 2 + MAX_ACK_GAPS * 4

/**
 * Which packets of the other side arrived, as one packet states it. One record serves again and again.
 *
 * Packets are named by their distance below {@link largest}. Those up to {@link reach} below it are spoken of: they arrived when
 * they are in one of the ranges, and are missing otherwise. Distances that lead below the first packet mean nothing.
 */
export class AckSection {
  /** The largest number that arrived; after decoding only its low 16 bits. */
  largest = 0
  /** How long that packet had waited when the ack was written. */
  delayMs = 0
  /** How far below the largest this ack speaks of: 32, or more. */
  reach: number = ACK_BITS
  /** Runs of packets that arrived, newest first; the first one begins at distance 0. */
  rangeCount = 0
  /** The distance of each range's newest packet. */
  readonly newest: Uint16Array = new Uint16Array(MAX_ACK_GAPS + 1)
  /** The distance of each range's oldest packet. */
  readonly oldest: Uint16Array = new Uint16Array(MAX_ACK_GAPS + 1)
  /** Bit i is set when the packet at distance 1 + i is missing; of no meaning when {@link reach} is more than 32. */
  missing = 0

  /** States what arrived from the source's floor up, and more where that costs nothing. */
  fill(source: AckSource, delayMs: number): void {
    this.largest = source.largest
    this.delayMs = delayMs
    this.missing = source.missingBits(ACK_BITS)
    const floorDistance = Math.min(source.largest - source.floor, MAX_ACK_REACH)
    if (floorDistance > ACK_BITS) this.#scan(source, floorDistance)
    if (floorDistance <= ACK_BITS || this.reach <= ACK_BITS) this.#takeBits()
  }

  /** The form that this ack is written in: the shortest that says it. */
  get form(): number {
    if (this.reach > ACK_BITS) return AckForm.ranges
    if (this.missing === 0) return AckForm.whole
    if (this.missing < 0x100) return AckForm.bits8
    return this.missing < 0x1_0000 ? AckForm.bits16 : AckForm.bits32
  }

  /** How many bytes it takes. */
  get byteLength(): number {
    switch (this.form) {
      case AckForm.whole:
        return 3
      case AckForm.bits8:
        return 4
      case AckForm.bits16:
        return 5
      case AckForm.bits32:
        return 7
      default:
        return this.#rangesByteLength()
    }
  }

  /** Writes it, in its {@link form}. */
  encode(writer: Writer): void {
    writer.u16(this.largest % 0x1_0000)
    writer.u8(encodeAckDelay(this.delayMs))
    const form = this.form
    if (form === AckForm.bits8) writer.u8(this.missing)
    else if (form === AckForm.bits16) writer.u16(this.missing)
    else if (form === AckForm.bits32) writer.u32(this.missing)
    else if (form === AckForm.ranges) this.#encodeRanges(writer)
  }

  /** Reads one of the given form. Returns whether it was well formed. */
  decode(reader: Reader, form: number): boolean {
    this.largest = reader.u16()
    this.delayMs = decodeAckDelay(reader.u8())
    if (form === AckForm.ranges) return this.#decodeRanges(reader)
    this.missing = readMissing(reader, form)
    this.#takeBits()
    return !reader.failed && this.form === form
  }

  /** Walks down from the largest to the floor and notes the runs that arrived, while there is room for them. */
  #scan(source: AckSource, floorDistance: number): void {
    this.rangeCount = 0
    this.reach = 0
    let distance = 0
    while (distance <= floorDistance && this.rangeCount <= MAX_ACK_GAPS) {
      const newest = distance
      while (distance < floorDistance && source.has(source.largest - distance - 1)) distance += 1
      this.#addRange(newest, distance)
      distance += 1
      while (distance <= floorDistance && !source.has(source.largest - distance)) distance += 1
    }
  }

  /** Takes {@link missing} for all that there is to say. */
  #takeBits(): void {
    this.rangeCount = 0
    let distance = 0
    while (distance <= ACK_BITS) {
      const newest = distance
      while (distance < ACK_BITS && !this.#isMissing(distance + 1)) distance += 1
      this.#addRange(newest, distance)
      distance += 1
      while (distance <= ACK_BITS && this.#isMissing(distance)) distance += 1
    }
    this.reach = ACK_BITS
  }

  #isMissing(distance: number): boolean {
    return ((this.missing >>> (distance - 1)) & 1) === 1
  }

  #addRange(newest: number, oldest: number): void {
    this.newest[this.rangeCount] = newest
    this.oldest[this.rangeCount] = oldest
    this.rangeCount += 1
    this.reach = oldest
  }

  #encodeRanges(writer: Writer): void {
    writer.u8(this.rangeCount - 1)
    writer.varint(this.#oldestOf(0))
    for (let i = 1; i < this.rangeCount; i += 1) {
      writer.varint(this.#gapBefore(i))
      writer.varint(this.#lengthOf(i))
    }
  }

  #decodeRanges(reader: Reader): boolean {
    const gaps = reader.u8()
    if (gaps > MAX_ACK_GAPS) return false
    this.missing = 0
    this.rangeCount = 0
    this.#addRange(0, reader.varint())
    let oldest = this.reach
    for (let i = 0; i < gaps && oldest <= MAX_ACK_REACH; i += 1) {
      const newest = oldest + reader.varint() + 2
      oldest = newest + reader.varint()
      this.#addRange(newest, oldest)
    }
    return !reader.failed && oldest > ACK_BITS && oldest <= MAX_ACK_REACH
  }

  #rangesByteLength(): number {
    let length = 4 + varintBytes(this.#oldestOf(0))
    for (let i = 1; i < this.rangeCount; i += 1)
      length += varintBytes(this.#gapBefore(i)) + varintBytes(this.#lengthOf(i))
    return length
  }

  #oldestOf(range: number): number {
    return this.oldest[range] ?? 0
  }

  /** What the wire says of the missing packets between a range and the younger one next to it: their count, less one. */
  #gapBefore(range: number): number {
    return (this.newest[range] ?? 0) - this.#oldestOf(range - 1) - 2
  }

  /** What the wire says of a range's packets: their count, less one. */
  #lengthOf(range: number): number {
    return this.#oldestOf(range) - (this.newest[range] ?? 0)
  }
}

function readMissing(reader: Reader, form: number): number {
  if (form === AckForm.bits8) return reader.u8()
  if (form === AckForm.bits16) return reader.u16()
  return form === AckForm.bits32 ? reader.u32() : 0
}

/** Ack delays are counted in 1/32 ms. */
const DELAY_UNITS_PER_MS = 32

/** The longest delay that can be said, in those units: 251 ms. */
const MAX_DELAY_UNITS = (63 << 7) - 32

/** Writes a delay in one byte, rounded down: three bits of exponent, five of mantissa, as in a small floating-point number. */
export function encodeAckDelay(delayMs: number): number {
  const units = Math.min(MAX_DELAY_UNITS, Math.max(0, Math.floor(delayMs * DELAY_UNITS_PER_MS)))
  const exponent = 26 - Math.clz32(units + 32)
  return (exponent << 5) | (((units + 32) >> exponent) - 32)
}

/** The delay that {@link encodeAckDelay} wrote, in milliseconds. */
export function decodeAckDelay(byte: number): number {
  return (((32 + (byte & 31)) << (byte >> 5)) - 32) / DELAY_UNITS_PER_MS
}
