import { copyBytes } from '../core/bytes.ts'
import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES, type Cryptography } from './crypto.ts'
import { hkdf } from './hmac.ts'
import type { RandomBytes } from './security.ts'

const SALT_BYTES = 24

/** How many bytes longer a box is than what is in it. */
export const BOX_OVERHEAD_BYTES: number = SALT_BYTES + AEAD_TAG_BYTES

const label = new TextEncoder().encode('udpipe 1 box')
/** Each key seals one text, so its nonce may be any. */
const nonce = new Uint8Array(AEAD_NONCE_BYTES)

/**
 * Seals a text for whoever has the same 32-byte key, any number of texts under one key: `salt (24) ‖ sealed text ‖ tag (16)`.
 * The salt is random, and long enough to never repeat by chance. The text is sealed by ChaCha20-Poly1305 with a nonce of zeros
 * under a key of its own, HKDF-SHA-256 of the long-lived key with that salt and the info `udpipe 1 box`. It comes to the
 * same as XChaCha20-Poly1305, which Node does not have.
 */
export function sealBox(
  crypto: Cryptography,
  randomBytes: RandomBytes,
  key: Uint8Array,
  associatedData: Uint8Array,
  text: Uint8Array,
): Uint8Array {
  const box = new Uint8Array(BOX_OVERHEAD_BYTES + text.length)
  const salt = randomBytes(SALT_BYTES)
  box.set(salt, 0)
  box.set(text, SALT_BYTES)
  const aead = createAead(crypto, key, salt)
  aead.seal(nonce, associatedData, box, SALT_BYTES, SALT_BYTES + text.length)
  aead.wipe()
  return box
}

/** Opens a box into new bytes; `undefined` when it was not sealed under this key with this associated data. Never throws. */
export function openBox(
  crypto: Cryptography,
  key: Uint8Array,
  associatedData: Uint8Array,
  box: Uint8Array,
): Uint8Array | undefined {
  if (box.length < BOX_OVERHEAD_BYTES) return undefined
  // The box itself stays as it came.
  const sealed = copyBytes(box.subarray(SALT_BYTES))
  const aead = createAead(crypto, key, box.subarray(0, SALT_BYTES))
  const isOpen = aead.open(nonce, associatedData, sealed, 0, sealed.length)
  aead.wipe()
  return isOpen ? sealed.subarray(0, sealed.length - AEAD_TAG_BYTES) : undefined
}

function createAead(crypto: Cryptography, key: Uint8Array, salt: Uint8Array): ReturnType<Cryptography['aead']> {
  const own = hkdf(crypto, salt, key, label)
  const aead = crypto.aead(own)
  own.fill(0)
  return aead
}
