import type { Cryptography } from './crypto.ts'
import { Sha256, SHA256_BYTES } from './sha256.ts'

const BLOCK_BYTES = 64

/** HMAC-SHA-256 (RFC 2104) under one key, which is hashed once for all the messages it will authenticate. */
export class HmacSha256 {
  readonly #inner = new Sha256()
  readonly #outer = new Sha256()

  /** A key of any length, also of none. */
  constructor(key: Uint8Array) {
    const pad = new Uint8Array(BLOCK_BYTES)
    pad.set(key.length > BLOCK_BYTES ? new Sha256().update(key).digest() : key)
    this.#inner.update(pad.map((byte) => byte ^ 0x36))
    this.#outer.update(pad.map((byte) => byte ^ 0x5c))
  }

  /** The 32-byte code of the parts, one after the other. */
  authenticate(...parts: readonly Uint8Array[]): Uint8Array {
    const inner = this.#inner.clone()
    for (const part of parts) inner.update(part)
    return this.#outer.clone().update(inner.digest()).digest()
  }
}

/**
 * HMAC-SHA-256 (RFC 2104) by the platform's hash, which is many times as fast as `HmacSha256`: a handshake takes some forty of
 * them. A key of at most 64 bytes, as all keys of a handshake are.
 */
export function hmac(crypto: Cryptography, key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = BLOCK_BYTES
  for (const part of parts) length += part.length
  const inner = new Uint8Array(length)
  const outer = new Uint8Array(BLOCK_BYTES + SHA256_BYTES)
  for (let i = 0; i < BLOCK_BYTES; i += 1) {
    const byte = key[i] ?? 0
    inner[i] = byte ^ 0x36
    outer[i] = byte ^ 0x5c
  }
  let offset = BLOCK_BYTES
  for (const part of parts) {
    inner.set(part, offset)
    offset += part.length
  }
  outer.set(crypto.sha256(inner), BLOCK_BYTES)
  const code = crypto.sha256(outer)
  inner.fill(0)
  outer.fill(0)
  return code
}

/** HKDF with SHA-256 (RFC 5869) to one output of 32 bytes. A salt of at most 64 bytes; an empty one is as good as zeros. */
export function hkdf(crypto: Cryptography, salt: Uint8Array, secret: Uint8Array, info: Uint8Array): Uint8Array {
  const pseudoRandomKey = hmac(crypto, salt, secret)
  const output = hmac(crypto, pseudoRandomKey, info, ONE)
  pseudoRandomKey.fill(0)
  return output
}

const ONE = Uint8Array.of(1)
