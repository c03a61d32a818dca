import { crc32 } from '../../security/crc32.ts'
import { HELLO_ID_BYTES } from '../../security/security.ts'
import { FINAL_FLAG, MAX_REASON_BYTES } from './frame.ts'
import { isPacket } from './packet.ts'

/** The version of the protocol that this library speaks: the byte behind the NUL of each handshake datagram. */
export const PROTOCOL_VERSION = 1

/** A shorter HELLO is dropped, so that no answer is larger than what it answers. */
export const MIN_HELLO_BYTES = 512

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const helloWord = encoder.encode('HELLO\0')
const retryWord = encoder.encode('RETRY\0')
const goAwayWord = encoder.encode('GO AWAY!\0')
/** What both kinds of CONNECT begin with. */
const connectHead = encoder.encode(`CONNECT\0${String.fromCharCode(PROTOCOL_VERSION)}`)

const LENGTH_BYTES = 2
const COOKIE_LENGTH_BYTES = 1
const CODE_BYTES = 2
const SECURITY_BYTES = 1
const FLAGS_BYTES = 1
const HELLO_HEAD_BYTES = helloWord.length + 1 + LENGTH_BYTES
const CONNECT_HEAD_BYTES = connectHead.length + LENGTH_BYTES
const RETRY_HEAD_BYTES = retryWord.length + 1 + HELLO_ID_BYTES
const GO_AWAY_HEAD_BYTES = goAwayWord.length + 1 + HELLO_ID_BYTES + FLAGS_BYTES + CODE_BYTES
const CLIENT_CONNECT_HEAD_BYTES = connectHead.length + HELLO_ID_BYTES

/** What precedes the packet in a server's CONNECTED. */
export const connectedPrefix: Uint8Array = encoder.encode(`CONNECTED\0${String.fromCharCode(PROTOCOL_VERSION)}`)

/** The longest cookie that a client gives back. */
export const MAX_COOKIE_BYTES = 32

/** How many bytes HELLO is at least longer than its message 1 and its ticket, with room for every cookie. */
export const HELLO_OVERHEAD_BYTES: number =
  HELLO_HEAD_BYTES + SECURITY_BYTES + LENGTH_BYTES + COOKIE_LENGTH_BYTES + MAX_COOKIE_BYTES

/** What a HELLO without one has for a ticket or a cookie. */
export const NOTHING: Uint8Array = new Uint8Array(0)

/** A HELLO of any version: what stands at the same place in all of them. */
export interface Hello {
  readonly version: number
  /** What tells it from every other HELLO. */
  readonly id: Uint8Array
  /** What else is in it; `undefined` in another version than ours, whose insides nobody here knows. */
  readonly content: HelloContent | undefined
}

/** What a HELLO of our version carries. */
export interface HelloContent {
  /** Message 1 of the handshake. */
  readonly message: Uint8Array
  /** The kind of security that it is a message of. */
  readonly security: number
  /** A sealed connect token; empty for none. */
  readonly ticket: Uint8Array
  /** What RETRY asked to be given back; empty for none. */
  readonly cookie: Uint8Array
}

/** A RETRY. */
export interface Retry {
  /** The {@link helloEcho} of the HELLO that is to be said again. */
  readonly echo: Uint8Array
  /** What it is to be said again with. */
  readonly cookie: Uint8Array
}

/** A GO AWAY! of any version. */
export interface GoAway {
  /** The {@link helloEcho} of the HELLO that it answers. */
  readonly echo: Uint8Array
  readonly code: number
  readonly reason: string
  /** Whether the client is not to dial again. */
  readonly isFinal: boolean
}

/** What tells a HELLO of ours from every other, as a view. */
export function helloId(hello: Uint8Array): Uint8Array {
  return hello.subarray(HELLO_HEAD_BYTES, HELLO_HEAD_BYTES + HELLO_ID_BYTES)
}

