import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Reader } from '../../lib/core/reader.ts'
import { varintBytes, Writer } from '../../lib/core/writer.ts'
import { fuzzRuns } from '../support/fuzz-runs.ts'
import { varints } from '../support/packet-arbitraries.ts'
import { toHex } from '../support/packet-description.ts'

function written(write: (writer: Writer) => void): string {
  const bytes = new Uint8Array(32)
  const writer = new Writer()
  writer.reset(bytes, 0, bytes.length)
  write(writer)
  return toHex(bytes.subarray(0, writer.position))
}

describe('Writer', () => {
  it('writes integers in network order', () => {
    const hex = written((writer) => {
      writer.u8(1)
      writer.u16(0x0203)
      writer.u32(0xfedcba98)
    })
    expect(hex).toBe('010203fedcba98')
  })

  it('writes varints that a reader reads, in as many bytes as it said', () => {
    fc.assert(
      fc.property(varints, (value) => {
        const bytes = new Uint8Array(8)
        const writer = new Writer()
        writer.reset(bytes, 0, bytes.length)
        writer.varint(value)
        const reader = new Reader()
        reader.reset(bytes, 0, writer.position)
        expect(reader.varint()).toBe(value)
        expect(reader.failed).toBe(false)
        expect(writer.position).toBe(varintBytes(value))
      }),
      fuzzRuns(1000),
    )
  })

  it.each([-1, 0.5, Number.MAX_SAFE_INTEGER + 1, NaN, Infinity])('refuses to write %d as a varint', (value) => {
    expect(() => written((writer) => writer.varint(value))).toThrow(RangeError)
  })

  it('copies a part of other bytes', () => {
    const source = Uint8Array.of(1, 2, 3, 4)
    expect(written((writer) => writer.copy(source, 1, 3))).toBe('0203')
    expect(written((writer) => writer.copy(source, 0, 4))).toBe('01020304')
    expect(written((writer) => writer.copy(source, 2, 2))).toBe('')
  })

  it('begins where it was told to, and throws instead of running over the end', () => {
    const bytes = new Uint8Array(6)
    const writer = new Writer()
    writer.reset(bytes, 2, 4)
    expect(writer.remaining).toBe(2)
    expect(() => writer.u32(1)).toThrow(RangeError)
    writer.u16(0xaabb)
    expect(() => writer.u8(1)).toThrow(RangeError)
    expect(() => writer.copy(bytes, 0, 1)).toThrow(RangeError)
    expect(toHex(bytes)).toBe('0000aabb0000')
  })
})
