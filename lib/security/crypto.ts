/** The length of a private key, a public key and a shared secret of X25519. */
export const X25519_BYTES = 32
/** The length of a key of ChaCha20-Poly1305. */
export const AEAD_KEY_BYTES = 32
/** The length of its nonce. */
export const AEAD_NONCE_BYTES = 12
/** How many bytes longer a sealed text is than a plain one. */
export const AEAD_TAG_BYTES = 16

/** What a key says that is used after it was wiped. */
export const WIPED = 'this key has been wiped and is of no use any more'

/**
 * The cryptography that Noise is built from, of whichever library the platform has. All of it is deterministic, so that two
 * implementations of this interface agree byte for byte; randomness comes in as arguments.
 */
export interface Cryptography {
  /** Which library it is, for people. */
  readonly name: string

  /** What it lacks here to seal anything, and what to do about it; `undefined` where it lacks nothing. */
  readonly missing?: string | undefined

  /** SHA-256 (FIPS 180-4): 32 bytes. */
  sha256(bytes: Uint8Array): Uint8Array

  /** The X25519 (RFC 7748) key pair of a private key of {@link X25519_BYTES}; any such bytes are one. Keeps no view of it. */
  keyPair(privateKey: Uint8Array): KeyPair

  /** ChaCha20-Poly1305 (RFC 8439) under a key of {@link AEAD_KEY_BYTES}, of which it keeps a copy. */
  aead(key: Uint8Array): Aead
}

/** A key pair of X25519. */
export interface KeyPair {
  readonly publicKey: Uint8Array

  /**
   * The secret that this pair shares with the owner of a public key of {@link X25519_BYTES}, whatever these are. With the few of
   * small order everybody shares the same: all zeros, as Noise has it (§12.1).
   */
  exchange(publicKey: Uint8Array): Uint8Array

  /** Forgets the private key, as far as the platform lets go of it. To exchange anything after that is a mistake that throws. */
  wipe(): void
}

/**
 * ChaCha20-Poly1305 (RFC 8439) under one key. A nonce, {@link AEAD_NONCE_BYTES} long, must never serve to seal twice. Both
 * directions work in place.
 */
export interface Aead {
  /** Seals what lies from `start` up to `end`, and puts the tag into the {@link AEAD_TAG_BYTES} from `end` on. */
  seal(nonce: Uint8Array, associatedData: Uint8Array, buffer: Uint8Array, start: number, end: number): void

  /**
   * Opens what lies from `start` up to `end`, the last {@link AEAD_TAG_BYTES} of which are the tag. Returns `false`, and leaves
   * every byte as it was, when these do not belong together. Never throws.
   */
  open(nonce: Uint8Array, associatedData: Uint8Array, buffer: Uint8Array, start: number, end: number): boolean

  /** Overwrites the key. Nothing opens after that, and to seal is a mistake that throws. */
  wipe(): void
}
