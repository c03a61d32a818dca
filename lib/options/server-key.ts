import { X25519_BYTES } from '../security/crypto.ts'
import { cryptography } from '../node/crypto.ts'
import { randomBytes } from '../node/random.ts'

/** A server's key pair, each half 32 bytes in base64url. */
export interface ServerKey {
  /** For the clients' option `serverKey`: no secret. */
  readonly publicKey: string
  /** For the server's option `serverPrivateKey`, and for nobody else. */
  readonly privateKey: string
}

/** A new X25519 key pair by which clients know a server for the one that they mean. */
export function generateServerKey(): ServerKey {
  const privateKey = randomBytes(X25519_BYTES)
  const { publicKey } = cryptography.keyPair(privateKey)
  return { publicKey: encodeKey(publicKey), privateKey: encodeKey(privateKey) }
}

/** Reads a key of 32 bytes, as they are or in base64url; `undefined` when it is none. */
export function readKey(key: unknown): Uint8Array | undefined {
  if (key instanceof Uint8Array) return key.length === X25519_BYTES ? Uint8Array.from(key) : undefined
  if (typeof key !== 'string') return undefined
  const bytes = Uint8Array.from(Buffer.from(key, 'base64url'))
  // Node reads what it can and leaves out the rest.
  return bytes.length === X25519_BYTES && encodeKey(bytes) === key ? bytes : undefined
}

function encodeKey(key: Uint8Array): string {
  return Buffer.from(key).toString('base64url')
}
