import fc from 'fast-check'
import { deliveries } from '../../lib/session/delivery.ts'
import { decodeAckDelay } from '../../lib/reliable/wire/ack-section.ts'
import { MAX_REASON_BYTES } from '../../lib/reliable/wire/frame.ts'
import { type AckDescription, type FrameDescription, type PacketDescription, toHex } from './packet-description.ts'

const u8 = fc.integer({ min: 0, max: 0xff })
const u16 = fc.integer({ min: 0, max: 0xffff })

/** Numbers of every length that a varint can have. */
export const varints: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 0, max: 70 }),
  fc.integer({ min: 0, max: 20_000 }),
  fc.integer({ min: 0, max: 2 ** 31 }),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
)

/** Microseconds that a clock of milliseconds can tell apart. */
const times = fc.integer({ min: 0, max: 2 ** 48 })

const payloads = fc.oneof(
  fc.uint8Array({ maxLength: 3 }),
  fc.uint8Array({ maxLength: 200 }),
  fc.integer({ min: 0, max: 1200 }).map((length) => new Uint8Array(length).fill(0xda)),
)

/** Acks in the normal form that a decoder gives: sorted runs, of which forms 1 to 4 reach 32 down and form 5 further. */
const acks: fc.Arbitrary<AckDescription> = fc
  .tuple(
    u16,
    u8,
    fc.integer({ min: 0, max: 40 }),
    fc.array(fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 180 })), { maxLength: 32 }),
  )
  .map(([largest, delay, first, gaps]) => {
    const received: [number, number][] = [[0, first]]
    let reach = first
    for (const [gap, length] of gaps) {
      received.push([reach + gap + 1, reach + gap + length])
      reach += gap + length
    }
    return normalAck(largest, decodeAckDelay(delay), received, reach)
  })

function normalAck(largest: number, delayMs: number, received: [number, number][], reach: number): AckDescription {
  if (reach > 32) return { largest, delayMs, received, reach }
  return { largest, delayMs, received, reach: 32 }
}

const fragmentSizes = fc.integer({ min: 128, max: 600 })

const dataFrames: fc.Arbitrary<FrameDescription> = fc
  .record({
    delivery: fc.constantFrom(...deliveries),
    channel: fc.oneof(fc.constantFrom(0, 1, 255), u8),
    sequence: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom(0xfffe, 0xffff), u16),
    payload: payloads,
    fragment: fc.option(
      fc.record({
        index: fc.integer({ min: 0, max: 70 }),
        more: fc.integer({ min: 0, max: 300 }),
        size: fragmentSizes,
      }),
      { freq: 2 },
    ),
  })
  .map(({ delivery, channel, sequence, payload, fragment }) => {
    const hasSequence = fragment !== null || (delivery !== 'sequenced' && delivery !== 'unreliable')
    return {
      type: 'DATA',
      delivery,
      channel,
      sequence: hasSequence ? sequence : null,
      fragment: fragment && placeOf(fragment),
      payload: toHex(fragment === null ? payload : fragmentPayload(fragment, payload)),
    }
  })

interface FragmentDraw {
  readonly index: number
  /** How many fragments come after this one. */
  readonly more: number
  readonly size: number
}

function placeOf({ index, more, size }: FragmentDraw): { index: number; last: number; size: number } {
  return { index, last: Math.max(1, index + more), size }
}

function fragmentPayload(draw: FragmentDraw, payload: Uint8Array): Uint8Array {
  const { index, last, size } = placeOf(draw)
  return new Uint8Array(index < last ? size : Math.max(1, Math.min(size, payload.length))).fill(0xf4)
}

const frames: fc.Arbitrary<FrameDescription> = fc.oneof(
  { arbitrary: dataFrames, weight: 6 },
  { arbitrary: fc.record({ type: fc.constant('PING' as const), id: u16, time: times }), weight: 1 },
  {
    arbitrary: fc.record({ type: fc.constant('PONG' as const), id: u16, time: times, arrived: times, held: times }),
    weight: 1,
  },
  { arbitrary: fc.record({ type: fc.constant('WINDOW' as const), limit: varints }), weight: 1 },
  { arbitrary: fc.record({ type: fc.constant('CHANNEL WINDOW' as const), channel: u8, limit: varints }), weight: 1 },
  {
    arbitrary: fc.record({
      type: fc.constant('CLOSE' as const),
      code: u16,
      reason: fc.string({ unit: 'grapheme', maxLength: 20 }).filter(isShortReason),
      isFinal: fc.boolean(),
    }),
    weight: 1,
  },
  { arbitrary: fc.constant({ type: 'CLOSED' as const }), weight: 1 },
  {
    arbitrary: fc.record({
      type: fc.constantFrom('PATH CHALLENGE' as const, 'PATH RESPONSE' as const),
      data: fc.uint8Array({ minLength: 8, maxLength: 8 }).map(toHex),
    }),
    weight: 1,
  },
)

function isShortReason(reason: string): boolean {
  return new TextEncoder().encode(reason).length <= MAX_REASON_BYTES
}

/** Packets of every kind. */
export const packets: fc.Arbitrary<PacketDescription> = fc
  .record({ packetNumber: u16, ack: fc.option(acks), frames: fc.array(frames, { maxLength: 12 }) })
  .filter(({ ack, frames }) => ack !== null || frames.length > 0)
