import { describe, expect, it } from 'vitest'
import { BOX_OVERHEAD_BYTES, openBox, sealBox } from '../../lib/security/sealed-box.ts'
import { Random } from '../../lib/simulator/index.ts'
import { cryptographies } from '../support/cryptographies.ts'
import { flipped } from '../support/flipped.ts'

describe.each(cryptographies)('a sealed box, by $name', (crypto) => {
  it('holds a text for whoever has the key and the associated data', () => {
    const { random, randomBytes, key, about } = prepare(1)
    for (const length of [0, 1, 300, 2_000]) {
      const text = random.bytes(length)
      const box = sealBox(crypto, randomBytes, key, about, text)
      expect(box).toHaveLength(length + BOX_OVERHEAD_BYTES)
      for (const other of cryptographies) expect(openBox(other, key, about, box)).toEqual(text)
    }
  })

  it('opens into new bytes, also where it is a Buffer, whose slices are views', () => {
    const { random, randomBytes, key, about } = prepare(4)
    const box = Buffer.from(sealBox(crypto, randomBytes, key, about, random.bytes(20)))
    const before = Uint8Array.from(box)
    expect(openBox(crypto, key, about, box)).toHaveLength(20)
    expect(Uint8Array.from(box)).toEqual(before)
  })

  it('does not open when any bit of it is flipped, and is not changed by trying', () => {
    const { random, randomBytes, key, about } = prepare(2)
    const box = sealBox(crypto, randomBytes, key, about, random.bytes(20))
    for (let bit = 0; bit < box.length * 8; bit += 1) {
      const broken = flipped(box, bit)
      const before = broken.slice()
      expect(openBox(crypto, key, about, broken)).toBeUndefined()
      expect(broken).toEqual(before)
    }
    const received = Buffer.from(box)
    expect(openBox(crypto, key, about, received)).toBeDefined()
    expect(new Uint8Array(received)).toEqual(box)
  })

  it('does not open for another key or other associated data, nor when it is cut', () => {
    const { random, randomBytes, key, about } = prepare(3)
    const box = sealBox(crypto, randomBytes, key, about, random.bytes(20))
    expect(openBox(crypto, random.bytes(32), about, box)).toBeUndefined()
    expect(openBox(crypto, key, random.bytes(10), box)).toBeUndefined()
    for (let length = 0; length < box.length; length += 1) {
      expect(openBox(crypto, key, about, box.subarray(0, length))).toBeUndefined()
    }
  })

  it('looks different each time', () => {
    const { randomBytes, key, about } = prepare(4)
    const text = new Uint8Array(100)
    const a = sealBox(crypto, randomBytes, key, about, text)
    const b = sealBox(crypto, randomBytes, key, about, text)
    const equal = a.filter((byte, i) => byte === b[i]).length
    expect(equal).toBeLessThan(10)
  })
})

function prepare(seed: number) {
  const random = new Random(seed)
  return {
    random,
    randomBytes: (length: number) => random.bytes(length),
    key: random.bytes(32),
    about: random.bytes(10),
  }
}
