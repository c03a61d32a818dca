import { createHash, createHmac, hkdfSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES, type Cryptography } from '../../lib/security/crypto.ts'
import { hkdf, hmac } from '../../lib/security/hmac.ts'
import { Random } from '../../lib/simulator/index.ts'
import { cryptography } from '../../lib/node/crypto.ts'
import { cryptographies } from '../support/cryptographies.ts'
import { flipped } from '../support/flipped.ts'

const text = new TextEncoder()

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'))
}

function toHex(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('hex')
}

/** Public keys of small order: 0, 1, the two of order 8, p - 1, p and p + 1, and one with the bit set that is ignored. */
const smallOrder = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
  `${'00'.repeat(31)}80`,
]

describe('the cryptography in use', () => {
  it('is that of sodium-native where it is installed', () => {
    expect(cryptography.name).toBe('sodium-native')
  })
})

describe.each(cryptographies)('$name', (crypto) => {
  it('hashes as SHA-256', () => {
    const random = new Random(1)
    for (const length of [0, 1, 55, 56, 63, 64, 65, 1_200]) {
      const bytes = random.bytes(length)
      expect(toHex(crypto.sha256(bytes))).toBe(createHash('sha256').update(bytes).digest('hex'))
    }
  })

  it('makes HMAC and HKDF of that', () => {
    const random = new Random(2)
    for (const length of [0, 1, 32, 64]) {
      const key = random.bytes(length)
      const bytes = random.bytes(100)
      expect(toHex(hmac(crypto, key, bytes.subarray(0, 30), bytes.subarray(30)))).toBe(
        createHmac('sha256', key).update(bytes).digest('hex'),
      )
      expect(toHex(hkdf(crypto, key, bytes, text.encode('what for')))).toBe(
        Buffer.from(hkdfSync('sha256', bytes, key, 'what for', 32)).toString('hex'),
      )
    }
  })

  it('exchanges as in RFC 7748, section 5.2', () => {
    const pair = crypto.keyPair(fromHex('a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4'))
    const secret = pair.exchange(fromHex('e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c'))
    expect(toHex(secret)).toBe('c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552')
  })

  it.each(smallOrder)('shares nothing but zeros with the public key %s, which is of small order', (hex) => {
    expect(toHex(crypto.keyPair(new Random(3).bytes(32)).exchange(fromHex(hex)))).toBe('00'.repeat(32))
  })

  it('keeps nothing of a private key that the caller overwrites, and no use of one that is wiped', () => {
    const random = new Random(4)
    const privateKey = random.bytes(32)
    const other = crypto.keyPair(random.bytes(32)).publicKey
    const pair = crypto.keyPair(privateKey)
    const secret = toHex(pair.exchange(other))
    privateKey.fill(0)
    expect(toHex(pair.exchange(other))).toBe(secret)
    pair.wipe()
    expect(() => pair.exchange(other)).toThrow('wiped')
  })

  it('seals as in RFC 8439, section 2.8.2, in place', () => {
    const message =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
    const plain = text.encode(message)
    const buffer = new Uint8Array(plain.length + AEAD_TAG_BYTES)
    buffer.set(plain)
    const key = Uint8Array.from({ length: 32 }, (_, i) => 0x80 + i)
    const associatedData = fromHex('50515253c0c1c2c3c4c5c6c7')
    crypto.aead(key).seal(fromHex('070000004041424344454647'), associatedData, buffer, 0, plain.length)
    expect(toHex(buffer)).toBe(
      'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b' +
        '1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc' +
        '3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691',
    )
  })

  it('touches nothing outside of what it seals and opens', () => {
    const { aead, nonce, random } = createAead(crypto, 5)
    const buffer = random.bytes(100)
    const before = buffer.slice()
    aead.seal(nonce, buffer.slice(0, 3), buffer, 3, 50)
    expect(buffer.subarray(0, 3)).toEqual(before.subarray(0, 3))
    expect(buffer.subarray(66)).toEqual(before.subarray(66))
    expect(aead.open(nonce, buffer.slice(0, 3), buffer, 3, 66)).toBe(true)
    expect(buffer.subarray(0, 50)).toEqual(before.subarray(0, 50))
    expect(buffer.subarray(66)).toEqual(before.subarray(66))
  })

  it('opens nothing of which any bit was flipped, and leaves it as it was', () => {
    const { aead, nonce, random } = createAead(crypto, 6)
    const associatedData = random.bytes(3)
    const sealed = random.bytes(30 + AEAD_TAG_BYTES)
    aead.seal(nonce, associatedData, sealed, 0, 30)
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const broken = flipped(sealed, bit)
      const before = broken.slice()
      expect(aead.open(nonce, associatedData, broken, 0, broken.length)).toBe(false)
      expect(broken).toEqual(before)
    }
    for (let bit = 0; bit < 24; bit += 1) {
      expect(aead.open(nonce, flipped(associatedData, bit), sealed, 0, sealed.length)).toBe(false)
    }
    for (let bit = 0; bit < AEAD_NONCE_BYTES * 8; bit += 1) {
      expect(aead.open(flipped(nonce, bit), associatedData, sealed, 0, sealed.length)).toBe(false)
    }
    expect(aead.open(nonce, associatedData, sealed, 0, sealed.length)).toBe(true)
  })

  it('opens nothing that is shorter than a tag', () => {
    const { aead, nonce } = createAead(crypto, 7)
    for (let length = 0; length < AEAD_TAG_BYTES; length += 1) {
      expect(aead.open(nonce, new Uint8Array(0), new Uint8Array(length), 0, length)).toBe(false)
    }
  })

  it('neither seals nor opens with a key that is wiped', () => {
    const { aead, nonce } = createAead(crypto, 8)
    const buffer = new Uint8Array(20)
    aead.seal(nonce, buffer.subarray(0, 0), buffer, 0, 4)
    aead.wipe()
    expect(aead.open(nonce, new Uint8Array(0), buffer, 0, 20)).toBe(false)
    expect(() => aead.seal(nonce, buffer.subarray(0, 0), buffer, 0, 4)).toThrow('wiped')
    const zeros = crypto.aead(new Uint8Array(32))
    zeros.seal(nonce, new Uint8Array(0), buffer, 0, 4)
    expect(aead.open(nonce, new Uint8Array(0), buffer, 0, 20)).toBe(false)
  })
})

