import { describe, expect, it } from 'vitest'
import { isEqualConstantTime } from '../../lib/security/constant-time.ts'
import { Random } from '../../lib/simulator/index.ts'
import { flipped } from '../support/flipped.ts'

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
