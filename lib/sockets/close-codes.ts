import { invalidArgument } from './errors.ts'

/** The codes by which this library itself closes a connection (RFC 6455, 7.4.1). */
export const wsCloseCodes = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  noStatus: 1005,
  abnormal: 1006,
  invalidData: 1007,
  policyViolation: 1008,
  messageTooLarge: 1009,
  internalError: 1011,
  tryAgainLater: 1013,
} as const

/** What a close frame has room for, besides the code (RFC 6455, 5.5). */
export const MAX_REASON_BYTES = 123

/**
 * Checks what a close frame is to say.
 *
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`
 */
export function checkClose(code: unknown, reason: unknown): asserts code is number {
  if (typeof code !== 'number' || !isSendable(code)) {
    throw invalidArgument(
      `A close code is one of 1000–1003, 1007–1014 and 3000–4999; this one is ${String(code)}. ` +
        `A program's own are 4000–4999; 1004, 1005, 1006 and 1015 never travel.`,
    )
  }
  if (typeof reason !== 'string') throw invalidArgument(`A close reason is a string; this one is a ${typeof reason}.`)
  if (Buffer.byteLength(reason) > MAX_REASON_BYTES) {
    throw invalidArgument(
      `A close reason has at most ${MAX_REASON_BYTES} bytes of UTF-8; this one has ${Buffer.byteLength(reason)}.`,
    )
  }
}

/** Whether a close frame may carry this code (RFC 6455, 7.4, and the registry of IANA). */
function isSendable(code: number): boolean {
  if (!Number.isInteger(code)) return false
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999)
}
