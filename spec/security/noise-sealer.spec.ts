import { describe, expect, it } from 'vitest'
import { AEAD_TAG_BYTES } from '../../lib/security/crypto.ts'
import { NoiseSealer } from '../../lib/security/noise-sealer.ts'
import { Random } from '../../lib/simulator/index.ts'
import { cryptographies } from '../support/cryptographies.ts'
import { flipped } from '../support/flipped.ts'

const HEADER_BYTES = 3

describe.each(cryptographies)('NoiseSealer by $name', (crypto) => {
  it('seals with the packet’s number as Noise writes it and its header as associated data', () => {
    const key = new Random(1).bytes(32)
    const sealer = new NoiseSealer(crypto, key.slice(), new Uint8Array(32))
    const packet = new Random(2).bytes(40)
    const expected = packet.slice()
    sealer.seal(0x0102_0304_0506, packet, HEADER_BYTES, 24)
    const nonce = Uint8Array.of(0, 0, 0, 0, 6, 5, 4, 3, 2, 1, 0, 0)
    crypto.aead(key).seal(nonce, expected.slice(0, HEADER_BYTES), expected, HEADER_BYTES, 24)
    expect(packet).toEqual(expected)
  })

  it('opens only under the number that it was sealed under', () => {
    const { client, server } = createPair(3)
    for (const packetNumber of [0, 1, 0xffff, 0x1_0000, 2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1]) {
      const packet = new Uint8Array(40)
      const sealed = packet.slice(0, client.seal(packetNumber, packet, HEADER_BYTES, 10))
      const others = [packetNumber + 1, packetNumber + 0x1_0000, packetNumber + 2 ** 32]
      for (const other of others) expect(server.open(other, sealed.slice(), HEADER_BYTES)).toBe(-1)
      expect(server.open(packetNumber, sealed, HEADER_BYTES)).toBe(10)
    }
  })

  it('opens nothing that it has sealed itself, so that nothing can be sent back to its sender', () => {
    const { client } = createPair(4)
    const packet = new Uint8Array(40)
    const sealed = packet.subarray(0, client.seal(1, packet, HEADER_BYTES, 10))
    expect(client.open(1, sealed, HEADER_BYTES)).toBe(-1)
  })

  it('opens no packet of which any bit was flipped, and leaves it as it was', () => {
    const { client, server } = createPair(5)
    const packet = new Random(6).bytes(60)
    const sealed = packet.subarray(0, client.seal(9, packet, HEADER_BYTES, 40))
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const broken = flipped(sealed, bit)
      const before = broken.slice()
      expect(server.open(9, broken, HEADER_BYTES)).toBe(-1)
      expect(broken).toEqual(before)
    }
    expect(server.open(9, sealed, HEADER_BYTES)).toBe(40)
  })

  it('opens nothing that is too short for a header and a tag', () => {
    const { server } = createPair(7)
    for (let length = 0; length < HEADER_BYTES + AEAD_TAG_BYTES; length += 1) {
      expect(server.open(0, new Uint8Array(length), HEADER_BYTES)).toBe(-1)
    }
  })

  it('keeps its keys for itself, and overwrites them when it is told to', () => {
    const keys = [new Random(8).bytes(32), new Random(9).bytes(32)] as const
    const client = new NoiseSealer(crypto, keys[0].slice(), keys[1].slice())
    const handed = [keys[1].slice(), keys[0].slice()] as const
    const server = new NoiseSealer(crypto, ...handed)
    expect(handed.every((key) => key.every((byte) => byte === 0))).toBe(true)
    const packet = new Uint8Array(40)
    const sealed = packet.slice(0, client.seal(0, packet, HEADER_BYTES, 10))
    server.wipe()
    expect(server.open(0, sealed, HEADER_BYTES)).toBe(-1)
    expect(() => server.seal(0, packet, HEADER_BYTES, 10)).toThrow('wiped')
  })

  function createPair(seed: number) {
    const random = new Random(seed)
    const [a, b] = [random.bytes(32), random.bytes(32)]
    return { client: new NoiseSealer(crypto, a.slice(), b.slice()), server: new NoiseSealer(crypto, b, a) }
  }
})
