import type { Reader } from '../../core/reader.ts'

/** What a frame's first byte says; of a DATA frame, its top bit alone. */
export const FrameType = {
  data: 0x00,
  ping: 0x80,
  pong: 0x81,
  window: 0x82,
  channelWindow: 0x83,
  close: 0x84,
  closed: 0x85,
  pathChallenge: 0x86,
  pathResponse: 0x87,
} as const

/** The bits of a DATA frame's first byte; the three lowest are the delivery. */
export const DataFlag = { length: 0x40, channel: 0x20, fragment: 0x10, next: 0x08, delivery: 0x07 } as const

/** How a DATA frame is delivered, as the wire says it: the index in `deliveries`. */
export const DeliveryCode = { reliable: 0, reliableUnordered: 1, sequenced: 2, latest: 3, unreliable: 4 } as const

/** The one flag of CLOSE, and of GO AWAY!: the other side is not to dial again. The other bits are reserved, and 0. */
export const FINAL_FLAG = 0x01

/** The longest reason in a CLOSE frame, in bytes of UTF-8. */
export const MAX_REASON_BYTES = 256

/** How many bytes PATH CHALLENGE and PATH RESPONSE carry. */
export const PATH_DATA_BYTES = 8

/** How many fragments a message has at most. */
export const MAX_FRAGMENTS = 0x1_0000

/** The smallest size of fragments; only a message's last one may be shorter. */
export const MIN_FRAGMENT_BYTES = 128

/** Times on the wire are microseconds. */
export const TIME_UNITS_PER_MS = 1000

/** Whether an unfragmented message of this delivery bears a sequence: those that are sent once need none. */
export function hasSequence(delivery: number): boolean {
  return delivery !== DeliveryCode.sequenced && delivery !== DeliveryCode.unreliable
}

/** What a DATA frame leaves out because the one before it in the packet said it. One record serves a whole packet. */
export class DataContext {
  channel = 0
  #delivery = -1
  /** The sequence that the next frame may leave out; -1 when it may not. */
  #nextSequence = -1

  /** Begins a packet. */
  reset(): void {
    this.channel = 0
    this.#delivery = -1
    this.#nextSequence = -1
  }

  /** The sequence that a frame on this channel and of this delivery has to leave out; -1 for none. */
  impliedSequence(delivery: number, channel: number): number {
    return delivery === this.#delivery && channel === this.channel ? this.#nextSequence : -1
  }

