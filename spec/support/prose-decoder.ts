import type { AckDescription, FrameDescription, PacketDescription } from './packet-description.ts'

/**
 * A second decoder of packets, which follows `lib/protocol/README.md` sentence by sentence and nothing else: no state but a
 * list of the bytes that are left, no speed, and an exception for everything that the text calls malformed.
 */
export function decodeByTheProse(bytes: Uint8Array): PacketDescription | null {
  try {
    return packet([...bytes])
  } catch (error) {
    if (error instanceof Malformed) return null
    throw error
  }
}

class Malformed extends Error {}

type Bytes = number[]

function demand(holds: boolean): void {
  if (!holds) throw new Malformed()
}

function take(bytes: Bytes, count: number): Bytes {
  demand(count <= bytes.length)
  return bytes.splice(0, count)
}

function unsigned(bytes: Bytes, width: number): bigint {
  return take(bytes, width).reduce((value, byte) => value * 256n + BigInt(byte), 0n)
}

function u8(bytes: Bytes): number {
  return Number(unsigned(bytes, 1))
}

function u16(bytes: Bytes): number {
  return Number(unsigned(bytes, 2))
}

// Notation: varints

const varintRows = [
  { width: 1, lowest: 0n, highest: 63n },
  { width: 2, lowest: 64n, highest: 16_383n },
  { width: 4, lowest: 16_384n, highest: 2n ** 30n - 1n },
  { width: 8, lowest: 2n ** 30n, highest: 2n ** 53n - 1n },
] as const

function varint(bytes: Bytes): number {
  demand(bytes.length > 0)
  const row = varintRows[((bytes[0] ?? 0) / 64) | 0] ?? varintRows[0]
  const topBits = BigInt(varintRows.indexOf(row)) * 2n ** BigInt(row.width * 8 - 2)
  const value = unsigned(bytes, row.width) - topBits
  demand(value >= row.lowest && value <= row.highest)
  return Number(value)
}

// Packet

function packet(bytes: Bytes): PacketDescription {
  const flags = u8(bytes).toString(2).padStart(8, '0')
  const packetNumber = u16(bytes)
  demand(flags.startsWith('10000'))
  const ack = ackSection(bytes, Number.parseInt(flags.slice(5), 2))
  const frames: FrameDescription[] = []
  while (bytes.length > 0) frames.push(frame(bytes, frames))
  demand(ack !== null || frames.length > 0)
  return { packetNumber, ack, frames }
}

// Ack section

function ackSection(bytes: Bytes, form: number): AckDescription | null {
  demand(form <= 5)
  if (form === 0) return null
  const largest = u16(bytes)
  const delayMs = ackDelay(u8(bytes))
  if (form === 5) return { largest, delayMs, ...ackRanges(bytes) }
  const missing = ackMissing(bytes, form)
  const received = runs(Array.from({ length: 33 }, (_, distance) => distance === 0 || !missing.includes(distance)))
  return { largest, delayMs, received, reach: 32 }
}

function ackDelay(delay: number): number {
  const e = Math.floor(delay / 32)
  const m = delay % 32
  return ((32 + m) * 2 ** e - 32) / 32
}

/** The distances below the largest that forms 1 to 4 state as missing. */
function ackMissing(bytes: Bytes, form: number): number[] {
  const width = [0, 0, 1, 2, 4][form] ?? 0
  const missing = unsigned(bytes, width)
  const lowest = [0n, 0n, 1n, 2n ** 8n, 2n ** 16n][form] ?? 0n
  demand(missing >= lowest)
  const bits = missing.toString(2).split('').reverse()
  return bits.flatMap((bit, i) => (bit === '1' ? [i + 1] : []))
}

function ackRanges(bytes: Bytes): Pick<AckDescription, 'received' | 'reach'> {
  const count = u8(bytes)
  demand(count <= 32)
  const received: [number, number][] = [[0, varint(bytes)]]
  for (let i = 0; i < count; i += 1) {
    const gap = varint(bytes)
    const length = varint(bytes)
    const before = received.at(-1)?.[1] ?? 0
    const newest = before + (gap + 1) + 1
    received.push([newest, newest + length])
  }
  const reach = received.at(-1)?.[1] ?? 0
  demand(reach >= 33 && reach <= 16_383)
  return { received, reach }
}

