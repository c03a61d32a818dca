import { X25519_BYTES } from '../security/crypto.ts'
import { decodeBase64Url, encodeBase64Url } from '../core/base64url.ts'
import type { Platform } from '../port/platform.ts'

/** A server's key pair, each half 32 bytes in base64url. */
export interface ServerKey {
  /** For the clients' option `serverKey`: no secret. */
  readonly publicKey: string
  /** For the server's option `serverPrivateKey`, and for nobody else. */
  readonly privateKey: string
}

/** What it takes to make one. */
export type KeyPlatform = Pick<Platform, 'cryptography' | 'randomBytes'>

/** Makes a key pair. */
export function newServerKey({ cryptography, randomBytes }: KeyPlatform): ServerKey {
  const privateKey = randomBytes(X25519_BYTES)
  const { publicKey } = cryptography.keyPair(privateKey)
  return { publicKey: encodeBase64Url(publicKey), privateKey: encodeBase64Url(privateKey) }
}

/** Reads a key of 32 bytes, as they are or in base64url; `undefined` when it is none. */
export function readKey(key: unknown): Uint8Array | undefined {
  if (key instanceof Uint8Array) return key.length === X25519_BYTES ? Uint8Array.from(key) : undefined
  if (typeof key !== 'string') return undefined
  const bytes = decodeBase64Url(key)
  return bytes?.length === X25519_BYTES && !key.endsWith('=') ? bytes : undefined
}
