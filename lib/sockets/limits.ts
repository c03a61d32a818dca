import { validateHeaderName, validateHeaderValue } from 'node:http'
import { createSecureContext, type SecureVersion } from 'node:tls'
import { flag, integer, invalid, number, record, type Parser } from '../options/kinds.ts'
import { UDPipeError } from './errors.ts'

export { flag, integer, invalid, number, optional, record, text, type Parser } from '../options/kinds.ts'

/** The longest time that an option takes. */
export const DAY_MS = 86_400_000
const MiB = 1024 * 1024

/** The pieces that a message may come in. Each costs memory, so that many small ones would pass by the limit on bytes. */
export const MAX_FRAGMENTS = 131_072

/** What bounds one connection, of either side. */
export interface ConnectionLimits {
  /** How long the opening may take, milliseconds. Default 10,000. */
  readonly handshakeTimeoutMs: number
  /** How long the other end may take to answer a close frame, milliseconds. Default 5,000. */
  readonly closeTimeoutMs: number
  /** The largest message that is received, after inflating, bytes. Default 16 MiB; over it the connection ends with 1009. */
  readonly maxMessageBytes: number
  /** What may be sent and not yet taken by the system, bytes. Default 4 MiB. One message always fits an empty queue. */
  readonly maxQueuedBytes: number
  /** What may have arrived and not been received, bytes. Default 4 MiB; at this mark reading pauses, below half of it it goes on. */
  readonly maxInboxBytes: number
  /** The same in messages. Default 8,192. */
  readonly maxInboxMessages: number
  /** Whether messages of 1,024 bytes and more are compressed where the other end agrees. Default false: it costs memory and time. */
  readonly perMessageDeflate: boolean
  /** How long it may be quiet before the other end is asked for a sign of life, milliseconds. Default 0: never asked. */
  readonly pingIntervalMs: number
  /** How long it may take to give one, milliseconds. Default 10,000. */
  readonly pongTimeoutMs: number
  /** After how much quiet TCP asks by itself, milliseconds. Default 30,000; 0 turns it off. */
  readonly tcpKeepAliveMs: number
}

/** What TLS needs to know at a client, as `node:tls` has it. */
export interface ClientTls {
  /** Certificates of authorities, PEM: to be given for a certificate that no public authority signed. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[]
  /** The client's own certificate and key, PEM, where the server asks for one. */
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  readonly passphrase?: string
  /** The name that the certificate must be for; the URL's host by default. */
  readonly servername?: string
  /** Whether a certificate that does not prove the server refuses it. Default true; false is for tests: anybody can stand between. */
  readonly rejectUnauthorized?: boolean
  readonly minVersion?: SecureVersion
}

/** What TLS needs to know at a server, as `node:tls` has it. */
export interface ServerTls extends Omit<ClientTls, 'servername'> {
  /** Key and certificate in one, instead of both. */
  readonly pfx?: string | Buffer
  /** Whether clients are asked for a certificate. Default false. */
  readonly requestCert?: boolean
}

/** Parsers of {@link ConnectionLimits}. */
export const connectionParsers: { readonly [Name in keyof ConnectionLimits]: Parser<ConnectionLimits[Name]> } = {
  handshakeTimeoutMs: number(1, DAY_MS, 10_000),
  closeTimeoutMs: number(1, DAY_MS, 5_000),
  // Below what a string can hold: what comes must never throw.
  maxMessageBytes: integer(1, 256 * MiB, 16 * MiB),
  maxQueuedBytes: integer(1, 1024 * MiB, 4 * MiB),
  maxInboxBytes: integer(1, 1024 * MiB, 4 * MiB),
  maxInboxMessages: integer(1, 1_000_000, 8_192),
  perMessageDeflate: flag(false),
  pingIntervalMs: number(0, DAY_MS, 0),
  pongTimeoutMs: number(1, DAY_MS, 10_000),
  tcpKeepAliveMs: number(0, DAY_MS, 30_000),
}

/** Headers that the opening of a WebSocket sets by itself, or that make no sense there: nobody else may. */
const reservedHeaders: ReadonlySet<string> = new Set([
  'connection',
  'upgrade',
  'host',
  'content-length',
  'transfer-encoding',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-protocol',
])

