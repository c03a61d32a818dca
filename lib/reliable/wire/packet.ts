import { AckForm, AckSection } from './ack-section.ts'
import {
  DataContext,
  DataFlag,
  FINAL_FLAG,
  Frame,
  FrameType,
  hasSequence,
  MAX_REASON_BYTES,
  PATH_DATA_BYTES,
  TIME_UNITS_PER_MS,
} from './frame.ts'
import { Reader } from '../../core/reader.ts'
import { varintBytes, varintBytesFrom, Writer } from '../../core/writer.ts'

/** What a packet begins with, outside of the seal: its flags and the low 16 bits of its number. */
export const PACKET_HEADER_BYTES = 3

/** The bit that every packet has and no handshake datagram. */
const PACKET_BIT = 0x80

/** The bits of the flags that say how the ack section is written. */
const ACK_FORM_BITS = 0x07

/** Whether a datagram may be a packet, judged by its first byte and its length alone. */
export function isPacket(bytes: Uint8Array): boolean {
  return bytes.length > PACKET_HEADER_BYTES && ((bytes[0] ?? 0) & PACKET_BIT) !== 0
}

/** The low 16 bits of a packet's number, which can be read before the packet is opened. */
export function readPacketNumber(bytes: Uint8Array): number {
  return ((bytes[1] ?? 0) << 8) | (bytes[2] ?? 0)
}

/** Whether a packet says which packets have arrived, which can be read before it is opened. */
export function hasAck(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & ACK_FORM_BITS) !== AckForm.none
}

/** Messages as they lie in a packet from the length of the first one on. */
export interface MessageRun {
  readonly memory: Uint8Array
  readonly start: number
  readonly end: number
  readonly count: number
  /** Where the length of the last one is. */
  readonly lastStart: number
}

/** The first byte of a DATA frame with the message that comes next in the lane of the frame before it. */
export function followingFrame(delivery: number): number {
  return DataFlag.length | DataFlag.next | delivery
}

/**
 * Writes one packet after the other: {@link begin}, then frames while they fit, then {@link finish}. What does not fit is
 * not written, and the method says so by returning `false`.
 */
export class PacketWriter {
  readonly #writer = new Writer()
  readonly #context = new DataContext()
  #packetNumber = 0
  #frameCount = 0
  /** Where the first byte of the DATA frame lies that was written last, and where its length and its payload. */
  #dataStart = 0
  #lengthStart = 0
  #payloadStart = 0
  #dataEnd = 0

  /** Begins a packet at the start of `bytes`, of which `end` may be used; the seal's bytes are not part of these. */
  begin(bytes: Uint8Array, end: number, packetNumber: number, ack?: AckSection): void {
    const writer = this.#writer
    writer.reset(bytes, 0, end)
    writer.u8(PACKET_BIT | (ack?.form ?? AckForm.none))
    writer.u16(packetNumber % 0x1_0000)
    ack?.encode(writer)
    this.#context.reset()
    this.#packetNumber = packetNumber
    this.#frameCount = 0
    this.#dataEnd = 0
  }

  get packetNumber(): number {
    return this.#packetNumber
  }

  /** How many bytes are left for frames. */
  get remaining(): number {
    return this.#writer.remaining
  }

  get frameCount(): number {
    return this.#frameCount
  }

  /** Whether the packet has no frame yet: such a one is not acknowledged. */
  get isEmpty(): boolean {
    return this.#frameCount === 0
  }

  /** A message that is not fragmented. The sequence is left out where the delivery has none. */
  message(delivery: number, channel: number, sequence: number, message: Uint8Array): boolean {
    const length = message.length
    const implied = this.#context.impliedSequence(delivery, channel)
    const sequenceBytes = hasSequence(delivery) && sequence !== implied ? 2 : 0
    const channelBytes = channel === this.#context.channel ? 0 : 1
    if (1 + channelBytes + sequenceBytes + varintBytes(length) + length > this.remaining) return false
    this.#beginData(delivery, channel, hasSequence(delivery) ? sequence : -1, 0)
    this.#payload(message, 0, length)
    return true
  }

