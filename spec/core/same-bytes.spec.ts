import { describe, expect, it } from 'vitest'
import { isSameBytes } from '../../lib/core/same-bytes.ts'
import { flipped } from '../support/flipped.ts'

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
