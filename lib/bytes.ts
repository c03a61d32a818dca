import { UDPipeError } from './errors.ts'

/**
 * The bytes of a message, as ours: a string is encoded as UTF-8, bytes are copied, because they wait for their datagram while
 * the caller may already write the next message into the same memory.
 *
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`
 */
export function toBytes(message: string | Uint8Array): Uint8Array {
  if (typeof message === 'string' || message instanceof Uint8Array) return Buffer.from(message as Uint8Array)
  throw new UDPipeError(
    'ERR_ARGUMENT_INVALID',
    `A message is a string or a Uint8Array; this one is a ${typeof message}.`,
  )
}

/** The bytes as a Buffer, without a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
