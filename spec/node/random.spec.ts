import { describe, expect, it } from 'vitest'
import { randomBytes } from '../../lib/node/random.ts'

describe('randomBytes', () => {
  it('gives as many bytes as asked for', () => {
    expect([0, 1, 8, 32].map((length) => randomBytes(length).length)).toEqual([0, 1, 8, 32])
  })

  it('never gives the same twice', () => {
    const tags = Array.from({ length: 1000 }, () => Buffer.from(randomBytes(16)).toString('hex'))

    expect(new Set(tags).size).toBe(1000)
  })
})
