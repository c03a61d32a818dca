import { type AckSource, AckSection } from '../../lib/reliable/wire/ack-section.ts'
import { type Frame, FrameType, TIME_UNITS_PER_MS } from '../../lib/reliable/wire/frame.ts'
import { PacketReader, PacketWriter, readPacketNumber } from '../../lib/reliable/wire/packet.ts'
import { deliveries, type Delivery } from '../../lib/session/delivery.ts'

/** A packet as plain data: what vectors are written in, and what decoders are compared by. */
export interface PacketDescription {
  /** The low 16 bits. */
  readonly packetNumber: number
  readonly ack: AckDescription | null
  readonly frames: readonly FrameDescription[]
}

export interface AckDescription {
  /** The low 16 bits. */
  readonly largest: number
  readonly delayMs: number
  /** Runs of packets that arrived, as distances below the largest, newest first. */
  readonly received: readonly (readonly [newest: number, oldest: number])[]
  /** How far below the largest the ack speaks of. */
  readonly reach: number
}

export type FrameDescription =
  | {
      readonly type: 'DATA'
      readonly delivery: Delivery
      readonly channel: number
      readonly sequence: number | null
      readonly fragment: { readonly index: number; readonly last: number; readonly size: number } | null
      /** Hexadecimal. */
      readonly payload: string
    }
  /** Times in microseconds. */
  | { readonly type: 'PING'; readonly id: number; readonly time: number }
  | {
      readonly type: 'PONG'
      readonly id: number
      readonly time: number
      readonly arrived: number
      readonly held: number
    }
  | { readonly type: 'WINDOW'; readonly limit: number }
  | { readonly type: 'CHANNEL WINDOW'; readonly channel: number; readonly limit: number }
  | { readonly type: 'CLOSE'; readonly code: number; readonly reason: string; readonly isFinal: boolean }
  | { readonly type: 'CLOSED' }
  /** Hexadecimal. */
  | { readonly type: 'PATH CHALLENGE' | 'PATH RESPONSE'; readonly data: string }

/** Decodes with the library; `null` for what is malformed. */
export function describePacket(bytes: Uint8Array): PacketDescription | null {
  const reader = new PacketReader()
  if (!reader.decode(bytes, bytes.length)) return null
  const frames: FrameDescription[] = []
  while (reader.nextFrame()) frames.push(describeFrame(reader.frame))
  return { packetNumber: readPacketNumber(bytes), ack: reader.hasAck ? describeAck(reader.ack) : null, frames }
}

function describeAck(ack: AckSection): AckDescription {
  const received = Array.from({ length: ack.rangeCount }, (_, i) => [ack.newest[i] ?? -1, ack.oldest[i] ?? -1] as const)
  return { largest: ack.largest, delayMs: ack.delayMs, received, reach: ack.reach }
}

function describeFrame(frame: Frame): FrameDescription {
  const { id, channel, limit, code } = frame
  switch (frame.type) {
    case FrameType.data: {
      const { index, last, size } = frame
      return {
        type: 'DATA',
        delivery: deliveries[frame.delivery] ?? 'reliable',
        channel,
        sequence: frame.sequence < 0 ? null : frame.sequence,
        fragment: frame.isFragment ? { index, last, size } : null,
        payload: toHex(frame.payload()),
      }
    }
    case FrameType.ping:
      return { type: 'PING', id, time: toUnits(frame.timeMs) }
    case FrameType.pong:
      return {
        type: 'PONG',
        id,
        time: toUnits(frame.timeMs),
        arrived: toUnits(frame.arrivedMs),
        held: toUnits(frame.heldMs),
      }
    case FrameType.window:
      return { type: 'WINDOW', limit }
    case FrameType.channelWindow:
      return { type: 'CHANNEL WINDOW', channel, limit }
    case FrameType.close:
      return { type: 'CLOSE', code, reason: frame.reason(), isFinal: frame.isFinal }
    case FrameType.pathChallenge:
      return { type: 'PATH CHALLENGE', data: toHex(frame.payload()) }
    case FrameType.pathResponse:
      return { type: 'PATH RESPONSE', data: toHex(frame.payload()) }
    default:
      return { type: 'CLOSED' }
  }
}

/** Encodes with the library. Throws when it does not fit in a datagram of 65,507 bytes. */
export function encodePacket({ packetNumber, ack, frames }: PacketDescription): Uint8Array {
  const writer = new PacketWriter()
  const bytes = new Uint8Array(65_507)
  writer.begin(bytes, bytes.length, packetNumber, ack === null ? undefined : toAckSection(ack))
  for (const frame of frames) {
    if (!writeFrame(writer, frame)) throw new RangeError('The packet is full')
  }
  return bytes.slice(0, writer.finish())
}

function writeFrame(writer: PacketWriter, frame: FrameDescription): boolean {
  switch (frame.type) {
    case 'DATA':
      return writeData(writer, frame)
    case 'PING':
      return writer.ping(frame.id, fromUnits(frame.time))
    case 'PONG':
      return writer.pong(frame.id, fromUnits(frame.time), fromUnits(frame.arrived), fromUnits(frame.held))
    case 'WINDOW':
      return writer.window(frame.limit)
    case 'CHANNEL WINDOW':
      return writer.channelWindow(frame.channel, frame.limit)
    case 'CLOSE':
      return writer.close(frame.code, new TextEncoder().encode(frame.reason), frame.isFinal)
    case 'CLOSED':
      return writer.closed()
    case 'PATH CHALLENGE':
      return writer.pathChallenge(fromHex(frame.data))
    case 'PATH RESPONSE':
      return writer.pathResponse(fromHex(frame.data))
  }
}

function writeData(writer: PacketWriter, frame: FrameDescription & { type: 'DATA' }): boolean {
  const { channel, sequence, fragment } = frame
  const delivery = deliveries.indexOf(frame.delivery)
  const payload = fromHex(frame.payload)
  if (fragment === null) return writer.message(delivery, channel, sequence ?? -1, payload)
  const { index, last, size } = fragment
  const message = new Uint8Array(index * size + payload.length)
  message.set(payload, index * size)
  return writer.fragment(delivery, channel, sequence ?? -1, message, index, last, size)
}

/** An ack of the packets in these ranges. Those before packet 0 count as received, so the numbers here are far from it. */
function toAckSection({ largest, delayMs, received, reach }: AckDescription): AckSection {
  const section = new AckSection()
  section.fill(
    ackSource(largest + 0x1_0000, reach, (distance) => received.some(contains(distance))),
    delayMs,
  )
  return section
}

function contains(distance: number): (range: readonly [number, number]) => boolean {
  return ([newest, oldest]) => distance >= newest && distance <= oldest
}

/** A history of packets, of which `has` tells by their distance from the largest whether they arrived. */
export function ackSource(largest: number, reach: number, has: (distance: number) => boolean): AckSource {
  return {
    largest,
    floor: largest - reach,
    has: (packetNumber) => has(largest - packetNumber),
    missingBits(count) {
      let bits = 0
      for (let i = 0; i < count; i += 1) {
        if (!has(i + 1)) bits |= 1 << i
      }
      return bits >>> 0
    },
  }
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
}

function toUnits(timeMs: number): number {
  return Math.round(timeMs * TIME_UNITS_PER_MS)
}

function fromUnits(units: number): number {
  return units / TIME_UNITS_PER_MS
}
