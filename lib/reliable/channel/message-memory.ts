import { copyBytes } from '../../core/bytes.ts'
import { followingFrame } from '../wire/packet.ts'
import { Reader } from '../../core/reader.ts'
import { varintBytes, Writer } from '../../core/writer.ts'
import type { OutgoingMessage } from './outgoing-message.ts'

/** Messages lie one behind the other in memory of this size; one that would take up much of it has its own. */
const SLAB_BYTES = 64 * 1024
const MAX_SLAB_SHARE = 1 / 16

/** What the frame of a message that follows has before its length. */
const FOLLOWING_BYTES = 1

/**
 * Where messages wait, and stay until they are acknowledged. A message that fits in a packet lies there as in a DATA frame: its length,
 * then its bytes. Behind it, while nothing else has come to lie there, further ones of its lane may follow, each with the first byte of
 * its frame: so a run of them is written to a packet by one copy. The bytes of a fragmented message lie there by themselves.
 *
 * A copy here is no object of its own: the garbage collector would have one for each message to look after.
 */
export class MessageMemory {
  readonly #writer = new Writer()
  readonly #reader = new Reader()

  /** Copies the bytes of a message that fits in a packet. */
  place(message: OutgoingMessage, bytes: Uint8Array): void {
    const { length } = bytes
    const writer = this.#room(varintBytes(length) + length)
    message.length = length
    message.memory = writer.bytes
    message.start = message.lastStart = writer.position
    writer.varint(length)
    writer.copy(bytes, 0, length)
    message.end = writer.position
  }

  /** Copies the bytes of a message that does not. */
  placeWhole(message: OutgoingMessage, bytes: Uint8Array): void {
    message.length = bytes.length
    message.memory = new Uint8Array(bytes)
  }

  /** Makes a message that has not begun a run that these bytes end, if that takes no more than `maxBytes`. Returns whether it does. */
  extend(message: OutgoingMessage, bytes: Uint8Array, delivery: number, maxBytes: number): boolean {
    const writer = this.#writer
    const { length } = bytes
    const end = message.end + FOLLOWING_BYTES + varintBytes(length) + length
    if (end - message.start > maxBytes || end > writer.end) return false
    if (message.memory !== writer.bytes || message.end !== writer.position) return false
    message.count += 1
    message.length += length
    writer.u8(followingFrame(delivery))
    message.lastStart = writer.position
    writer.varint(length)
    writer.copy(bytes, 0, length)
    message.end = end
    return true
  }

  /** Makes `part` the first messages of a run, within these limits, and not all of them. Returns whether there are any. */
  split(run: OutgoingMessage, part: OutgoingMessage, maxBytes: number, maxMessages: number): boolean {
    const reader = this.#reader
    reader.reset(run.memory, run.start, Math.min(run.end, run.start + maxBytes))
    part.memory = run.memory
    part.start = run.start
    part.count = 0
    const most = Math.min(maxMessages, run.count - 1)
    while (part.count < most) {
      const lastStart = reader.position
      const length = reader.varint()
      reader.skip(length)
      if (reader.failed) break
      part.count += 1
      part.length += length
      part.lastStart = lastStart
      part.end = reader.position
      reader.skip(FOLLOWING_BYTES)
    }
    if (part.count === 0) return false
    run.start = part.end + FOLLOWING_BYTES
    run.count -= part.count
    run.length -= part.length
    return true
  }

  #room(bytes: number): Writer {
    const writer = this.#writer
    if (bytes > SLAB_BYTES * MAX_SLAB_SHARE) {
      const own = new Writer()
      own.reset(new Uint8Array(bytes), 0, bytes)
      return own
    }
    if (bytes > writer.remaining) writer.reset(new Uint8Array(SLAB_BYTES), 0, SLAB_BYTES)
    return writer
  }
}

/** The messages of a run, or the one that it is: copies. */
export function messagesOf({ memory, start, end, count, fragments }: OutgoingMessage): Uint8Array[] {
  if (fragments !== undefined) return [copyBytes(memory)]
  const reader = new Reader()
  reader.reset(memory, start, end)
  return Array.from({ length: count }, (_, i) => {
    if (i > 0) reader.skip(FOLLOWING_BYTES)
    const length = reader.varint()
    reader.skip(length)
    return memory.slice(reader.position - length, reader.position)
  })
}
