import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Cryptography } from '../../lib/security/crypto.ts'
import { NoiseHandshake } from '../../lib/security/noise-handshake.ts'
import { noisePattern } from '../../lib/security/noise-pattern.ts'
import { Random } from '../../lib/simulator/index.ts'
import { cryptographies } from '../support/cryptographies.ts'
import { goldenHandshakes, playVector, type NoiseVector } from '../support/noise-vectors.ts'
import { toHex } from '../support/packet-description.ts'
import { flipped } from '../support/flipped.ts'

const goldenUrl = new URL('../vectors/noise-handshakes.json', import.meta.url)

// As for the golden packets: `WRITE_VECTORS=1` writes down what comes out now.
if (process.env['WRITE_VECTORS'] === '1') writeFileSync(goldenUrl, `${JSON.stringify(goldenHandshakes(), null, 2)}\n`)

const golden = JSON.parse(readFileSync(goldenUrl, 'utf8')) as NoiseVector[]

/** A file of published vectors, in the form of cacophony and snow. */
const publishedPath = process.env['NOISE_VECTORS'] ?? ''

describe.each(cryptographies)('a Noise handshake by $name', (crypto) => {
  it.each(golden)('is as it always was: $protocol_name', (vector) => {
    expect(playVector(crypto, vector)).toEqual(vector.messages)
  })

  it.skipIf(publishedPath === '')('is as published, in the file that NOISE_VECTORS names', () => {
    const { vectors } = JSON.parse(readFileSync(publishedPath, 'utf8')) as { vectors: NoiseVector[] }
    const known = vectors.filter(({ protocol_name }) => isKnown(protocol_name))
    expect(known.map(({ protocol_name }) => protocol_name)).toContain('Noise_NNpsk0_25519_ChaChaPoly_SHA256')
    for (const vector of known) expect([vector, playVector(crypto, vector)]).toEqual([vector, vector.messages])
  })

  it.each(['NN', 'NNpsk0', 'NK', 'NKpsk0', 'IK', 'IKpsk1', 'IKpsk2'])(
    '%s leaves both ends with the same keys',
    (name) => {
      const { initiator, responder } = createPair(crypto, name)
      const first = exchange(initiator, responder, 'from here')
      const second = exchange(responder, initiator, 'from there')
      expect([first, second]).toEqual(['from here', 'from there'])
      expect(initiator.isComplete && responder.isComplete).toBe(true)
      expect(toHex(initiator.hash)).toBe(toHex(responder.hash))
      expect(initiator.split()).toEqual(responder.split())
    },
  )

  it.each(['NNpsk0', 'NKpsk0', 'IKpsk2'])('%s: a message of which any bit was flipped changes nothing', (name) => {
    const { initiator, responder } = createPair(crypto, name)
    const first = write(initiator, 'from here')
    for (let bit = 0; bit < first.length * 8; bit += 7)
      expect(responder.readMessage(flipped(first, bit))).toBeUndefined()
    expect(responder.readMessage(first)).toBeDefined()
    const second = write(responder, 'from there')
    for (let bit = 0; bit < second.length * 8; bit += 7)
      expect(initiator.readMessage(flipped(second, bit))).toBeUndefined()
    expect(initiator.readMessage(second)).toBeDefined()
    expect(initiator.split()).toEqual(responder.split())
  })

  it('reads messages in Buffers, and leaves them as they are', () => {
    const { initiator, responder } = createPair(crypto, 'NKpsk0')
    const first = Buffer.from(write(initiator, 'from here'))
    const before = Buffer.from(first)
    const payload = responder.readMessage(first)
    expect(first).toEqual(before)
    first.fill(0)
    expect(new TextDecoder().decode(payload)).toBe('from here')
    expect(exchange(responder, initiator, 'from there')).toBe('from there')
  })

  it('reads no message that is cut', () => {
    for (const name of ['NN', 'NNpsk0', 'NKpsk0', 'IK']) {
      const { initiator, responder } = createPair(crypto, name)
      const first = write(initiator, '')
      for (let length = 0; length < first.length; length += 1) {
        expect(responder.readMessage(first.subarray(0, length))).toBeUndefined()
      }
    }
  })

  it('goes on with a key of small order: its owner harms nobody else', () => {
    const { responder } = createPair(crypto, 'NN')
    expect(responder.readMessage(new Uint8Array(32))).toBeDefined()
    expect(responder.writeMessage(new Uint8Array(0), new Uint8Array(100))).toBe(48)
  })

  it('has keys only at its end, and no message after it', () => {
    const { initiator, responder } = createPair(crypto, 'NNpsk0')
    expect(() => initiator.split()).toThrow('after all messages')
    exchange(initiator, responder, '')
    exchange(responder, initiator, '')
    expect(() => initiator.writeMessage(new Uint8Array(0), new Uint8Array(100))).toThrow('have passed')
  })
})

describe('noisePattern', () => {
  it.each([
    ['NN', [['e'], ['e', 'ee']]],
    [
      'NNpsk0',
      [
        ['psk', 'e'],
        ['e', 'ee'],
      ],
    ],
    ['NNpsk2', [['e'], ['e', 'ee', 'psk']]],
    [
      'NKpsk0',
      [
        ['psk', 'e', 'es'],
        ['e', 'ee'],
      ],
    ],
    [
      'IKpsk1',
      [
        ['e', 'es', 's', 'ss', 'psk'],
        ['e', 'ee', 'se'],
      ],
    ],
    [
      'NNpsk0+psk2',
      [
        ['psk', 'e'],
        ['e', 'ee', 'psk'],
      ],
    ],
  ])('knows %s', (name, messages) => {
    expect(noisePattern(name).messages).toEqual(messages)
    expect(noisePattern(name).hasPsk).toBe(name.includes('psk'))
  })

  it.each(['', 'XX', 'NNpsk', 'NNpsk3', 'nn', 'NNfallback'])('does not know %j', (name) => {
    expect(() => noisePattern(name)).toThrow(RangeError)
  })
})

function createPair(crypto: Cryptography, name: string) {
  const random = new Random(7)
  const pattern = noisePattern(name)
  const psk = random.bytes(32)
  const initiatorKeys = crypto.keyPair(random.bytes(32))
  const responderKeys = crypto.keyPair(random.bytes(32))
  const shared = {
    crypto,
    pattern,
    prologue: random.bytes(5),
    preSharedKeys: [psk],
    createEphemeralKey: () => random.bytes(32),
  }
  return {
    initiator: new NoiseHandshake({
      ...shared,
      isInitiator: true,
      staticKeys: initiatorKeys,
      remoteStaticKey: pattern.isResponderKnown ? responderKeys.publicKey : undefined,
    }),
    responder: new NoiseHandshake({ ...shared, isInitiator: false, staticKeys: responderKeys }),
  }
}

function write(from: NoiseHandshake, text: string): Uint8Array {
  const into = new Uint8Array(300)
  return into.slice(0, from.writeMessage(new TextEncoder().encode(text), into))
}

function exchange(from: NoiseHandshake, to: NoiseHandshake, text: string): string {
  return new TextDecoder().decode(to.readMessage(write(from, text)))
}

function isKnown(protocolName: string): boolean {
  const name = /^Noise_(\w+(?:\+\w+)?)_25519_ChaChaPoly_SHA256$/.exec(protocolName)?.[1] ?? ''
  try {
    return name !== '' && noisePattern(name).protocolName === protocolName
  } catch {
    return false
  }
}