  /** Notes a DATA frame; `sequence` is -1 when it bears none. */
  note(delivery: number, channel: number, sequence: number): void {
    this.channel = channel
    this.#delivery = delivery
    this.#nextSequence = sequence < 0 ? -1 : (sequence + 1) & 0xffff
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * One frame as it was read. One record serves again and again: only the fields of its {@link type} mean something, and only
 * until the next frame is read.
 */
export class Frame {
  type: number = FrameType.data

  /** DATA: the delivery, one of {@link DeliveryCode}. */
  delivery = 0
  /** DATA, CHANNEL WINDOW. */
  channel = 0
  /** DATA: the message's sequence; -1 when it bears none. */
  sequence = -1
  /** DATA: whether it is a fragment, and then which one, the number of the last one, and the size of all but the last. */
  isFragment = false
  index = 0
  last = 0
  size = 0
  /** DATA, CLOSE, PATH CHALLENGE, PATH RESPONSE: where the payload, the reason or the data lies. */
  bytes: Uint8Array = new Uint8Array(0)
  payloadStart = 0
  payloadEnd = 0

  /** PING, PONG. */
  id = 0
  /** PING, PONG: when the PING was written, on its writer's clock. */
  timeMs = 0
  /** PONG: when the PING arrived, on the clock of who answers it. */
  arrivedMs = 0
  /** PONG: how long the answer took. */
  heldMs = 0

  /** WINDOW, CHANNEL WINDOW: the new limit. */
  limit = 0

  /** CLOSE. */
  code = 0
  /** CLOSE: whether the other side is not to dial again. */
  isFinal = false

  get payloadBytes(): number {
    return this.payloadEnd - this.payloadStart
  }

  /** The payload: a view of the packet. */
  payload(): Uint8Array {
    return this.bytes.subarray(this.payloadStart, this.payloadEnd)
  }

  /** The reason of a CLOSE; what is not UTF-8 reads as replacement characters. */
  reason(): string {
    return utf8.decode(this.payload())
  }

  /** Reads the next frame. Returns whether it was well formed. */
  decode(reader: Reader, context: DataContext): boolean {
    const first = reader.u8()
    if (first < FrameType.ping) return this.#decodeData(reader, context, first)
    this.type = first
    switch (first) {
      case FrameType.ping:
        this.id = reader.u16()
        this.timeMs = reader.varint() / TIME_UNITS_PER_MS
        return !reader.failed
      case FrameType.pong:
        this.id = reader.u16()
        this.timeMs = reader.varint() / TIME_UNITS_PER_MS
        this.arrivedMs = reader.varint() / TIME_UNITS_PER_MS
        this.heldMs = reader.varint() / TIME_UNITS_PER_MS
        return !reader.failed
      case FrameType.window:
        this.limit = reader.varint()
        return !reader.failed
      case FrameType.channelWindow:
        this.channel = reader.u8()
        this.limit = reader.varint()
        return !reader.failed
      case FrameType.close:
        return this.#decodeClose(reader)
      case FrameType.closed:
        return !reader.failed
      case FrameType.pathChallenge:
      case FrameType.pathResponse:
        return this.#takePayload(reader, PATH_DATA_BYTES)
      default:
        return false
    }
  }

  #decodeClose(reader: Reader): boolean {
    const flags = reader.u8()
    this.isFinal = flags === FINAL_FLAG
    this.code = reader.u16()
    return (
      (flags & ~FINAL_FLAG) === 0 && this.#takePayload(reader, reader.varint()) && this.payloadBytes <= MAX_REASON_BYTES
    )
  }

  #decodeData(reader: Reader, context: DataContext, first: number): boolean {
    this.type = FrameType.data
    this.delivery = first & DataFlag.delivery
    this.isFragment = (first & DataFlag.fragment) !== 0
    if (reader.failed || this.delivery > DeliveryCode.unreliable) return false
    const isWellFormed =
      this.#decodeChannel(reader, context, first) &&
      this.#decodeSequence(reader, context, first) &&
      (!this.isFragment || this.#decodePlace(reader)) &&
      this.#decodePayload(reader, first) &&
      (!this.isFragment || this.#hasFragmentSize())
    if (isWellFormed) context.note(this.delivery, this.channel, this.sequence)
    return isWellFormed
  }

  #decodeChannel(reader: Reader, context: DataContext, first: number): boolean {
    this.channel = context.channel
    if ((first & DataFlag.channel) === 0) return true
    this.channel = reader.u8()
    return this.channel !== context.channel
  }

  #decodeSequence(reader: Reader, context: DataContext, first: number): boolean {
    const isNext = (first & DataFlag.next) !== 0
    this.sequence = -1
    if (!this.isFragment && !hasSequence(this.delivery)) return !isNext
    const implied = context.impliedSequence(this.delivery, this.channel)
    this.sequence = isNext ? implied : reader.u16()
    return isNext ? implied >= 0 : this.sequence !== implied
  }

  #decodePlace(reader: Reader): boolean {
    this.index = reader.varint()
    this.last = reader.varint()
    this.size = this.index === this.last ? reader.varint() : 0
    return this.last >= 1 && this.last < MAX_FRAGMENTS && this.index <= this.last
  }

  #decodePayload(reader: Reader, first: number): boolean {
    if ((first & DataFlag.length) === 0) return this.#takePayload(reader, reader.remaining)
    return this.#takePayload(reader, reader.varint()) && reader.remaining > 0
  }

  #hasFragmentSize(): boolean {
    if (this.index < this.last) this.size = this.payloadBytes
    return this.size >= MIN_FRAGMENT_BYTES && this.payloadBytes >= 1 && this.payloadBytes <= this.size
  }

  #takePayload(reader: Reader, length: number): boolean {
    this.bytes = reader.bytes
    this.payloadStart = reader.position
    reader.skip(length)
    this.payloadEnd = reader.position
    return !reader.failed
  }
}
