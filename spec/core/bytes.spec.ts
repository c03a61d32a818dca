import { describe, expect, it } from 'vitest'
import { isEqualConstantTime, isSameBytes } from '../../lib/core/bytes.ts'
import { flipped } from '../support/flipped.ts'
import { Random } from '../../lib/simulator/index.ts'

describe('bytes', () => {
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => i * 17)

  it('are the same when no bit of them differs', () => {
    expect(isSameBytes(bytes, bytes.slice())).toBe(true)
    for (let bit = 0; bit < 128; bit += 1) expect(isSameBytes(bytes, flipped(bytes, bit))).toBe(false)
  })

  it('are not the same as the first ones of more', () => {
    expect(isSameBytes(bytes, bytes.subarray(0, 15))).toBe(false)
    expect(isSameBytes(bytes.subarray(0, 15), bytes)).toBe(false)
  })
})

describe('isEqualConstantTime', () => {
  it('finds equal bytes equal, wherever they stand', () => {
    const a = new Uint8Array([9, 1, 2, 3])
    const b = new Uint8Array([1, 2, 3, 7])
    expect(isEqualConstantTime(a, 1, b, 0, 3)).toBe(true)
  })

  it('sees every single bit that differs', () => {
    const a = new Random(1).bytes(16)
    for (let bit = 0; bit < 128; bit += 1) {
      const b = flipped(a, bit)
      expect(isEqualConstantTime(a, 0, b, 0, 16)).toBe(false)
    }
  })

  it('takes bytes that are not there for different', () => {
    expect(isEqualConstantTime(new Uint8Array(4), 0, new Uint8Array(3), 0, 4)).toBe(false)
    expect(isEqualConstantTime(new Uint8Array(3), 0, new Uint8Array(4), 0, 4)).toBe(false)
  })
})
