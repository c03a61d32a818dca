import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  getCiphers,
  type KeyObject,
} from 'node:crypto'
import { UDPipeError } from '../core/errors.ts'
import { AEAD_TAG_BYTES, WIPED, X25519_BYTES, type Aead, type Cryptography, type KeyPair } from '../security/crypto.ts'

const CIPHER = 'chacha20-poly1305'
const cipherOptions = { authTagLength: AEAD_TAG_BYTES }

/** A private key is imported by itself, but the format wants a public one beside it: this is looked at by nobody. */
const ANY_PUBLIC_KEY = 'A'.repeat(43)

/** Bun's `node:crypto` has no ChaCha20-Poly1305, as of 1.4.5. */
const missing = getCiphers().includes(CIPHER)
  ? undefined
  : 'This runtime has no ChaCha20-Poly1305 in node:crypto, which encryption needs: install it with `npm install sodium-native` ' +
    "(under Bun `bun add sodium-native`), or do without encryption by the option security: 'none' at both ends."

/** The cryptography of Node itself, which is there always. */
export const nodeCryptography: Cryptography = {
  name: 'node:crypto',
  missing,
  sha256: (bytes) => withoutBuffer(createHash('sha256').update(bytes).digest()),
  keyPair: (privateKey) => new NodeKeyPair(privateKey),
  aead: (key) => {
    if (missing !== undefined) throw new UDPipeError('ERR_DEPENDENCY_MISSING', missing)
    return new NodeAead(key)
  },
}

class NodeKeyPair implements KeyPair {
  readonly publicKey: Uint8Array
  #privateKey: KeyObject | undefined

  constructor(privateKey: Uint8Array) {
    // Keys travel as JWK (RFC 8037), which OpenSSL reads without its decoder for DER: that one costs ten times as much.
    const d = Buffer.from(privateKey).toString('base64url')
    const jwk = { kty: 'OKP', crv: 'X25519', d, x: ANY_PUBLIC_KEY }
    this.#privateKey = createPrivateKey({ key: jwk, format: 'jwk' })
    const { x = '' } = createPublicKey(this.#privateKey).export({ format: 'jwk' })
    this.publicKey = Uint8Array.from(Buffer.from(x, 'base64url'))
  }

  exchange(publicKey: Uint8Array): Uint8Array {
    const privateKey = this.#privateKey
    if (privateKey === undefined) throw new Error(WIPED)
    try {
      const jwk = { kty: 'OKP', crv: 'X25519', x: Buffer.from(publicKey).toString('base64url') }
      return withoutBuffer(diffieHellman({ privateKey, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) }))
    } catch {
      // OpenSSL refuses to derive a secret that is all zeros.
      return new Uint8Array(X25519_BYTES)
    }
  }

  /** Node clears the key's memory when its object is collected. */
  wipe(): void {
    this.#privateKey = undefined
  }
}

/** Node has no cipher that takes a second nonce, so each packet costs a cipher object and the buffers that come out of it. */
class NodeAead implements Aead {
  readonly #key: Uint8Array
  #isWiped = false

  constructor(key: Uint8Array) {
    this.#key = Uint8Array.from(key)
  }

  seal(nonce: Uint8Array, associatedData: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    if (this.#isWiped) throw new Error(WIPED)
    const cipher = createCipheriv(CIPHER, this.#key, nonce, cipherOptions)
    cipher.setAAD(associatedData, { plaintextLength: end - start })
    buffer.set(cipher.update(buffer.subarray(start, end)), start)
    cipher.final()
    buffer.set(cipher.getAuthTag(), end)
  }

  open(nonce: Uint8Array, associatedData: Uint8Array, buffer: Uint8Array, start: number, end: number): boolean {
    const tagStart = end - AEAD_TAG_BYTES
    if (tagStart < start || this.#isWiped) return false
    const decipher = createDecipheriv(CIPHER, this.#key, nonce, cipherOptions)
    decipher.setAAD(associatedData, { plaintextLength: tagStart - start })
    decipher.setAuthTag(buffer.subarray(tagStart, end))
    const opened = decipher.update(buffer.subarray(start, tagStart))
    try {
      decipher.final()
    } catch {
      return false
    }
    buffer.set(opened, start)
    return true
  }

  wipe(): void {
    this.#key.fill(0)
    this.#isWiped = true
  }
}

/** The same bytes as who knows nothing of Node expects them: `slice` of a `Buffer` does not copy. */
function withoutBuffer({ buffer, byteOffset, length }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length)
}