  /** Messages of one lane that are not fragmented, one behind the other; the sequence is that of the first. Either all of them fit, or none does. */
  messages(delivery: number, channel: number, sequence: number, run: MessageRun): boolean {
    const { memory, start, lastStart, end, count } = run
    const implied = this.#context.impliedSequence(delivery, channel)
    const sequenceBytes = hasSequence(delivery) && sequence !== implied ? 2 : 0
    const channelBytes = channel === this.#context.channel ? 0 : 1
    if (1 + channelBytes + sequenceBytes + end - start > this.remaining) return false
    this.#beginData(delivery, channel, hasSequence(delivery) ? sequence : -1, 0)
    const shift = this.#writer.position - start
    this.#writer.copy(memory, start, end)
    this.#lengthStart = lastStart + shift
    this.#payloadStart = this.#lengthStart + varintBytesFrom(memory[lastStart] ?? 0)
    this.#dataEnd = end + shift
    if (count > 1) {
      this.#dataStart = this.#lengthStart - 1
      this.#context.note(delivery, channel, (sequence + count - 1) & 0xffff)
      this.#frameCount += count - 1
    }
    return true
  }

  /**
   * Fragment `index` of a message whose last one is `last`; all but the last are `size` bytes long. Returns `false` when it does
   * not fit.
   */
  fragment(
    delivery: number,
    channel: number,
    sequence: number,
    message: Uint8Array,
    index: number,
    last: number,
    size: number,
  ): boolean {
    const start = index * size
    const length = Math.min(size, message.length - start)
    const sizeBytes = index === last ? varintBytes(size) : 0
    const placeBytes = varintBytes(index) + varintBytes(last) + sizeBytes
    const channelBytes = channel === this.#context.channel ? 0 : 1
    const sequenceBytes = sequence === this.#context.impliedSequence(delivery, channel) ? 0 : 2
    if (1 + channelBytes + sequenceBytes + placeBytes + varintBytes(length) + length > this.remaining) return false
    this.#beginData(delivery, channel, sequence, DataFlag.fragment)
    this.#writer.varint(index)
    this.#writer.varint(last)
    if (index === last) this.#writer.varint(size)
    this.#payload(message, start, start + length)
    return true
  }

