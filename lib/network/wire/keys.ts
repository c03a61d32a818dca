import { concatenate } from '../../core/bytes.ts'

/** The cryptography that sessions are built from, of whichever library the platform has. All of it is deterministic. */
export interface SessionCrypto {
  /** SHA-256 (FIPS 180-4). */
  sha256(bytes: Uint8Array): Uint8Array
  /** HKDF with SHA-256 (RFC 5869). */
  hkdf(secret: Uint8Array, salt: Uint8Array, info: Uint8Array, lengthBytes: number): Uint8Array
  /** The X25519 (RFC 7748) key pair of a private key of 32 bytes; any such bytes are one. */
  keyPair(privateKey: Uint8Array): SessionKeyPair
  /** AES-GCM (NIST SP 800-38D) under a key of 16 or 32 bytes. */
  aead(key: Uint8Array): SessionAead
}

/** A key pair of X25519. */
export interface SessionKeyPair {
  readonly publicKey: Uint8Array
  /** The secret shared with the owner of a public key: all zeros with the few of small order. */
  exchange(publicKey: Uint8Array): Uint8Array
}

/** AES-GCM under one key, with a nonce of 12 bytes and a tag of {@link TAG_BYTES}. */
export interface SessionAead {
  /** Writes the sealed `plain`, {@link TAG_BYTES} longer, to `output` from `start` on. */
  seal(nonce: Uint8Array, associatedData: Uint8Array, plain: Uint8Array, output: Uint8Array, start: number): void
  /** Opens what lies from `start` up to `end`, the tag last; `undefined` when it is not what was sealed. Never throws. */
  open(
    nonce: Uint8Array,
    associatedData: Uint8Array,
    sealed: Uint8Array,
    start: number,
    end: number,
  ): Uint8Array | undefined
}

/** How many bytes longer a sealed text is than a plain one. */
export const TAG_BYTES = 16

/** The keys of the two directions: with one key for both, what a side sent could be sent back to it. */
export interface DirectionKeys {
  readonly clientToServer: Uint8Array
  readonly serverToClient: Uint8Array
}

const encoder = new TextEncoder()
const INFO = encoder.encode('udpipe/network 1')
const REKEY_INFO = encoder.encode('udpipe/network 1 rekey')
const EMPTY = new Uint8Array(0)

/**
 * The keys of a connection, from what both sides know beforehand, what they agreed on for this connection alone, and both Hellos as
 * they were sent.
 */
export function deriveKeys(
  crypto: SessionCrypto,
  cipherKey: Uint8Array,
  shared: Uint8Array,
  clientHello: Uint8Array,
  serverHello: Uint8Array,
): DirectionKeys {
  const keyBytes = cipherKey.length
  const salt = crypto.sha256(concatenate(clientHello, serverHello))
  const keys = crypto.hkdf(concatenate(cipherKey, shared), salt, INFO, 2 * keyBytes)
  return { clientToServer: keys.slice(0, keyBytes), serverToClient: keys.slice(keyBytes) }
}

/** The key that follows `key` in one direction. */
export function nextKey(crypto: SessionCrypto, key: Uint8Array): Uint8Array {
  return crypto.hkdf(key, EMPTY, REKEY_INFO, key.length)
}

/** Whether nothing was agreed on: the other side's public key was one of the few of small order. */
export function isWorthless(shared: Uint8Array): boolean {
  return shared.every((byte) => byte === 0)
}
