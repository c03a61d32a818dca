import { copyBytes } from '../core/bytes.ts'
import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES, type Cryptography } from './crypto.ts'
import { hmac } from './hmac.ts'
import { SHA256_BYTES } from './sha256.ts'

/**
 * What the messages of a handshake are hashed and sealed with (Noise, §5.2): the hash `h` of all that was said, the chaining
 * key `ck` of all that was agreed, and, once something was agreed, a key for payloads.
 */
export class SymmetricState {
  readonly #crypto: Cryptography
  #hash: Uint8Array
  #chainingKey: Uint8Array
  #key: Uint8Array | undefined
  /** How many texts the present key has sealed. */
  #count = 0

  /** InitializeSymmetric. */
  constructor(crypto: Cryptography, protocolName: string) {
    const name = encoder.encode(protocolName)
    this.#crypto = crypto
    this.#hash = new Uint8Array(SHA256_BYTES)
    if (name.length <= SHA256_BYTES) this.#hash.set(name)
    else this.#hash = crypto.sha256(name)
    this.#chainingKey = copyBytes(this.#hash)
  }

  /** Another one that has been told the same so far, and that goes its own way from here. */
  clone(): SymmetricState {
    const clone = new SymmetricState(this.#crypto, '')
    clone.#hash = copyBytes(this.#hash)
    clone.#chainingKey = copyBytes(this.#chainingKey)
    clone.#key = this.#key && copyBytes(this.#key)
    clone.#count = this.#count
    return clone
  }

  /** GetHandshakeHash (§11.2): what both ends have alike, and no two handshakes. */
  get hash(): Uint8Array {
    return copyBytes(this.#hash)
  }

  /** By how much {@link sealInPlace} makes a text longer. */
  get overheadBytes(): number {
    return this.#key === undefined ? 0 : AEAD_TAG_BYTES
  }

  mixHash(data: Uint8Array): void {
    const bytes = new Uint8Array(SHA256_BYTES + data.length)
    bytes.set(this.#hash, 0)
    bytes.set(data, SHA256_BYTES)
    this.#hash = this.#crypto.sha256(bytes)
  }

  mixKey(secret: Uint8Array): void {
    const [chainingKey, key] = this.#derive(secret, 2)
    this.#setKeys(required(chainingKey), required(key))
  }

  /** For a pre-shared key (§9.1). */
  mixKeyAndHash(secret: Uint8Array): void {
    const [chainingKey, toHash, key] = this.#derive(secret, 3)
    this.mixHash(required(toHash))
    this.#setKeys(required(chainingKey), required(key))
  }

  /** EncryptAndHash: seals `length` bytes of `buffer` from `start` on, and returns how long they are then. */
  sealInPlace(buffer: Uint8Array, start: number, length: number): number {
    let sealedLength = length
    if (this.#key !== undefined) {
      const aead = this.#crypto.aead(this.#key)
      aead.seal(this.#nextNonce(), this.#hash, buffer, start, start + length)
      aead.wipe()
      sealedLength += AEAD_TAG_BYTES
    }
    this.mixHash(buffer.subarray(start, start + sealedLength))
    return sealedLength
  }

  /** DecryptAndHash: opens bytes into new ones; `undefined` when they do not open, after which this state is of no use. */
  open(sealed: Uint8Array): Uint8Array | undefined {
    const text = copyBytes(sealed)
    if (this.#key === undefined) {
      this.mixHash(sealed)
      return text
    }
    const aead = this.#crypto.aead(this.#key)
    const isOpen = aead.open(this.#nextNonce(), this.#hash, text, 0, text.length)
    aead.wipe()
    if (!isOpen) return undefined
    this.mixHash(sealed)
    return text.subarray(0, text.length - AEAD_TAG_BYTES)
  }

  /** Split: the key for what the initiator sends, and the one for what the responder sends. Wipes the rest. */
  split(): [initiator: Uint8Array, responder: Uint8Array] {
    const [initiator, responder] = this.#derive(new Uint8Array(0), 2)
    this.wipe()
    return [required(initiator), required(responder)]
  }

  /** Overwrites the keys. */
  wipe(): void {
    this.#chainingKey.fill(0)
    this.#key?.fill(0)
  }

  /** HKDF (§4.3) of the chaining key and a secret, to two outputs or three. */
  #derive(secret: Uint8Array, count: 2 | 3): Uint8Array[] {
    const temporaryKey = hmac(this.#crypto, this.#chainingKey, secret)
    const outputs: Uint8Array[] = []
    let previous: Uint8Array = new Uint8Array(0)
    for (let number = 1; number <= count; number += 1) {
      previous = hmac(this.#crypto, temporaryKey, previous, Uint8Array.of(number))
      outputs.push(previous)
    }
    temporaryKey.fill(0)
    return outputs
  }

  #setKeys(chainingKey: Uint8Array, key: Uint8Array): void {
    this.wipe()
    this.#chainingKey = chainingKey
    this.#key = key
    this.#count = 0
  }

  /** 32 bits of zeros, then the count in 64 bits, least significant byte first (§12.3). No handshake seals 256 texts. */
  #nextNonce(): Uint8Array {
    const nonce = new Uint8Array(AEAD_NONCE_BYTES)
    nonce[4] = this.#count
    this.#count += 1
    return nonce
  }
}

const encoder = new TextEncoder()

function required(output: Uint8Array | undefined): Uint8Array {
  if (output === undefined) throw new Error('HKDF makes as many outputs as it is asked for.')
  return output
}