/**
 * What RETRY and GO AWAY! say of the HELLO that they answer: its id, the last 4 bytes of which are XORed with the CRC-32 of the
 * whole datagram, most significant byte first. So a client does not believe what was said of a HELLO that was changed on its
 * way. On its own way an echo is XORed with the CRC-32 of all that follows it as well, for the same reason.
 */
export function helloEcho(hello: Uint8Array): Uint8Array {
  return mixed(helloId(hello), crc32(hello, hello.length))
}

/** Whether a datagram begins like a HELLO of this protocol, in whichever version. */
export function isHello(bytes: Uint8Array): boolean {
  return startsWith(bytes, helloWord)
}

/**
 * Writes HELLO into the whole of `datagram`, whose length is the padding. `writeMessage` puts message 1 where it is told and
 * returns its length; `security` is the kind that it is of. There is to be room for all of it, see {@link HELLO_OVERHEAD_BYTES}.
 */
export function encodeHello(
  datagram: Uint8Array,
  security: number,
  writeMessage: (into: Uint8Array) => number,
  ticket: Uint8Array = NOTHING,
): void {
  datagram.set(helloWord, 0)
  datagram[helloWord.length] = PROTOCOL_VERSION
  const length = writeMessage(datagram.subarray(HELLO_HEAD_BYTES))
  writeUint16(datagram, helloWord.length + 1, length)
  const ticketOffset = HELLO_HEAD_BYTES + length + SECURITY_BYTES
  datagram[HELLO_HEAD_BYTES + length] = security
  writeUint16(datagram, ticketOffset, ticket.length)
  datagram.set(ticket, ticketOffset + LENGTH_BYTES)
  datagram.fill(0, ticketOffset + LENGTH_BYTES + ticket.length)
}

/** Puts a cookie of at most {@link MAX_COOKIE_BYTES} into a HELLO that was written here, in place of the one that was there. */
export function setCookie(hello: Uint8Array, cookie: Uint8Array): void {
  const ticketOffset = HELLO_HEAD_BYTES + readUint16(hello, helloWord.length + 1) + SECURITY_BYTES
  const cookieOffset = ticketOffset + LENGTH_BYTES + readUint16(hello, ticketOffset)
  hello[cookieOffset] = cookie.length
  hello.fill(0, cookieOffset + COOKIE_LENGTH_BYTES)
  hello.set(cookie, cookieOffset + COOKIE_LENGTH_BYTES)
}

/** Reads a HELLO; `undefined` when it is none, too short, or not padded with zeros. The results are views. */
export function decodeHello(bytes: Uint8Array): Hello | undefined {
  if (bytes.length < MIN_HELLO_BYTES || !startsWith(bytes, helloWord)) return undefined
  const version = bytes[helloWord.length] ?? 0
  const id = helloId(bytes)
  if (version !== PROTOCOL_VERSION) return { version, id, content: undefined }
  const content = decodeHelloContent(bytes)
  return content && { version, id, content }
}

/** RETRY to a HELLO, which is to be said again with the cookie. */
export function encodeRetry(hello: Uint8Array, cookie: Uint8Array): Uint8Array {
  const datagram = new Uint8Array(RETRY_HEAD_BYTES + cookie.length)
  datagram.set(retryWord, 0)
  datagram[retryWord.length] = PROTOCOL_VERSION
  datagram.set(cookie, RETRY_HEAD_BYTES)
  setEcho(datagram, retryWord.length + 1, helloEcho(hello))
  return datagram
}

/** Reads a RETRY, its cookie as a view; `undefined` when it is none of our version, or its cookie empty or longer than any. */
export function decodeRetry(bytes: Uint8Array): Retry | undefined {
  if (!startsWith(bytes, retryWord) || bytes[retryWord.length] !== PROTOCOL_VERSION) return undefined
  if (bytes.length <= RETRY_HEAD_BYTES || bytes.length > RETRY_HEAD_BYTES + MAX_COOKIE_BYTES) return undefined
  return { echo: echoOf(bytes, retryWord.length + 1), cookie: bytes.subarray(RETRY_HEAD_BYTES) }
}

