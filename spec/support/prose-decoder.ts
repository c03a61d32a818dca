/**
 * A second decoder of packets, written from the prose of lib/reliable/README.md alone, in the order of that prose.
 * It favours being read over being fast.
 */
import type { AckDescription, FrameDescription, PacketDescription } from './packet-description.ts'

type DataFrame = Extract<FrameDescription, { type: 'DATA' }>
type Delivery = DataFrame['delivery']
type Fragment = NonNullable<DataFrame['fragment']>
type Run = AckDescription['received'][number]

class Malformed extends Error {}

function must(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Malformed(what)
}

/** Takes an opened packet: the visible header and the body, without the seal. Null when it is malformed. */
export function decodeByTheProse(bytes: Uint8Array): PacketDescription | null {
  try {
    return decodePacket(new Cursor(bytes))
  } catch (error) {
    if (error instanceof Malformed) return null
    throw error
  }
}

// Notation

class Cursor {
  readonly #bytes: Uint8Array
  #position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get remaining(): number {
    return this.#bytes.length - this.#position
  }

  take(count: number): Uint8Array {
    must(count <= this.remaining, 'a packet that ends inside of a field')
    const taken = this.#bytes.slice(this.#position, this.#position + count)
    this.#position += count
    return taken
  }

  u8(): number {
    return Number(bigEndian(this.take(1)))
  }

  u16(): number {
    return Number(bigEndian(this.take(2)))
  }

  u32(): number {
    return Number(bigEndian(this.take(4)))
  }

  varint(): number {
    const first = this.u8()
    const furtherBytes = 2 ** (first >> 6) - 1
    const value = bigEndian(Uint8Array.of(first & 0b0011_1111, ...this.take(furtherBytes)))
    must(value >= leastVarintOf(furtherBytes + 1), 'a varint that is longer than it has to be')
    must(value <= BigInt(Number.MAX_SAFE_INTEGER), 'a varint above 2^53 - 1')
    return Number(value)
  }
}

function bigEndian(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
}

function leastVarintOf(byteCount: number): bigint {
  if (byteCount === 1) return 0n
  if (byteCount === 2) return 64n
  if (byteCount === 4) return 16_384n
  return 2n ** 30n
}

// Packet

function decodePacket(cursor: Cursor): PacketDescription {
  const ackForm = decodeFlags(cursor.u8())
  const packetNumber = cursor.u16()
  const ack = ackForm === 0 ? null : decodeAck(cursor, ackForm)
  const frames = decodeFrames(cursor)
  must(ack !== null || frames.length > 0, 'a packet with neither an ack section nor a frame')
  return { packetNumber, ack, frames }
}

function decodeFlags(flags: number): number {
  must((flags & 0b1000_0000) !== 0, 'no packet: the top bit is not set')
  must((flags & 0b0111_1000) === 0, 'a reserved flag')
  const ackForm = flags & 0b0000_0111
  must(ackForm <= 5, 'ack forms 6 and 7')
  return ackForm
}

// Packet > Ack section

const SHORT_REACH = 32
const MOST_RANGES = 32
const FURTHEST_REACH = 16_383

function decodeAck(cursor: Cursor, form: number): AckDescription {
  const largest = cursor.u16()
  const delayMs = delayOf(cursor.u8())
  if (form === 5) return { largest, delayMs, ...decodeRanges(cursor) }
  return { largest, delayMs, received: runsWithout(decodeMissing(cursor, form)), reach: SHORT_REACH }
}

function delayOf(delay: number): number {
  const e = delay >> 5
  const m = delay & 31
  return ((32 + m) * 2 ** e - 32) / 32
}

/** Forms 1 to 4. */
function decodeMissing(cursor: Cursor, form: number): number {
  if (form === 1) return 0
  if (form === 2) return atLeast(1, cursor.u8())
  if (form === 3) return atLeast(2 ** 8, cursor.u16())
  return atLeast(2 ** 16, cursor.u32())
}

function atLeast(least: number, missing: number): number {
  must(missing >= least, 'missing packets that a shorter form can say')
  return missing
}

/** The largest itself, at distance 0, has been received; bit i speaks of distance i + 1. */
function runsWithout(missing: number): Run[] {
  const runs: Run[] = []
  let newest: number | null = 0
  for (let distance = 1; distance <= SHORT_REACH; distance++) {
    const isMissing = ((missing >>> (distance - 1)) & 1) === 1
    if (isMissing && newest !== null) runs.push([newest, distance - 1])
    if (isMissing) newest = null
    else newest ??= distance
  }
  if (newest !== null) runs.push([newest, SHORT_REACH])
  return runs
}

/** Form 5. */
function decodeRanges(cursor: Cursor): { received: Run[]; reach: number } {
  const count = cursor.u8()
  must(count <= MOST_RANGES, 'too many ranges')
  let reach = withinReach(cursor.varint())
  const received: Run[] = [[0, reach]]
  for (let i = 0; i < count; i++) {
    const lastMissing = withinReach(reach + cursor.varint() + 1)
    reach = withinReach(lastMissing + cursor.varint() + 1)
    received.push([lastMissing + 1, reach])
  }
  must(reach > SHORT_REACH, 'ranges where forms 1 to 4 would do')
  return { received, reach }
}

function withinReach(distance: number): number {
  must(distance <= FURTHEST_REACH, 'ranges that go back too far')
  return distance
}

