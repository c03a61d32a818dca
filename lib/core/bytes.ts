import { UDPipeError } from './errors.ts'

/**
 * The bytes of a message: a string is encoded as UTF-8; bytes are taken as they are, and whoever keeps them makes a copy, because the
 * caller may write the next message into the same memory.
 *
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`
 */
export function toBytes(message: string | Uint8Array): Uint8Array {
  if (message instanceof Uint8Array) return message
  if (typeof message === 'string') return Buffer.from(message)
  throw new UDPipeError(
    'ERR_ARGUMENT_INVALID',
    `A message is a string or a Uint8Array; this one is a ${typeof message}.`,
  )
}

/** The bytes as a Buffer, without a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
