import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fuzzRuns } from '../support/fuzz-runs.ts'
import { packets } from '../support/packet-arbitraries.ts'
import { describePacket, encodePacket, type PacketDescription, toHex } from '../support/packet-description.ts'
import { decodeByTheProse } from '../support/prose-decoder.ts'

const runs = fuzzRuns(1000)

/** Bytes that begin as a packet does, so that they are not all dropped for their first byte. */
const packetLikeBytes = fc
  .tuple(fc.integer({ min: 0x80, max: 0x87 }), fc.uint8Array({ maxLength: 80 }))
  .map(([flags, rest]) => Uint8Array.of(flags, ...rest))

/** A reason that is not UTF-8 is read with replacement characters, so it alone does not come back. */
function expectOneEncoding(bytes: Uint8Array, packet: PacketDescription | null): void {
  if (packet === null || packet.frames.some(({ type }) => type === 'CLOSE')) return
  expect(toHex(encodePacket(packet))).toBe(toHex(bytes))
}

describe('packets', () => {
  it('are decoded to what was encoded', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        expect(describePacket(encodePacket(packet))).toEqual(packet)
      }),
      runs,
    )
  })

  it('have one encoding: what decodes at all is encoded to the same bytes', () => {
    fc.assert(
      fc.property(packetLikeBytes, (bytes) => {
        expectOneEncoding(bytes, describePacket(bytes))
      }),
      fuzzRuns(20_000),
    )
  })

  it('mean the same to a decoder that was written from the prose alone', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        expect(decodeByTheProse(encodePacket(packet))).toEqual(packet)
      }),
      runs,
    )
  })
})

describe('bytes that may be anything', () => {
  it('are judged by both decoders alike', () => {
    fc.assert(
      fc.property(packetLikeBytes, (bytes) => {
        expect(describePacket(bytes)).toEqual(decodeByTheProse(bytes))
      }),
      fuzzRuns(20_000),
    )
  })

  it('are judged alike when they are packets with bits flipped', () => {
    fc.assert(
      fc.property(packets, fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), (packet, flips) => {
        const bytes = encodePacket(packet)
        for (const flip of flips) {
          const at = Math.floor(flip / 8) % Math.min(bytes.length, 60)
          bytes[at] = (bytes[at] ?? 0) ^ (1 << (flip % 8))
        }
        const flipped = describePacket(bytes)
        expect(flipped).toEqual(decodeByTheProse(bytes))
        expectOneEncoding(bytes, flipped)
      }),
      runs,
    )
  })

  it('are judged alike when they are packets cut short or added to', () => {
    fc.assert(
      fc.property(packets, fc.nat(), fc.uint8Array({ maxLength: 4 }), (packet, cut, added) => {
        const bytes = encodePacket(packet)
        const cutShort = bytes.subarray(0, cut % (bytes.length + 1))
        expect(describePacket(cutShort)).toEqual(decodeByTheProse(cutShort))
        const longer = Uint8Array.of(...bytes, ...added)
        expect(describePacket(longer)).toEqual(decodeByTheProse(longer))
      }),
      runs,
    )
  })

  it('are not read beyond the length that was said', () => {
    fc.assert(
      fc.property(packets, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 50 }), (packet, cut, beyond) => {
        const whole = encodePacket(packet)
        const bytes = whole.subarray(0, cut % (whole.length + 1))
        const withMore = Uint8Array.of(...bytes, ...beyond).subarray(0, bytes.length)
        expect(describePacket(withMore)).toEqual(describePacket(bytes))
      }),
      runs,
    )
  })
})
