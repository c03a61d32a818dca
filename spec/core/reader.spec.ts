import { describe, expect, it } from 'vitest'
import { Reader } from '../../lib/core/reader.ts'
import { fromHex } from '../support/packet-description.ts'

function readerOf(hex: string): Reader {
  const bytes = fromHex(hex)
  const reader = new Reader()
  reader.reset(bytes, 0, bytes.length)
  return reader
}

describe('Reader', () => {
  it('reads integers in network order', () => {
    const reader = readerOf('01 0203 fedcba98')
    expect([reader.u8(), reader.u16(), reader.u32()]).toEqual([1, 0x0203, 0xfedcba98])
    expect([reader.failed, reader.remaining]).toEqual([false, 0])
  })

  it.each([
    ['00', 0],
    ['3f', 63],
    ['4040', 64],
    ['7fff', 16_383],
    ['80004000', 16_384],
    ['bfffffff', 2 ** 30 - 1],
    ['c000000040000000', 2 ** 30],
    ['c01fffffffffffff', Number.MAX_SAFE_INTEGER],
    // The examples of RFC 9000, appendix A.1, less those that are too large for a number or longer than need be.
    ['9d7f3e7d', 494_878_333],
    ['7bbd', 15_293],
    ['25', 37],
  ])('reads the varint %s', (hex, value) => {
    const reader = readerOf(hex)
    expect([reader.varint(), reader.failed, reader.remaining]).toEqual([value, false, 0])
  })

  it.each(['4025', '403f', '80003fff', 'c00000003fffffff', 'c020000000000000', 'ffffffffffffffff', 'c2197c5eff14e88c'])(
    'refuses %s, a varint that is longer than need be or above 2^53 - 1',
    (hex) => {
      const reader = readerOf(hex)
      expect([reader.varint(), reader.failed]).toEqual([0, true])
    },
  )

  it('fails, and reads 0, where bytes are missing', () => {
    for (const hex of ['', '40', '800000', 'c0000000400000'])
      expect(readFails(hex, (reader) => reader.varint())).toBe(true)
    expect(readFails('', (reader) => reader.u8())).toBe(true)
    expect(readFails('01', (reader) => reader.u16())).toBe(true)
    expect(readFails('010203', (reader) => reader.u32())).toBe(true)
  })

  function readFails(hex: string, read: (reader: Reader) => number): boolean {
    const reader = readerOf(hex)
    return read(reader) === 0 && reader.failed
  }

  it('reads nothing more once it has failed', () => {
    const reader = readerOf('0102')
    reader.u32()
    expect([reader.u8(), reader.remaining]).toEqual([0, 0])
  })

  it('fails when more is skipped than there is', () => {
    const reader = readerOf('0102')
    reader.skip(2)
    expect(reader.failed).toBe(false)
    reader.skip(1)
    expect(reader.failed).toBe(true)
  })

  it('does not read beyond the end that it was given, though there are bytes', () => {
    const reader = new Reader()
    reader.reset(fromHex('0102030405'), 1, 3)
    expect(reader.u16()).toBe(0x0203)
    reader.u8()
    expect(reader.failed).toBe(true)
  })

  it('takes the end of the bytes for an end beyond it', () => {
    const reader = new Reader()
    reader.reset(fromHex('0102'), 0, 100)
    expect(reader.remaining).toBe(2)
    reader.reset(fromHex('0102'), 3, 100)
    expect(reader.failed).toBe(true)
  })
})
