import { Sha256 } from './sha256.ts'

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
