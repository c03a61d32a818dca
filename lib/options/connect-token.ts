import { decodeBase64Url, encodeBase64Url } from '../core/base64url.ts'
import { checkCallOptions } from '../core/call-options.ts'
import { UDPipeError } from '../core/errors.ts'
import { encodeUtf8, utf8Length } from '../core/text.ts'
import type { Platform } from '../port/platform.ts'
import {
  CONNECT_TOKEN_KEY_BYTES,
  decodeConnectToken,
  MAX_CLIENT_ID_BYTES,
  MAX_TOKEN_DATA_BYTES,
  MAX_TOKEN_SERVERS,
  parseServer,
  sealConnectToken,
} from '../security/connect-token.ts'
import type { ConnectToken } from '../session/session.ts'
import type { Address } from '../core/address.ts'

/** What a backend that knows a client says about it, to the client itself and to the servers. */
export interface ConnectTokenOptions {
  /** The key that the servers have as `connectTokenKey`: 32 random bytes, or these as base64url. */
  readonly key: Uint8Array | string
  /** Who the client is: `peer.clientId` at the server. 1 to 64 bytes of UTF-8. */
  readonly clientId: string
  /** How long a server will take it. 1 ms to a year, default 30,000: as long as it takes to hand it over and connect. */
  readonly expiresInMs?: number
  /** Where it may be used, in the order in which the client tries: 1 to 16 numeric addresses, `'192.0.2.1:1234'` or `'[::1]:1234'`. */
  readonly servers: readonly string[]
  /** What the server's program is to know: `peer.userData` there. At most 256 bytes; a string is UTF-8. Default none. */
  readonly userData?: Uint8Array | string
}

/** Where a client gets a connect token from, each time that it needs one: a request to the backend, for example. */
export type ConnectTokenSource = () => string | Promise<string>

/** What it takes to make one. */
export type TokenPlatform = Pick<Platform, 'cryptography' | 'randomBytes' | 'unixMs'>

const TOKEN_OPTIONS = { key: 0, clientId: 0, expiresInMs: 0, servers: 0, userData: 0 }
const DEFAULT_EXPIRY_MS = 30_000
const MAX_EXPIRY_MS = 366 * 86_400_000
/** A token of all that fits in is half as long. */
const MAX_TOKEN_CHARACTERS = 4_096

/**
 * Makes a connect token, as base64url.
 *
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`, `ERR_OPTION_UNKNOWN`
 */
export function sealedConnectToken(platform: TokenPlatform, options: ConnectTokenOptions): string {
  checkCallOptions(options, TOKEN_OPTIONS, 'createConnectToken({ key, clientId, servers })')
  const { clientId, expiresInMs = DEFAULT_EXPIRY_MS, servers, userData = '' } = options
  const key = parseKey(options.key, 'key', 'ERR_ARGUMENT_INVALID')
  requireArgument(typeof clientId === 'string' && clientId !== '', 'clientId must be a string that is not empty')
  requireArgument(
    utf8Length(clientId) <= MAX_CLIENT_ID_BYTES,
    `clientId has at most ${MAX_CLIENT_ID_BYTES} bytes of UTF-8`,
  )
  requireArgument(
    typeof expiresInMs === 'number' && expiresInMs >= 1 && expiresInMs <= MAX_EXPIRY_MS,
    `expiresInMs must be a number from 1 to ${MAX_EXPIRY_MS}`,
  )
  requireArgument(typeof userData === 'string' || userData instanceof Uint8Array, 'userData must be a string or bytes')
  const data = typeof userData === 'string' ? encodeUtf8(userData) : userData
  requireArgument(data.length <= MAX_TOKEN_DATA_BYTES, `userData has at most ${MAX_TOKEN_DATA_BYTES} bytes`)
  const token = sealConnectToken(platform.cryptography, platform.randomBytes, key, {
    clientId,
    expiresAtMs: platform.unixMs() + expiresInMs,
    servers: parseServers(servers),
    userData: data,
  })
  return encodeBase64Url(token)
}

/**
 * Reads a connect token as its client may.
 *
 * @throws UDPipeError `ERR_CONNECT_TOKEN_INVALID`
 */
export function parseConnectToken(text: unknown): ConnectToken {
  const isText = typeof text === 'string' && text.length <= MAX_TOKEN_CHARACTERS && /^[\w-]+$/.test(text)
  const bytes = isText ? decodeBase64Url(text) : undefined
  const token = bytes && decodeConnectToken(bytes)
  if (token !== undefined) return token
  throw new UDPipeError(
    'ERR_CONNECT_TOKEN_INVALID',
    'This is no connect token of this version: it must be the whole string that createConnectToken returned.',
  )
}

/**
 * Reads the keys that tokens may be sealed under: one, or a list of them with the newest first.
 *
 * @throws UDPipeError `ERR_OPTION_INVALID`
 */
export function parseKeys(value: unknown, name: string): readonly Uint8Array[] | undefined {
  if (value === undefined) return undefined
  const keys: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (keys.length < 1 || keys.length > MAX_KEYS) {
    throw new UDPipeError('ERR_OPTION_INVALID', `${name} must be a key, or a list of 1 to ${MAX_KEYS} of them.`)
  }
  return Object.freeze(keys.map((key) => parseKey(key, name, 'ERR_OPTION_INVALID')))
}

/** Every HELLO with a ticket is tried with each key. */
const MAX_KEYS = 4

function parseKey(value: unknown, name: string, code: 'ERR_OPTION_INVALID' | 'ERR_ARGUMENT_INVALID'): Uint8Array {
  const isText = typeof value === 'string' && /^[\w-]+=?$/.test(value)
  const key = isText ? decodeBase64Url(value) : value
  if (key instanceof Uint8Array && key.length === CONNECT_TOKEN_KEY_BYTES) return Uint8Array.from(key)
  // A key that is nearly right is still a secret, so the message does not repeat it.
  throw new UDPipeError(code, `${name} must be ${CONNECT_TOKEN_KEY_BYTES} random bytes, or these as base64url.`)
}

function parseServers(servers: unknown): readonly Address[] {
  const isList = Array.isArray(servers) && servers.length >= 1 && servers.length <= MAX_TOKEN_SERVERS
  requireArgument(isList, `servers must be a list of 1 to ${MAX_TOKEN_SERVERS} addresses`)
  return (servers as readonly unknown[]).map((server) => {
    const address = typeof server === 'string' ? parseServer(server) : undefined
    requireArgument(address !== undefined, `servers are numeric addresses, '192.0.2.1:1234' or '[::1]:1234'`)
    return address
  })
}

function requireArgument(isRight: boolean, what: string): asserts isRight {
  if (!isRight) throw new UDPipeError('ERR_ARGUMENT_INVALID', `createConnectToken: ${what}.`)
}
