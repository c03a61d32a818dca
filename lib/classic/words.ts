import type { Address } from '../core/address.ts'
import { canonicalHost } from '../core/numeric-host.ts'
import { encodeToken } from '../session/token.ts'

const encoder = new TextEncoder()
/** A byte order mark is kept, so that it spoils what it stands before: each CONNECT has one encoding. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** A word that is a whole datagram. HELLO and CONNECT also come with arguments: `HELLO token`, `CONNECT IP PORT`. */
export type Word = 'HELLO' | 'CONNECT' | 'CONNECTED' | 'GO AWAY!' | 'PING' | 'PONG' | 'CLOSE' | 'CLOSED'

const encodings: Readonly<Record<Word, Uint8Array>> = {
  HELLO: encoder.encode('HELLO'),
  CONNECT: encoder.encode('CONNECT'),
  CONNECTED: encoder.encode('CONNECTED'),
  'GO AWAY!': encoder.encode('GO AWAY!'),
  PING: encoder.encode('PING'),
  PONG: encoder.encode('PONG'),
  CLOSE: encoder.encode('CLOSE'),
  CLOSED: encoder.encode('CLOSED'),
}

const words = Object.keys(encodings) as Word[]
const longestWord = Math.max(...words.map((word) => word.length))
const wordsByLength: readonly (readonly Word[])[] = Array.from({ length: longestWord + 1 }, (_, length) =>
  words.filter((word) => word.length === length),
)

const HELLO_PREFIX = encoder.encode('HELLO ')
const CONNECT_PREFIX = encoder.encode('CONNECT ')
const EMPTY_TOKEN = new Uint8Array(0)

/** The longest host is an IPv6 address of eight groups of four digits, the longest port has five. */
const MAX_CONNECT_BYTES = CONNECT_PREFIX.length + 39 + 1 + 5

/** The datagram that is this word; the bytes are shared and must not be changed. */
export function encodeWord(word: Word): Uint8Array {
  return encodings[word]
}

/** The word that a datagram is, exactly; `undefined` when it is none. A datagram of data costs one look at its length. */
export function decodeWord(bytes: Uint8Array): Word | undefined {
  const candidates = wordsByLength[bytes.length]
  if (candidates === undefined) return undefined
  for (const word of candidates) {
    if (isPrefix(encodeWord(word), bytes)) return word
  }
  return undefined
}

/** Whether a message would be taken for one of the protocol's own words, and so cannot be sent. */
export function isReservedWord(message: Uint8Array): boolean {
  return decodeWord(message) !== undefined
}

/**
 * `HELLO token`; with the empty token `HELLO ` and the space.
 *
 * @throws RangeError when the token is not one that `isToken` accepts
 */
export function encodeHello(token: string): Uint8Array {
  const tokenBytes = encodeToken(token)
  const hello = new Uint8Array(HELLO_PREFIX.length + tokenBytes.length)
  hello.set(HELLO_PREFIX)
  hello.set(tokenBytes, HELLO_PREFIX.length)
  return hello
}

/**
 * The token that a HELLO carries, as a view, whatever its bytes are: `undefined` when the datagram is no HELLO.
 * A bare `HELLO` carries the empty token.
 */
export function decodeHello(bytes: Uint8Array): Uint8Array | undefined {
  if (isPrefix(HELLO_PREFIX, bytes)) return bytes.subarray(HELLO_PREFIX.length)
  return decodeWord(bytes) === 'HELLO' ? EMPTY_TOKEN : undefined
}

/**
 * `CONNECT IP PORT`.
 *
 * @throws RangeError when the host is not a numeric address without a zone, or the port not one of 1 to 65535
 */
export function encodeConnect({ host, port }: Address): Uint8Array {
  const canonical = canonicalHost(host)
  if (canonical === undefined) throw new RangeError(`CONNECT names a numeric IPv4 or IPv6 address; this is '${host}'.`)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new RangeError(`CONNECT names a port from 1 to 65535; this is ${port}.`)
  }
  return encoder.encode(`CONNECT ${canonical} ${port}`)
}

/** The address that `CONNECT IP PORT` names; `undefined` when the datagram is none, or written in any but the one way. */
export function decodeConnect(bytes: Uint8Array): Address | undefined {
  if (bytes.length > MAX_CONNECT_BYTES || !isPrefix(CONNECT_PREFIX, bytes)) return undefined
  const [, host, digits] = ARGUMENTS.exec(decoder.decode(bytes.subarray(CONNECT_PREFIX.length))) ?? []
  if (host === undefined || canonicalHost(host) !== host) return undefined
  const port = Number(digits)
  return port <= 65_535 ? { host, port } : undefined
}

const ARGUMENTS = /^([\da-f.:]+) ([1-9]\d{0,4})$/

/** A datagram as one reads it in a log: its word, or `data`; a token is masked. */
export function describeClassic(bytes: Uint8Array): string {
  const word = decodeWord(bytes)
  if (word !== undefined) return word
  const token = decodeHello(bytes)
  if (token !== undefined) return token.length === 0 ? 'HELLO' : 'HELLO ****'
  const address = decodeConnect(bytes)
  return address === undefined ? 'data' : `CONNECT ${address.host} ${address.port}`
}

function isPrefix(prefix: Uint8Array, bytes: Uint8Array): boolean {
  if (bytes.length < prefix.length) return false
  for (let i = 0; i < prefix.length; i += 1) {
    if (bytes[i] !== prefix[i]) return false
  }
  return true
}