/** The front door's CONNECT, which carries message 2. `maxMessageBytes` is the room to make for it. */
export function encodeConnect(maxMessageBytes: number, writeMessage: (into: Uint8Array) => number): Uint8Array {
  const datagram = new Uint8Array(CONNECT_HEAD_BYTES + maxMessageBytes)
  datagram.set(connectHead, 0)
  const length = writeMessage(datagram.subarray(CONNECT_HEAD_BYTES))
  writeUint16(datagram, connectHead.length, length)
  return datagram.subarray(0, CONNECT_HEAD_BYTES + length)
}

/** Reads message 2 out of a front door's CONNECT, as a view; `undefined` when it is not one of our version. */
export function decodeConnect(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < CONNECT_HEAD_BYTES || !startsWith(bytes, connectHead)) return undefined
  const length = readUint16(bytes, connectHead.length)
  return bytes.length === CONNECT_HEAD_BYTES + length ? bytes.subarray(CONNECT_HEAD_BYTES) : undefined
}

/** GO AWAY! to the HELLO of that {@link helloEcho}; for good, if `isFinal`. A reason that is too long is cut between two characters. */
export function encodeGoAway(echo: Uint8Array, code: number, reason: string, isFinal = false): Uint8Array {
  const text = encodeReason(reason)
  const datagram = new Uint8Array(GO_AWAY_HEAD_BYTES + text.length)
  datagram.set(goAwayWord, 0)
  datagram[goAwayWord.length] = PROTOCOL_VERSION
  datagram[GO_AWAY_HEAD_BYTES - CODE_BYTES - FLAGS_BYTES] = isFinal ? FINAL_FLAG : 0
  writeUint16(datagram, GO_AWAY_HEAD_BYTES - CODE_BYTES, code)
  datagram.set(text, GO_AWAY_HEAD_BYTES)
  setEcho(datagram, goAwayWord.length + 1, echo)
  return datagram
}

/** Reads a GO AWAY!, which is the same in every version; `undefined` when it is none. */
export function decodeGoAway(bytes: Uint8Array): GoAway | undefined {
  if (!startsWith(bytes, goAwayWord)) return undefined
  if (bytes.length < GO_AWAY_HEAD_BYTES || bytes.length > GO_AWAY_HEAD_BYTES + MAX_REASON_BYTES) return undefined
  return {
    echo: echoOf(bytes, goAwayWord.length + 1),
    code: readUint16(bytes, GO_AWAY_HEAD_BYTES - CODE_BYTES),
    reason: decoder.decode(bytes.subarray(GO_AWAY_HEAD_BYTES)),
    // Another version may have a use for the other bits.
    isFinal: ((bytes[GO_AWAY_HEAD_BYTES - CODE_BYTES - FLAGS_BYTES] ?? 0) & FINAL_FLAG) !== 0,
  }
}

/** As much of a reason as fits in GO AWAY! and in CLOSE, cut between two characters. */
export function cutReason(reason: string): string {
  return decoder.decode(encodeReason(reason))
}

/**
 * Checks the code of a GO AWAY! or a CLOSE.
 *
 * @throws RangeError when it is not a whole number from 0 to 65535
 */
export function requireCode(code: number): void {
  if (!Number.isInteger(code) || code < 0 || code > 0xffff) {
    throw new RangeError(`A code is a whole number from 0 to 65535; this is ${code}.`)
  }
}

/** What precedes the packet in the CONNECT of a client whose HELLO has this id. */
export function encodeConnectPrefix(id: Uint8Array): Uint8Array {
  const prefix = new Uint8Array(CLIENT_CONNECT_HEAD_BYTES)
  prefix.set(connectHead, 0)
  prefix.set(id, connectHead.length)
  return prefix
}

