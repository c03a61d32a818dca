import { describe, expect, it } from 'vitest'
import { crc32 } from '../../lib/security/crc32.ts'
import { Random } from '../../lib/simulator/index.ts'

describe('crc32', () => {
  // The check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRC algorithms, and well-known others.
  it.each([
    ['', 0],
    ['123456789', 0xcbf43926],
    ['a', 0xe8b7be43],
    ['abc', 0x352441c2],
    ['The quick brown fox jumps over the lazy dog', 0x414fa339],
  ])('of "%s" is as published', (text, crc) => {
    const bytes = new TextEncoder().encode(text)
    expect(crc32(bytes, bytes.length)).toBe(crc)
  })

  it('is that of its definition, bit by bit, for every length', () => {
    const bytes = new Random(1).bytes(100)
    for (let length = 0; length <= bytes.length; length += 1) {
      let crc = 0xffffffff
      for (const byte of bytes.subarray(0, length)) {
        crc ^= byte
        for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
      }
      expect(crc32(bytes, length)).toBe((crc ^ 0xffffffff) >>> 0)
    }
  })
})