  /** Asks for a PONG. Times are the writer's clock's, in milliseconds, not negative. */
  ping(id: number, timeMs: number): boolean {
    const time = toTimeUnits(timeMs)
    if (!this.#begin(FrameType.ping, 2 + varintBytes(time))) return false
    this.#writer.u16(id)
    this.#writer.varint(time)
    return true
  }

  /** Answers a PING that arrived at `arrivedMs` of the writer's clock and was held for `heldMs`. */
  pong(id: number, pingTimeMs: number, arrivedMs: number, heldMs: number): boolean {
    const time = toTimeUnits(pingTimeMs)
    const arrived = toTimeUnits(arrivedMs)
    const held = toTimeUnits(heldMs)
    const length = 2 + varintBytes(time) + varintBytes(arrived) + varintBytes(held)
    if (!this.#begin(FrameType.pong, length)) return false
    this.#writer.u16(id)
    this.#writer.varint(time)
    this.#writer.varint(arrived)
    this.#writer.varint(held)
    return true
  }

  /** Grants credit for the connection. */
  window(limit: number): boolean {
    if (!this.#begin(FrameType.window, varintBytes(limit))) return false
    this.#writer.varint(limit)
    return true
  }

  /** Grants credit for a channel. */
  channelWindow(channel: number, limit: number): boolean {
    if (!this.#begin(FrameType.channelWindow, 1 + varintBytes(limit))) return false
    this.#writer.u8(channel)
    this.#writer.varint(limit)
    return true
  }

  /** Ends the connection, `isFinal` for good. Throws a RangeError when the code is above 65,535 or the reason longer than 256 bytes. */
  close(code: number, reason: Uint8Array, isFinal = false): boolean {
    if (code < 0 || code > 0xffff || !Number.isInteger(code)) throw new RangeError(`${code} is not a close code`)
    if (reason.length > MAX_REASON_BYTES) throw new RangeError(`A reason has at most ${MAX_REASON_BYTES} bytes`)
    if (!this.#begin(FrameType.close, 3 + varintBytes(reason.length) + reason.length)) return false
    this.#writer.u8(isFinal ? FINAL_FLAG : 0)
    this.#writer.u16(code)
    this.#writer.varint(reason.length)
    this.#writer.copy(reason, 0, reason.length)
    return true
  }

  /** Answers a CLOSE. */
  closed(): boolean {
    return this.#begin(FrameType.closed, 0)
  }

  /** Asks whoever is at the address that the packet goes to for a {@link pathResponse} with the same data. */
  pathChallenge(data: Uint8Array): boolean {
    return this.#pathData(FrameType.pathChallenge, data)
  }

  /** Answers a {@link pathChallenge}. */
  pathResponse(data: Uint8Array): boolean {
    return this.#pathData(FrameType.pathResponse, data)
  }

  /** Ends the packet and returns its length. */
  finish(): number {
    if (this.#dataEnd === this.#writer.position) this.#dropLastLength()
    return this.#writer.position
  }

  #pathData(type: number, data: Uint8Array): boolean {
    if (!this.#begin(type, PATH_DATA_BYTES)) return false
    this.#writer.copy(data, 0, PATH_DATA_BYTES)
    return true
  }

  #begin(type: number, length: number): boolean {
    if (1 + length > this.remaining) return false
    this.#writer.u8(type)
    this.#frameCount += 1
    return true
  }

  #beginData(delivery: number, channel: number, sequence: number, flags: number): void {
    const writer = this.#writer
    const context = this.#context
    const isNext = sequence >= 0 && sequence === context.impliedSequence(delivery, channel)
    const hasChannel = channel !== context.channel
    const channelFlag = hasChannel ? DataFlag.channel : 0
    const nextFlag = isNext ? DataFlag.next : 0
    this.#dataStart = writer.position
    writer.u8(DataFlag.length | channelFlag | flags | nextFlag | delivery)
    if (hasChannel) writer.u8(channel)
    if (sequence >= 0 && !isNext) writer.u16(sequence)
    context.note(delivery, channel, sequence)
    this.#frameCount += 1
  }

  #payload(message: Uint8Array, start: number, end: number): void {
    const writer = this.#writer
    this.#lengthStart = writer.position
    writer.varint(end - start)
    this.#payloadStart = writer.position
    writer.copy(message, start, end)
    this.#dataEnd = writer.position
  }

  /** The DATA frame that ends a packet has no length: which frame that is shows only now. */
  #dropLastLength(): void {
    const { bytes } = this.#writer
    bytes.copyWithin(this.#lengthStart, this.#payloadStart, this.#dataEnd)
    bytes[this.#dataStart] = (bytes[this.#dataStart] ?? 0) & ~DataFlag.length
    this.#writer.position -= this.#payloadStart - this.#lengthStart
  }
}

/** Reads one packet after the other: {@link decode}, which judges all of it, then {@link nextFrame} until it returns `false`. */
export class PacketReader {
  /** What the packet acknowledges, if it {@link hasAck}. One record, used again for every packet. */
  readonly ack: AckSection = new AckSection()
  /** The frame that {@link nextFrame} read. One record, used again for every frame. */
  readonly frame: Frame = new Frame()
  readonly #reader = new Reader()
  readonly #context = new DataContext()
  #hasAck = false
  #frameCount = 0
  #framesLeft = 0

  get hasAck(): boolean {
    return this.#hasAck
  }

  /** How many frames the packet has; one without any is not acknowledged. */
  get frameCount(): number {
    return this.#frameCount
  }

  /** Takes a packet that was opened and is `length` bytes long. Returns whether all of it is well formed. */
  decode(bytes: Uint8Array, length: number): boolean {
    const reader = this.#reader
    reader.reset(bytes, 0, length)
    this.#frameCount = 0
    this.#framesLeft = 0
    const flags = reader.u8()
    reader.skip(PACKET_HEADER_BYTES - 1)
    const form = flags & ACK_FORM_BITS
    if (reader.failed || flags !== (PACKET_BIT | form) || form > AckForm.ranges) return false
    this.#hasAck = form !== AckForm.none
    if (this.#hasAck && !this.ack.decode(reader, form)) return false
    return this.#countFrames() && (this.#hasAck || this.#frameCount > 0)
  }

  /** Reads the next frame into {@link frame}. Returns `false` after the last. */
  nextFrame(): boolean {
    if (this.#framesLeft === 0) return false
    this.#framesLeft -= 1
    return this.frame.decode(this.#reader, this.#context)
  }

  /** Reads all frames once, so that nothing is acted on in a packet that turns out to be malformed further on. */
  #countFrames(): boolean {
    const reader = this.#reader
    const start = reader.position
    let count = 0
    this.#context.reset()
    while (reader.remaining > 0) {
      if (!this.frame.decode(reader, this.#context)) return false
      count += 1
    }
    reader.position = start
    this.#context.reset()
    this.#frameCount = count
    this.#framesLeft = count
    return true
  }
}

/** Milliseconds as the wire has them: whole microseconds, not negative. */
function toTimeUnits(timeMs: number): number {
  return Math.max(0, Math.round(timeMs * TIME_UNITS_PER_MS))
}