/** The id of the HELLO that a client's CONNECT follows from, as a view; `undefined` when it is not one of our version. */
export function idOfConnect(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length <= CLIENT_CONNECT_HEAD_BYTES || !startsWith(bytes, connectHead)) return undefined
  return bytes.subarray(connectHead.length, CLIENT_CONNECT_HEAD_BYTES)
}

/** The packet behind a client's CONNECT, as a view; `undefined` when there is none of our version. */
export function packetOfConnect(bytes: Uint8Array): Uint8Array | undefined {
  return packetBehind(bytes, connectHead, CLIENT_CONNECT_HEAD_BYTES)
}

/** The packet behind a server's CONNECTED, as a view; `undefined` when there is none of our version. */
export function packetOfConnected(bytes: Uint8Array): Uint8Array | undefined {
  return packetBehind(bytes, connectedPrefix, connectedPrefix.length)
}

function decodeHelloContent(bytes: Uint8Array): HelloContent | undefined {
  const messageEnd = HELLO_HEAD_BYTES + readUint16(bytes, helloWord.length + 1)
  const ticketStart = messageEnd + SECURITY_BYTES + LENGTH_BYTES
  if (messageEnd < HELLO_HEAD_BYTES + HELLO_ID_BYTES || ticketStart > bytes.length) return undefined
  const ticketEnd = ticketStart + readUint16(bytes, messageEnd + SECURITY_BYTES)
  const cookieStart = ticketEnd + COOKIE_LENGTH_BYTES
  if (cookieStart > bytes.length) return undefined
  const cookieEnd = cookieStart + (bytes[ticketEnd] ?? 0)
  if (cookieEnd > bytes.length) return undefined
  for (let i = cookieEnd; i < bytes.length; i += 1) if (bytes[i] !== 0) return undefined
  return {
    message: bytes.subarray(HELLO_HEAD_BYTES, messageEnd),
    security: bytes[messageEnd] ?? 0,
    ticket: bytes.subarray(ticketStart, ticketEnd),
    cookie: bytes.subarray(cookieStart, cookieEnd),
  }
}

/** Writes an echo, XORed with the checksum of all that follows it in the datagram. */
function setEcho(datagram: Uint8Array, offset: number, echo: Uint8Array): void {
  datagram.set(mixed(echo, checksumBehindEcho(datagram, offset)), offset)
}

/** The echo that was written by {@link setEcho}; another one when anything behind it was changed. */
function echoOf(datagram: Uint8Array, offset: number): Uint8Array {
  return mixed(datagram.subarray(offset, offset + HELLO_ID_BYTES), checksumBehindEcho(datagram, offset))
}

function checksumBehindEcho(datagram: Uint8Array, offset: number): number {
  const content = datagram.subarray(offset + HELLO_ID_BYTES)
  return crc32(content, content.length)
}

/** As many bytes as a HELLO's id has, the last 4 of which are XORed with a checksum, as a copy. */
function mixed(echo: Uint8Array, checksum: number): Uint8Array {
  const copy = new Uint8Array(echo)
  const view = new DataView(copy.buffer)
  const offset = HELLO_ID_BYTES - 4
  view.setUint32(offset, (view.getUint32(offset) ^ checksum) >>> 0)
  return copy
}

function packetBehind(bytes: Uint8Array, head: Uint8Array, offset: number): Uint8Array | undefined {
  if (!startsWith(bytes, head)) return undefined
  const packet = bytes.subarray(offset)
  return isPacket(packet) ? packet : undefined
}

/** A reason as UTF-8, at most {@link MAX_REASON_BYTES} of it, cut between two characters. */
function encodeReason(reason: string): Uint8Array {
  const buffer = new Uint8Array(MAX_REASON_BYTES)
  return buffer.subarray(0, encoder.encodeInto(reason, buffer).written)
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  if (bytes.length < prefix.length) return false
  for (let i = 0; i < prefix.length; i += 1) if (bytes[i] !== prefix[i]) return false
  return true
}

function readUint16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0)
}

function writeUint16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 8
  bytes[offset + 1] = value & 0xff
}
