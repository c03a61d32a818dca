import { concatenate } from '../../core/bytes.ts'
import { LENGTH_BYTES, readLength } from './record.ts'

/** What {@link StreamReader.next} found. */
export type Reading = 'complete' | 'incomplete' | 'too-short' | 'too-long'

const EMPTY = new Uint8Array(0)
/** What the first bytes of something longer are kept in. It grows as bytes arrive, never because of a length that was announced. */
const FIRST_BYTES = 256
const GROWTH = 4

/**
 * Cuts a stream into pieces with a length of four bytes before each: frames, or records. What arrived whole is looked at where it
 * lies; only of a piece that comes in parts is there a copy.
 */
export class StreamReader {
  /** The shortest piece, and the longest. */
  minBytes: number
  maxBytes: number
  /** The piece that {@link next} found lies in `bytes`, from `start` up to `end`, until the next call. */
  bytes: Uint8Array = EMPTY
  start = 0
  end = 0

  #chunk: Uint8Array = EMPTY
  #offset = 0
  /** The beginning of a piece, its length included. */
  #partial: Uint8Array | undefined
  #partialBytes = 0

  constructor(minBytes: number, maxBytes: number) {
    this.minBytes = minBytes
    this.maxBytes = maxBytes
  }

  /** Whether there are bytes that {@link next} has not looked at. */
  get hasUnread(): boolean {
    return this.#offset < this.#chunk.length
  }

  /** Takes what arrived. It is not copied: its bytes must stay as they are until they have been read. */
  handleBytes(chunk: Uint8Array): void {
    this.#chunk = this.hasUnread ? concatenate(this.#chunk.subarray(this.#offset), chunk) : chunk
    this.#offset = 0
  }

  /** Forgets all that arrived. */
  clear(): void {
    this.#chunk = EMPTY
    this.#offset = 0
    this.#partial = undefined
    this.bytes = EMPTY
  }

  /** Looks for the next piece. */
  next(): Reading {
    if (this.#partial !== undefined) return this.#continue(this.#partial)
    const chunk = this.#chunk
    const offset = this.#offset
    const available = chunk.length - offset
    if (available < LENGTH_BYTES) return this.#keepRest()
    const length = readLength(chunk, offset)
    if (length < this.minBytes) return 'too-short'
    if (length > this.maxBytes) return 'too-long'
    if (available < LENGTH_BYTES + length) return this.#keepRest()
    this.bytes = chunk
    this.start = offset + LENGTH_BYTES
    this.end = this.start + length
    this.#offset = this.end
    return 'complete'
  }

  #keepRest(): 'incomplete' {
    if (this.hasUnread) {
      this.#partial = EMPTY
      this.#partialBytes = 0
      const available = this.#chunk.length - this.#offset
      this.#take(available, available < LENGTH_BYTES ? Infinity : LENGTH_BYTES + readLength(this.#chunk, this.#offset))
    }
    this.#chunk = EMPTY
    this.#offset = 0
    this.bytes = EMPTY
    return 'incomplete'
  }

  #continue(partial: Uint8Array): Reading {
    if (this.#partialBytes < LENGTH_BYTES && !this.#fill(LENGTH_BYTES)) return this.#wait()
    const length = readLength(this.#partial ?? partial, 0)
    if (length < this.minBytes) return 'too-short'
    if (length > this.maxBytes) return 'too-long'
    if (!this.#fill(LENGTH_BYTES + length)) return this.#wait()
    this.bytes = this.#partial ?? partial
    this.start = LENGTH_BYTES
    this.end = LENGTH_BYTES + length
    this.#partial = undefined
    return 'complete'
  }

  #wait(): 'incomplete' {
    this.#chunk = EMPTY
    this.#offset = 0
    return 'incomplete'
  }

  /** Takes bytes until the partial piece has `lengthBytes`, and returns whether it has. */
  #fill(lengthBytes: number): boolean {
    this.#take(Math.min(lengthBytes - this.#partialBytes, this.#chunk.length - this.#offset), lengthBytes)
    return this.#partialBytes === lengthBytes
  }

  #take(count: number, wantedBytes: number): void {
    const partial = this.#partial ?? EMPTY
    const neededBytes = this.#partialBytes + count
    let room = partial
    if (neededBytes > partial.length) {
      room = new Uint8Array(Math.min(wantedBytes, Math.max(GROWTH * neededBytes, FIRST_BYTES)))
      room.set(partial.subarray(0, this.#partialBytes))
      this.#partial = room
    }
    room.set(this.#chunk.subarray(this.#offset, this.#offset + count), this.#partialBytes)
    this.#partialBytes = neededBytes
    this.#offset += count
  }
}
