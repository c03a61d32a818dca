import { UDPipeError } from '../core/errors.ts'
import type { CloseOptions } from '../host/peer.ts'

/**
 * Checks what `close` was told.
 *
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`
 */
export function parseCloseOptions({ code = 0, reason = '' }: CloseOptions): { code: number; reason: string } {
  if (!Number.isInteger(code) || code < 0 || code > 0xffff) {
    throw new UDPipeError('ERR_ARGUMENT_INVALID', `code must be a whole number from 0 to 65535; it was ${code}.`)
  }
  if (typeof reason !== 'string' || Buffer.byteLength(reason) > MAX_REASON_BYTES) {
    throw new UDPipeError('ERR_ARGUMENT_INVALID', `reason must be a string of at most ${MAX_REASON_BYTES} bytes.`)
  }
  return { code, reason }
}

/** A reason travels in one datagram, beside other things. */
const MAX_REASON_BYTES = 256
