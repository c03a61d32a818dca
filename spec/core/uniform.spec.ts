import { describe, expect, it } from 'vitest'
import { uniformFrom } from '../../lib/core/uniform.ts'
import { randomBytes } from '../../lib/node/random.ts'

describe('uniformFrom', () => {
  it('goes from 0', () => {
    expect(uniformFrom(() => new Uint8Array(8))()).toBe(0)
  })

  it('goes up to 1, and not to it', () => {
    const largest = uniformFrom(() => new Uint8Array(8).fill(0xff))()

    expect(largest).toBe(1 - 2 ** -53)
  })

  it('uses bytes from the middle of a buffer', () => {
    const bytes = Uint8Array.of(0xff, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0)

    expect(uniformFrom(() => bytes.subarray(2))()).toBe(0.5)
  })

  it('is even over its interval', () => {
    const random = uniformFrom(randomBytes)
    const counts = new Array<number>(10).fill(0)
    for (let n = 0; n < 20_000; n += 1) {
      const bin = Math.floor(random() * 10)
      counts[bin] = (counts[bin] ?? NaN) + 1
    }

    // 2,000 each with a standard deviation of 42: ten of those are beyond any luck.
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(420)
  })
})