/** The runs of `true`, as first and last index. */
function runs(values: readonly boolean[]): [number, number][] {
  const found: [number, number][] = []
  values.forEach((value, i) => {
    if (!value) return
    const previous = found.at(-1)
    if (previous?.[1] === i - 1) previous[1] = i
    else found.push([i, i])
  })
  return found
}

// Frames

function frame(bytes: Bytes, before: readonly FrameDescription[]): FrameDescription {
  const first = u8(bytes)
  if (first < 128) return data(bytes, first.toString(2).padStart(8, '0'), before)
  switch (first) {
    case 0x80:
      return { type: 'PING', id: u16(bytes), time: varint(bytes) }
    case 0x81:
      return { type: 'PONG', id: u16(bytes), time: varint(bytes), arrived: varint(bytes), held: varint(bytes) }
    case 0x82:
      return { type: 'WINDOW', limit: varint(bytes) }
    case 0x83:
      return { type: 'CHANNEL WINDOW', channel: u8(bytes), limit: varint(bytes) }
    case 0x84:
      return close(bytes)
    case 0x85:
      return { type: 'CLOSED' }
    default:
      throw new Malformed()
  }
}

function close(bytes: Bytes): FrameDescription {
  const code = u16(bytes)
  const length = varint(bytes)
  demand(length <= 256)
  return {
    type: 'CLOSE',
    code,
    reason: new TextDecoder('utf-8', { ignoreBOM: true }).decode(new Uint8Array(take(bytes, length))),
  }
}

// DATA

type DataDescription = FrameDescription & { type: 'DATA' }

const deliveryNames = ['reliable', 'reliable-unordered', 'sequenced', 'latest', 'unreliable'] as const

function data(bytes: Bytes, bits: string, before: readonly FrameDescription[]): DataDescription {
  const [L, C, F, N] = [bits[1] === '1', bits[2] === '1', bits[3] === '1', bits[4] === '1']
  const delivery = deliveryNames[Number.parseInt(bits.slice(5), 2)]
  if (delivery === undefined) throw new Malformed()
  const previous = before.findLast((frame) => frame.type === 'DATA')
  const channel = dataChannel(bytes, C, previous)
  const hasSequence = F || delivery === 'reliable' || delivery === 'reliable-unordered' || delivery === 'latest'
  const sequence = dataSequence(bytes, N, hasSequence, nextSequence(previous, channel, delivery))
  const place = F ? fragmentPlace(bytes) : null
  const length = L ? varint(bytes) : bytes.length
  const payload = take(bytes, length)
  demand(L === bytes.length > 0)
  const fragment = place === null ? null : sizedFragment(place, length)
  return { type: 'DATA', delivery, channel, sequence, fragment, payload: Buffer.from(payload).toString('hex') }
}

function dataChannel(bytes: Bytes, C: boolean, previous: DataDescription | undefined): number {
  const implied = previous?.channel ?? 0
  if (!C) return implied
  const channel = u8(bytes)
  demand(channel !== implied)
  return channel
}

function nextSequence(previous: DataDescription | undefined, channel: number, delivery: string): number | null {
  if (previous?.channel !== channel || previous.delivery !== delivery) return null
  return previous.sequence === null ? null : (previous.sequence + 1) % 65_536
}

function dataSequence(bytes: Bytes, N: boolean, hasSequence: boolean, next: number | null): number | null {
  if (N) {
    demand(hasSequence && next !== null)
    return next
  }
  if (!hasSequence) return null
  const sequence = u16(bytes)
  demand(sequence !== next)
  return sequence
}

interface Place {
  readonly index: number
  readonly last: number
  readonly size: number | null
}

function fragmentPlace(bytes: Bytes): Place {
  const index = varint(bytes)
  const last = varint(bytes)
  const size = index === last ? varint(bytes) : null
  demand(last >= 1 && last <= 65_535 && index <= last)
  return { index, last, size }
}

function sizedFragment({ index, last, size }: Place, length: number): { index: number; last: number; size: number } {
  demand(length >= 1 && length <= (size ?? length))
  demand((size ?? length) >= 128)
  return { index, last, size: size ?? length }
}