// Frames

function decodeFrames(cursor: Cursor): FrameDescription[] {
  const frames: FrameDescription[] = []
  let previousData: DataFrame | null = null
  while (cursor.remaining > 0) {
    const type = cursor.u8()
    if (type < 0x80) frames.push((previousData = decodeData(cursor, type, previousData)))
    else frames.push(decodeOther(cursor, type))
  }
  return frames
}

function decodeOther(cursor: Cursor, type: number): FrameDescription {
  switch (type) {
    case 0x80:
      return { type: 'PING', id: cursor.u16(), time: cursor.varint() }
    case 0x81:
      return {
        type: 'PONG',
        id: cursor.u16(),
        time: cursor.varint(),
        arrived: cursor.varint(),
        held: cursor.varint(),
      }
    case 0x82:
      return { type: 'WINDOW', limit: cursor.varint() }
    case 0x83:
      return { type: 'CHANNEL WINDOW', channel: cursor.u8(), limit: cursor.varint() }
    case 0x84:
      return decodeClose(cursor)
    case 0x85:
      return { type: 'CLOSED' }
    case 0x86:
      return { type: 'PATH CHALLENGE', data: hexadecimal(cursor.take(8)) }
    case 0x87:
      return { type: 'PATH RESPONSE', data: hexadecimal(cursor.take(8)) }
    default:
      throw new Malformed('a reserved or unknown type of frame')
  }
}

function decodeClose(cursor: Cursor): FrameDescription {
  const flags = cursor.u8()
  must(flags <= 1, 'a reserved flag of CLOSE')
  return { type: 'CLOSE', isFinal: flags === 1, code: cursor.u16(), reason: decodeReason(cursor) }
}

function decodeReason(cursor: Cursor): string {
  const length = cursor.varint()
  must(length <= 256, 'a reason that is too long')
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(cursor.take(length))
}

// Frames > DATA

const DELIVERIES: readonly Delivery[] = ['reliable', 'reliable-unordered', 'sequenced', 'latest', 'unreliable']

function decodeData(cursor: Cursor, type: number, previous: DataFrame | null): DataFrame {
  const hasLength = (type & 0b0100_0000) !== 0
  const hasChannel = (type & 0b0010_0000) !== 0
  const isFragment = (type & 0b0001_0000) !== 0
  const isNext = (type & 0b0000_1000) !== 0

  const delivery = deliveryOf(type & 0b0000_0111)
  const channel = decodeChannel(cursor, hasChannel, previous)
  const next = nextSequence(previous, channel, delivery)
  const sequence = hasSequence(delivery, isFragment) ? decodeSequence(cursor, isNext, next) : noSequence(isNext)
  const place = isFragment ? decodePlace(cursor) : null
  const payload = decodePayload(cursor, hasLength)
  const fragment = place === null ? null : fragmentOf(place, payload.length)
  return { type: 'DATA', delivery, channel, sequence, fragment, payload: hexadecimal(payload) }
}

function deliveryOf(ddd: number): Delivery {
  const delivery = DELIVERIES[ddd]
  must(delivery !== undefined, 'deliveries 5 to 7')
  return delivery
}

/** C */
function decodeChannel(cursor: Cursor, hasChannel: boolean, previous: DataFrame | null): number {
  const implied = previous?.channel ?? 0
  if (!hasChannel) return implied
  const channel = cursor.u8()
  must(channel !== implied, 'a channel that goes without saying')
  return channel
}

/** The sequence that N would stand for; null where N may not stand. */
function nextSequence(previous: DataFrame | null, channel: number, delivery: Delivery): number | null {
  if (previous?.channel !== channel || previous.delivery !== delivery) return null
  return previous.sequence === null ? null : (previous.sequence + 1) % 65_536
}

function hasSequence(delivery: Delivery, isFragment: boolean): boolean {
  return isFragment || (delivery !== 'sequenced' && delivery !== 'unreliable')
}

/** N */
function decodeSequence(cursor: Cursor, isNext: boolean, next: number | null): number {
  if (isNext) {
    must(next !== null, 'N with no sequence to be next to')
    return next
  }
  const sequence = cursor.u16()
  must(sequence !== next, 'a sequence that N would have said')
  return sequence
}

function noSequence(isNext: boolean): null {
  must(!isNext, 'N on a frame that has no sequence')
  return null
}

/** F: the size is only said by the last fragment. */
function decodePlace(cursor: Cursor): { index: number; last: number; size: number | null } {
  const index = cursor.varint()
  const last = cursor.varint()
  must(last >= 1 && last <= 65_535, 'a last fragment of 0, or above 65,535')
  must(index <= last, 'a fragment behind the last')
  return { index, last, size: index === last ? cursor.varint() : null }
}

function fragmentOf(place: { index: number; last: number; size: number | null }, length: number): Fragment {
  const size = place.size ?? length
  must(size >= 128, 'fragments that are too small')
  must(length >= 1 && length <= size, 'a last fragment that is empty, or larger than the others')
  return { index: place.index, last: place.last, size }
}

/** L */
function decodePayload(cursor: Cursor, hasLength: boolean): Uint8Array {
  if (!hasLength) return cursor.take(cursor.remaining)
  const payload = cursor.take(cursor.varint())
  must(cursor.remaining > 0, 'L on the frame that ends the packet')
  return payload
}

function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
