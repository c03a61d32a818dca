import { createRequire } from 'node:module'
import { AEAD_TAG_BYTES, WIPED, X25519_BYTES, type Aead, type Cryptography, type KeyPair } from '../security/crypto.ts'

/** As much of `sodium-native` as is used here. */
interface Sodium {
  crypto_hash_sha256(output: Uint8Array, input: Uint8Array): void
  crypto_scalarmult_base(publicKey: Uint8Array, privateKey: Uint8Array): void
  crypto_scalarmult(secret: Uint8Array, privateKey: Uint8Array, publicKey: Uint8Array): void
  crypto_aead_chacha20poly1305_ietf_encrypt(
    output: Uint8Array,
    message: Uint8Array,
    associatedData: Uint8Array,
    secretNonce: null,
    nonce: Uint8Array,
    key: Uint8Array,
  ): number
  crypto_aead_chacha20poly1305_ietf_decrypt(
    output: Uint8Array,
    secretNonce: null,
    sealed: Uint8Array,
    associatedData: Uint8Array,
    nonce: Uint8Array,
    key: Uint8Array,
  ): number
  sodium_memzero(bytes: Uint8Array): void
}

const SHA256_BYTES = 32

/** No datagram is longer, so nothing that is opened is. */
const MAX_TEXT_BYTES = 65_536

/** Where texts are opened, so that one which does not open leaves its datagram as it was: libsodium would clear it. */
const scratch = new Uint8Array(MAX_TEXT_BYTES)

/** The cryptography of libsodium, several times as fast as Node's; `undefined` where `sodium-native` is not installed. */
export const sodiumCryptography: Cryptography | undefined = createSodiumCryptography(loadSodium())

function createSodiumCryptography(sodium: Sodium | undefined): Cryptography | undefined {
  if (sodium === undefined) return undefined
  return {
    name: 'sodium-native',
    sha256: (bytes) => {
      const digest = new Uint8Array(SHA256_BYTES)
      sodium.crypto_hash_sha256(digest, bytes)
      return digest
    },
    keyPair: (privateKey) => new SodiumKeyPair(sodium, privateKey),
    aead: (key) => new SodiumAead(sodium, key),
  }
}

/** Loaded by `require`, because an `await` out here would shut out the programs that `require` this library. */
function loadSodium(): Sodium | undefined {
  try {
    const sodium = createRequire(import.meta.url)('sodium-native') as Partial<Sodium>
    return typeof sodium.crypto_aead_chacha20poly1305_ietf_encrypt === 'function' ? (sodium as Sodium) : undefined
  } catch {
    return undefined
  }
}

class SodiumKeyPair implements KeyPair {
  readonly publicKey: Uint8Array = new Uint8Array(X25519_BYTES)
  readonly #sodium: Sodium
  readonly #privateKey: Uint8Array
  #isWiped = false

  constructor(sodium: Sodium, privateKey: Uint8Array) {
    this.#sodium = sodium
    this.#privateKey = Uint8Array.from(privateKey)
    sodium.crypto_scalarmult_base(this.publicKey, this.#privateKey)
  }

  exchange(publicKey: Uint8Array): Uint8Array {
    if (this.#isWiped) throw new Error(WIPED)
    const secret = new Uint8Array(X25519_BYTES)
    try {
      this.#sodium.crypto_scalarmult(secret, this.#privateKey, publicKey)
    } catch {
      // libsodium refuses to derive a secret that is all zeros.
      secret.fill(0)
    }
    return secret
  }

  wipe(): void {
    this.#sodium.sodium_memzero(this.#privateKey)
    this.#isWiped = true
  }
}

class SodiumAead implements Aead {
  readonly #sodium: Sodium
  readonly #key: Uint8Array
  #isWiped = false

  constructor(sodium: Sodium, key: Uint8Array) {
    this.#sodium = sodium
    this.#key = Uint8Array.from(key)
  }

  seal(nonce: Uint8Array, associatedData: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    if (this.#isWiped) throw new Error(WIPED)
    const sealed = buffer.subarray(start, end + AEAD_TAG_BYTES)
    const text = buffer.subarray(start, end)
    this.#sodium.crypto_aead_chacha20poly1305_ietf_encrypt(sealed, text, associatedData, null, nonce, this.#key)
  }

  open(nonce: Uint8Array, associatedData: Uint8Array, buffer: Uint8Array, start: number, end: number): boolean {
    const length = end - start - AEAD_TAG_BYTES
    if (length < 0 || length > MAX_TEXT_BYTES || this.#isWiped) return false
    const text = scratch.subarray(0, length)
    const sealed = buffer.subarray(start, end)
    try {
      this.#sodium.crypto_aead_chacha20poly1305_ietf_decrypt(text, null, sealed, associatedData, nonce, this.#key)
    } catch {
      return false
    }
    buffer.set(text, start)
    return true
  }

  wipe(): void {
    this.#sodium.sodium_memzero(this.#key)
    this.#isWiped = true
  }
}
