import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Sha256 } from '../../lib/security/sha256.ts'
import { Random } from '../../lib/simulator/index.ts'

function hexDigest(...parts: readonly (string | Uint8Array)[]): string {
  const hash = new Sha256()
  for (const part of parts) hash.update(typeof part === 'string' ? new TextEncoder().encode(part) : part)
  return Buffer.from(hash.digest()).toString('hex')
}

describe('Sha256', () => {
  // The examples of NIST's "Cryptographic Standards and Guidelines: Examples with Intermediate Values", SHA-256.
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    [
      'abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu',
      'cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1',
    ],
    ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ])('gives the published digest of "%.20s…"', (message, digest) => {
    expect(hexDigest(message)).toBe(digest)
  })

  it('agrees with another implementation for every length around two blocks', () => {
    const random = new Random(1)
    for (let length = 0; length <= 200; length += 1) {
      const bytes = random.bytes(length)
      expect(hexDigest(bytes)).toBe(createHash('sha256').update(bytes).digest('hex'))
    }
  })

  it('does not care in how many pieces the bytes come', () => {
    const random = new Random(2)
    const bytes = random.bytes(500)
    for (let round = 0; round < 50; round += 1) {
      const first = random.integer(0, 500)
      const second = random.integer(first, 500)
      const digest = hexDigest(bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second))
      expect(digest).toBe(hexDigest(bytes))
    }
  })

  it('goes on from a clone without changing the original', () => {
    const original = new Sha256().update(new TextEncoder().encode('ab'))
    const clone = original.clone()
    clone.update(new TextEncoder().encode('XYZ')).digest()
    original.update(new TextEncoder().encode('c'))
    expect(Buffer.from(original.digest()).toString('hex')).toBe(hexDigest('abc'))
  })
})
