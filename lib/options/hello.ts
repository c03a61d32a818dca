import { UDPipeError } from '../core/errors.ts'
import { MAX_HELLO_PAYLOAD_BYTES } from '../session/front-door.ts'

/** Says what the next HELLO carries: a string is sent as UTF-8, bytes as they are; at most 512 bytes. */
export type HelloSource = () => string | Uint8Array

const encoder = new TextEncoder()

/** What a HELLO is to carry, as bytes of their own; `undefined` when it is nothing that a HELLO carries. */
export function bytesOfHello(value: unknown): Uint8Array | undefined {
  if (typeof value === 'string') return encoder.encode(value)
  return value instanceof Uint8Array ? Uint8Array.from(value) : undefined
}

/** What a client's HELLO carries, or what says so. */
export function hello(value: unknown, name: string): Uint8Array | HelloSource | undefined {
  if (value === undefined || typeof value === 'function') return value as HelloSource | undefined
  const bytes = bytesOfHello(value)
  if (bytes !== undefined && bytes.length <= MAX_HELLO_PAYLOAD_BYTES) return bytes
  // What was given may be a secret, and messages are written to logs.
  const what =
    bytes === undefined
      ? `it was ${typeof value === 'object' ? 'an object' : `a ${typeof value}`}`
      : `it has ${bytes.length}`
  throw new UDPipeError(
    'ERR_OPTION_INVALID',
    `${name} must be a string or bytes, at most ${MAX_HELLO_PAYLOAD_BYTES} bytes of them, or a function that returns such; ${what}.`,
  )
}
