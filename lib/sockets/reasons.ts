import { wsCloseCodes } from './close-codes.ts'
import type { End } from './connection.ts'

/** Errors of the system, of TLS and of Node, in the words that this library's results have for them. */
const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'host not found',
  EAI_AGAIN: 'host not found',
  EAI_FAIL: 'host not found',
  ETIMEDOUT: 'timeout',
  ECONNRESET: 'closed',
  ECONNABORTED: 'closed',
  EPIPE: 'closed',
  EHOSTUNREACH: 'network is unreachable',
  ENETUNREACH: 'network is unreachable',
}

/** What OpenSSL finds wrong with a certificate; Node hands these names on as codes. */
const certificateCodes =
  /^(?:CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERROR_IN_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|HOSTNAME_MISMATCH)/

/** Says in a few words why there is no connection. */
export function reasonOf(error: NodeJS.ErrnoException): string {
  const { code } = error
  if (code === undefined) return error.message
  const known = words[code]
  if (known !== undefined) return known
  return isTlsCode(code) ? `tls: ${code}` : code.toLowerCase()
}

function isTlsCode(code: string): boolean {
  return certificateCodes.test(code) || /^ERR_(?:TLS|SSL|OSSL)_/.test(code) || code === 'EPROTO'
}

/** How a connection ends whose peer broke the protocol: `code` is that of the error of `ws`. */
export function violationOf(code: string | undefined): End {
  if (code === 'WS_ERR_INVALID_UTF8' || code?.startsWith('Z_')) return ends.invalidData
  if (code?.startsWith('WS_ERR_UNSUPPORTED_')) return ends.messageTooLarge
  if (code === 'WS_ERR_TOO_MANY_BUFFERED_PARTS') return ends.tooManyFragments
  return code?.startsWith('WS_ERR_') ? ends.protocolError : ends.dropped
}

/** The ends that have one word each. */
export const ends: Readonly<
  Record<
    | 'dropped'
    | 'timeout'
    | 'wrongState'
    | 'protocolError'
    | 'invalidData'
    | 'tooManyFragments'
    | 'messageTooLarge'
    | 'slowConsumer',
    End
  >
> = {
  /** The connection went away without a close frame. */
  dropped: end(wsCloseCodes.abnormal, 'closed'),
  timeout: end(wsCloseCodes.abnormal, 'timeout'),
  /** There is no connection, or its end was told before. */
  wrongState: end(wsCloseCodes.abnormal, 'wrong state'),
  protocolError: end(wsCloseCodes.protocolError, 'protocol error'),
  invalidData: end(wsCloseCodes.invalidData, 'invalid data'),
  tooManyFragments: end(wsCloseCodes.policyViolation, 'too many fragments'),
  messageTooLarge: end(wsCloseCodes.messageTooLarge, 'message too large'),
  slowConsumer: end(wsCloseCodes.tryAgainLater, 'slow consumer'),
}

function end(code: number, reason: string): End {
  return Object.freeze({ wasClean: false, code, reason })
}
