import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES, type Cryptography } from '../../lib/security/crypto.ts'
import { NoiseHandshake, type NoiseHandshakeOptions } from '../../lib/security/noise-handshake.ts'
import { noisePattern } from '../../lib/security/noise-pattern.ts'
import { nodeCryptography } from '../../lib/node/node-crypto.ts'
import { fromHex, toHex } from './packet-description.ts'

/** A message of a vector: in the handshake and, after it, in the two directions by turns. */
export interface NoiseVectorMessage {
  readonly payload: string
  readonly ciphertext: string
}

/** A handshake whose every byte is known, in the form in which cacophony and snow publish theirs. */
export interface NoiseVector {
  readonly protocol_name: string
  readonly source?: string
  readonly init_prologue: string
  readonly init_psks?: readonly string[]
  readonly init_static?: string
  readonly init_remote_static?: string
  readonly init_ephemeral: string
  readonly resp_psks?: readonly string[]
  readonly resp_prologue: string
  readonly resp_static?: string
  readonly resp_ephemeral: string
  readonly handshake_hash?: string
  readonly messages: readonly NoiseVectorMessage[]
}

/**
 * Plays a vector's handshake and what follows it, and returns the messages as they came out. Throws where an end does not
 * understand the other, or the hashes of the handshake differ.
 */
export function playVector(crypto: Cryptography, vector: NoiseVector): NoiseVectorMessage[] {
  const initiator = createEnd(crypto, vector, true)
  const responder = createEnd(crypto, vector, false)
  const count = noisePattern(patternName(vector)).messages.length
  const played = vector.messages.slice(0, count).map(({ payload }, i) => {
    const [from, to] = i % 2 === 0 ? [initiator, responder] : [responder, initiator]
    const into = new Uint8Array(1_000)
    const message = into.slice(0, from.writeMessage(fromHex(payload), into))
    if (toHex(to.readMessage(message) ?? new Uint8Array(1)) !== payload) throw new Error(`message ${i} was not read`)
    return { payload, ciphertext: toHex(message) }
  })
  const hash = toHex(initiator.hash)
  if (vector.handshake_hash !== undefined && hash !== vector.handshake_hash) throw new Error(`the hash is ${hash}`)
  const keys = initiator.split()
  if (toHex(keys[0]) !== toHex(responder.split()[0])) throw new Error('the keys differ')
  const later = vector.messages.slice(count).map(({ payload }, i) => {
    const message = new Uint8Array(payload.length / 2 + AEAD_TAG_BYTES)
    message.set(fromHex(payload))
    const nonce = new Uint8Array(AEAD_NONCE_BYTES)
    nonce[4] = i >>> 1
    const key = keys[(count + i) % 2] ?? keys[0]
    crypto.aead(key).seal(nonce, new Uint8Array(0), message, 0, payload.length / 2)
    return { payload, ciphertext: toHex(message) }
  })
  return [...played, ...later]
}

/** The handshakes of this library, with keys that are easy to type. */
export function goldenHandshakes(): NoiseVector[] {
  return ['NNpsk0', 'NKpsk0'].map((name) => {
    const hasStatic = noisePattern(name).isResponderKnown
    const staticKey = counting(0x60)
    const vector: NoiseVector = {
      protocol_name: noisePattern(name).protocolName,
      init_prologue: toHex(new TextEncoder().encode('udpipe')),
      init_psks: [counting(0x00)],
      init_ephemeral: counting(0x20),
      ...(hasStatic && { init_remote_static: toHex(nodeCryptography.keyPair(fromHex(staticKey)).publicKey) }),
      resp_prologue: toHex(new TextEncoder().encode('udpipe')),
      resp_psks: [counting(0x00)],
      ...(hasStatic && { resp_static: staticKey }),
      resp_ephemeral: counting(0x40),
      messages: ['hello', 'connect', 'first', 'second', 'third', ''].map((text) => ({
        payload: toHex(new TextEncoder().encode(text)),
        ciphertext: '',
      })),
    }
    return { ...vector, messages: playVector(nodeCryptography, vector) }
  })
}

/** 32 bytes, each one more than that before it. */
function counting(from: number): string {
  return toHex(Uint8Array.from({ length: 32 }, (_, i) => from + i))
}

function createEnd(crypto: Cryptography, vector: NoiseVector, isInitiator: boolean): NoiseHandshake {
  const staticKey = isInitiator ? vector.init_static : vector.resp_static
  const options: NoiseHandshakeOptions = {
    crypto,
    pattern: noisePattern(patternName(vector)),
    isInitiator,
    prologue: fromHex(isInitiator ? vector.init_prologue : vector.resp_prologue),
    preSharedKeys: ((isInitiator ? vector.init_psks : vector.resp_psks) ?? []).map(fromHex),
    staticKeys: staticKey === undefined ? undefined : crypto.keyPair(fromHex(staticKey)),
    remoteStaticKey:
      isInitiator && vector.init_remote_static !== undefined ? fromHex(vector.init_remote_static) : undefined,
    createEphemeralKey: () => fromHex(isInitiator ? vector.init_ephemeral : vector.resp_ephemeral),
  }
  return new NoiseHandshake(options)
}

function patternName({ protocol_name }: NoiseVector): string {
  return protocol_name.split('_')[1] ?? ''
}
