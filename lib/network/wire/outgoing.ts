import { frameTypes } from './frame.ts'
import { LENGTH_BYTES, MAX_RECORD_TEXT_BYTES, recordLength, type Sealer } from './record.ts'
import type { Slab } from './slab.ts'

/** A frame of this length leaves as it lies; smaller ones leave together, which costs a copy of them. */
const LARGE_FRAME_BYTES = 16 * 1024
/** So many places of frames that have left are kept before the others move up. */
const MAX_LEFT_FRAMES = 1_024

/** The frames that wait to be sent, and what they become on their way out: bytes as they are, or records. */
export class Outgoing {
  /** Bytes of frames that wait. */
  waitingBytes = 0
  /** How many of the frames that wait are no tables. */
  waitingControls = 0
  /** How many tables have been handed on, since the beginning. */
  takenTables = 0
  /** The bytes of their frames. */
  takenBytes = 0

  readonly #slab: Slab
  #frames: Uint8Array[] = []
  #head = 0

  constructor(slab: Slab) {
    this.#slab = slab
  }

  get isEmpty(): boolean {
    return this.#head === this.#frames.length
  }

  /** Takes a whole frame, whose bytes must stay as they are until it has left. */
  push(frame: Uint8Array): void {
    this.#frames.push(frame)
    this.waitingBytes += frame.length
    if (frame[LENGTH_BYTES] !== frameTypes.table) this.waitingControls += 1
  }

  /** Drops everything that waits. */
  clear(): void {
    this.#frames = []
    this.#head = 0
    this.waitingBytes = 0
    this.waitingControls = 0
  }

  /** The next bytes to send, without records; `undefined` when nothing waits. */
  pollPlain(): Uint8Array | undefined {
    const first = this.#frames[this.#head]
    if (first === undefined) return undefined
    if (first.length >= LARGE_FRAME_BYTES) return this.#takeOne(first)
    return this.#takeTogether(LARGE_FRAME_BYTES)
  }

  /** The next record to send; `undefined` when nothing waits. */
  pollRecord(sealer: Sealer): Uint8Array | undefined {
    const first = this.#frames[this.#head]
    if (first === undefined) return undefined
    const text = this.#takeTogether(MAX_RECORD_TEXT_BYTES)
    const record = this.#slab.take(recordLength(text.length))
    sealer.seal(text, record, 0)
    return record
  }

  /** Frames that have room for each other in a piece, in one; each of them shorter than `maxFrameBytes` unless it goes alone. */
  #takeTogether(maxFrameBytes: number): Uint8Array {
    const first = this.#frames[this.#head] ?? NOTHING
    let end = this.#head + 1
    let total = first.length
    for (let frame = this.#frames[end]; frame !== undefined; frame = this.#frames[end]) {
      if (frame.length >= maxFrameBytes || total + frame.length > MAX_RECORD_TEXT_BYTES) break
      total += frame.length
      end += 1
    }
    if (end === this.#head + 1) return this.#takeOne(first)
    const bytes = this.#slab.take(total)
    let offset = 0
    for (let left = end - this.#head; left > 0; left -= 1) {
      const frame = this.#frames[this.#head] ?? NOTHING
      bytes.set(frame, offset)
      offset += frame.length
      this.#takeOne(frame)
    }
    return bytes
  }

  #takeOne(frame: Uint8Array): Uint8Array {
    this.#frames[this.#head] = NOTHING
    this.#head += 1
    this.waitingBytes -= frame.length
    if (frame[LENGTH_BYTES] === frameTypes.table) {
      this.takenTables += 1
      this.takenBytes += frame.length
    } else this.waitingControls -= 1
    if (this.#head === this.#frames.length || (this.#head > MAX_LEFT_FRAMES && this.#head * 2 > this.#frames.length)) {
      this.#frames = this.#frames.slice(this.#head)
      this.#head = 0
    }
    return frame
  }
}

const NOTHING = new Uint8Array(0)
