import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, type CipherGCMTypes } from 'node:crypto'
import { nodeCryptography } from '../../node/node-crypto.ts'
import { TAG_BYTES, type SessionAead, type SessionCrypto } from '../wire/keys.ts'
import { Slab } from '../wire/slab.ts'

/** How many random bytes a session begins with. */
const RANDOM_BYTES = 32

/** The cryptography of Node, for sessions over TCP. */
export const sessionCrypto: SessionCrypto = {
  sha256: (bytes) => nodeCryptography.sha256(bytes),
  hkdf: (secret, salt, info, lengthBytes) => new Uint8Array(hkdfSync('sha256', secret, salt, info, lengthBytes)),
  keyPair: (privateKey) => nodeCryptography.keyPair(privateKey),
  aead: (key) => new AesGcm(key),
}

/** What every session of this process writes in. */
export const slab: Slab = new Slab((lengthBytes) => Buffer.allocUnsafeSlow(lengthBytes))

/** What a session draws for itself alone. */
export function sessionRandom(): Uint8Array {
  return randomBytes(RANDOM_BYTES)
}

/** Node has no cipher that takes a second nonce, so each record costs a cipher object. */
class AesGcm implements SessionAead {
  readonly #key: Uint8Array
  readonly #cipher: CipherGCMTypes

  constructor(key: Uint8Array) {
    this.#key = key
    this.#cipher = key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm'
  }

  seal(nonce: Uint8Array, associatedData: Uint8Array, plain: Uint8Array, output: Uint8Array, start: number): void {
    const cipher = createCipheriv(this.#cipher, this.#key, nonce)
    cipher.setAAD(associatedData)
    output.set(cipher.update(plain), start)
    cipher.final()
    output.set(cipher.getAuthTag(), start + plain.length)
  }

  open(
    nonce: Uint8Array,
    associatedData: Uint8Array,
    sealed: Uint8Array,
    start: number,
    end: number,
  ): Uint8Array | undefined {
    const tagStart = end - TAG_BYTES
    const decipher = createDecipheriv(this.#cipher, this.#key, nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(associatedData)
    decipher.setAuthTag(sealed.subarray(tagStart, end))
    const text = decipher.update(sealed.subarray(start, tagStart))
    try {
      decipher.final()
      return text
    } catch {
      return undefined
    }
  }
}
