import { describe, expect, it } from 'vitest'
import { Random } from '../../lib/simulator/random.ts'
import { Slab } from '../../lib/simulator/slab.ts'

describe('Slab', () => {
  it('makes copies that share no byte with each other or with the original', () => {
    const random = new Random(1)
    const slab = new Slab()
    const originals = Array.from({ length: 60 }, () => random.bytes(random.integer(0, 6_000)))
    const copies = originals.map((original) => slab.copy(original))
    expect(copies).toEqual(originals)
    for (const [i, copy] of copies.entries()) copy.fill(i & 255)
    expect(copies.every((copy, i) => copy.every((byte) => byte === (i & 255)))).toBe(true)
  })
})