/**
 * Checks every field of `input` and fills in what is missing.
 *
 * @param what what the fields are of: 'client', 'listen'
 * @throws UDPipeError `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID`
 */
export function parseFields<T extends object>(
  input: unknown,
  parsers: { readonly [Name in keyof T]: Parser<T[Name]> },
  what: string,
): T {
  if (typeof input !== 'object' || input === null) throw invalid(`the argument of ${what}`, 'an object', input)
  const unknown = Object.keys(input).find((name) => !Object.hasOwn(parsers, name))
  if (unknown !== undefined) {
    const known = Object.keys(parsers).join(', ')
    throw new UDPipeError('ERR_OPTION_UNKNOWN', `${what} has no option '${unknown}'; the options are ${known}.`)
  }
  const parsed: Partial<T> = {}
  for (const name of Object.keys(parsers) as (keyof T & string)[]) {
    parsed[name] = parsers[name]((input as Record<string, unknown>)[name], name)
  }
  return Object.freeze(parsed) as T
}

/** Headers that go with a handshake: names without case, one value each. */
export function headers(value: unknown = {}, name: string): Readonly<Record<string, string>> {
  const parsed: Record<string, string> = {}
  for (const [key, entry] of Object.entries(record(value, name))) {
    const field = key.toLowerCase()
    if (reservedHeaders.has(field)) {
      throw new UDPipeError('ERR_OPTION_INVALID', `${name} may not set '${key}': the handshake does, by itself.`)
    }
    parsed[field] = headerValue(entry, `${name}['${key}']`, key)
  }
  return Object.freeze(parsed)
}

/** One value of a header. */
export function headerValue(value: unknown, name: string, field: string): string {
  if (typeof value !== 'string') throw invalid(name, 'a string', value)
  try {
    validateHeaderName(field)
    validateHeaderValue(field, value)
  } catch (cause) {
    throw new UDPipeError('ERR_OPTION_INVALID', `${name} is no header: ${(cause as Error).message}.`, { cause })
  }
  return value
}

/** What a client tells TLS. */
export function clientTls(value: unknown, name: string): ClientTls | undefined {
  if (value === undefined) return undefined
  const given = record(value, name, clientTlsFields) as ClientTls
  if (given.rejectUnauthorized !== undefined) flag(true)(given.rejectUnauthorized, `${name}.rejectUnauthorized`)
  if (given.servername !== undefined && typeof given.servername !== 'string') {
    throw invalid(`${name}.servername`, 'a string', given.servername)
  }
  checkSecureContext(given, name)
  return Object.freeze(withoutUndefined(given))
}

/** What a server tells TLS: at least who it is. */
export function serverTls(value: unknown, name: string): ServerTls | undefined {
  if (value === undefined) return undefined
  const given = record(value, name, serverTlsFields) as ServerTls
  if (given.pfx === undefined && (given.key === undefined || given.cert === undefined)) {
    throw new UDPipeError('ERR_OPTION_INVALID', `${name} needs key and cert, or pfx: without them nobody can connect.`)
  }
  checkSecureContext(given, name)
  return Object.freeze(withoutUndefined(given))
}

const clientTlsFields: Record<keyof ClientTls, undefined> = {
  ca: undefined,
  cert: undefined,
  key: undefined,
  passphrase: undefined,
  servername: undefined,
  rejectUnauthorized: undefined,
  minVersion: undefined,
}

const serverTlsFields: Record<keyof ServerTls, undefined> = {
  ca: undefined,
  cert: undefined,
  key: undefined,
  passphrase: undefined,
  pfx: undefined,
  requestCert: undefined,
  rejectUnauthorized: undefined,
  minVersion: undefined,
}

/** What OpenSSL cannot read is found now, not by the first connection. */
function checkSecureContext(tls: ServerTls, name: string): void {
  const { ca, cert, key, passphrase, pfx, minVersion } = tls
  try {
    createSecureContext(withoutUndefined({ ca, cert, key, passphrase, pfx, minVersion }) as object)
  } catch (cause) {
    throw new UDPipeError('ERR_OPTION_INVALID', `${name} cannot be used: ${(cause as Error).message}`, { cause })
  }
}

function withoutUndefined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}
