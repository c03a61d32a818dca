import { describe, expect, it } from 'vitest'
import { reasonOf, violationOf } from '../../lib/sockets/reasons.ts'

describe('the words for an error', () => {
  it.each([
    ['ECONNREFUSED', 'connection refused'],
    ['ENOTFOUND', 'host not found'],
    ['EAI_AGAIN', 'host not found'],
    ['ETIMEDOUT', 'timeout'],
    ['ECONNRESET', 'closed'],
    ['EPIPE', 'closed'],
    ['EHOSTUNREACH', 'network is unreachable'],
    ['ENETUNREACH', 'network is unreachable'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls: DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['CERT_HAS_EXPIRED', 'tls: CERT_HAS_EXPIRED'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls: UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls: ERR_TLS_CERT_ALTNAME_INVALID'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls: ERR_SSL_WRONG_VERSION_NUMBER'],
    ['EMFILE', 'emfile'],
  ])('%s is ‘%s’', (code, words) => {
    expect(reasonOf(Object.assign(new Error('x'), { code }))).toBe(words)
  })
})

describe('the end of who breaks the protocol', () => {
  it.each([
    ['WS_ERR_INVALID_UTF8', 1007],
    ['Z_DATA_ERROR', 1007],
    ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 1009],
    ['WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', 1009],
    ['WS_ERR_TOO_MANY_BUFFERED_PARTS', 1008],
    ['WS_ERR_EXPECTED_MASK', 1002],
    [undefined, 1006],
  ])('%s is %i', (code, closeCode) => {
    expect(violationOf(code).code).toBe(closeCode)
  })
})