describe('two implementations of cryptography', () => {
  it('agree on every byte', () => {
    const random = new Random(9)
    for (let round = 0; round < 200; round += 1) {
      const privateKeys = [random.bytes(32), random.bytes(32)] as const
      const anyPublicKey = random.bytes(32)
      const key = random.bytes(32)
      const nonce = random.bytes(AEAD_NONCE_BYTES)
      const associatedData = random.bytes(random.integer(0, 70))
      const message = random.bytes(random.integer(0, 1_300))
      const results = cryptographies.map((crypto) => {
        const [a, b] = privateKeys.map((privateKey) => crypto.keyPair(privateKey))
        const sealed = new Uint8Array(message.length + AEAD_TAG_BYTES)
        sealed.set(message)
        crypto.aead(key).seal(nonce, associatedData, sealed, 0, message.length)
        return [
          toHex(a?.publicKey),
          toHex(a?.exchange(b?.publicKey ?? key)),
          toHex(a?.exchange(anyPublicKey)),
          toHex(sealed),
          toHex(crypto.sha256(message)),
        ]
      })
      expect(results[0]).toEqual(results[1])
    }
  })

  it('open what the other has sealed', () => {
    const random = new Random(10)
    const key = random.bytes(32)
    const nonce = random.bytes(AEAD_NONCE_BYTES)
    const associatedData = random.bytes(3)
    for (const sealing of cryptographies) {
      for (const opening of cryptographies) {
        const buffer = random.bytes(1_200)
        const before = buffer.slice()
        sealing.aead(key).seal(nonce, associatedData, buffer, 3, 1_000)
        expect(opening.aead(key).open(nonce, associatedData, buffer, 3, 1_000 + AEAD_TAG_BYTES)).toBe(true)
        expect(buffer.subarray(0, 1_000)).toEqual(before.subarray(0, 1_000))
      }
    }
  })
})

function createAead(crypto: Cryptography, seed: number) {
  const random = new Random(seed)
  return { aead: crypto.aead(random.bytes(32)), nonce: random.bytes(AEAD_NONCE_BYTES), random }
}
