import { formatAddress, type Address } from '../core/address.ts'
import { byteKey, copyBytes, concatenate } from '../core/bytes.ts'
import { canonicalHost } from '../core/numeric-host.ts'
import type { ConnectToken } from '../session/session.ts'
import type { Cryptography } from './crypto.ts'
import { BOX_OVERHEAD_BYTES, openBox, sealBox } from './sealed-box.ts'
import type { RandomBytes } from './security.ts'

/** The version of connect tokens and tickets that is written and read here. */
const TOKEN_VERSION = 1

/** The length of the key that a backend shares with its servers. */
export const CONNECT_TOKEN_KEY_BYTES = 32
/** The longest client id, as UTF-8. */
export const MAX_CLIENT_ID_BYTES = 64
/** The longest user data. */
export const MAX_TOKEN_DATA_BYTES = 256
/** How many servers a token may name. */
export const MAX_TOKEN_SERVERS = 16

const VERSION_BYTES = 1
const EXPIRY_BYTES = 8
const PSK_BYTES = 32
const COUNT_BYTES = 1
const DIGEST_BYTES = 8
/** How many bytes at the start of a sealed box are random and so tell a ticket from every other. */
const TICKET_ID_BYTES = 24
const TICKET_HEAD_BYTES = VERSION_BYTES + EXPIRY_BYTES

/** The longest ticket. */
export const MAX_TICKET_BYTES: number =
  TICKET_HEAD_BYTES +
  BOX_OVERHEAD_BYTES +
  (PSK_BYTES + COUNT_BYTES + MAX_CLIENT_ID_BYTES + 2 + MAX_TOKEN_DATA_BYTES) +
  (COUNT_BYTES + MAX_TOKEN_SERVERS * DIGEST_BYTES)

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const label = encoder.encode('udpipe 1 ticket\0')

/** What a backend says about a client. */
export interface ConnectTokenContent {
  /** Who it is: at most {@link MAX_CLIENT_ID_BYTES} of UTF-8. */
  readonly clientId: string
  /** Until when a server takes it, in milliseconds since 1970. */
  readonly expiresAtMs: number
  /** Where it may be used, in the order in which the client tries them: 1 to {@link MAX_TOKEN_SERVERS}. */
  readonly servers: readonly Address[]
  /** What the server's program is to know: at most {@link MAX_TOKEN_DATA_BYTES}. */
  readonly userData: Uint8Array
}

/** A ticket as a server reads it. */
export interface Ticket {
  /** Unlike that of any other ticket. */
  readonly id: string
  readonly clientId: string
  readonly userData: Uint8Array
  readonly expiresAtMs: number
  readonly psk: Uint8Array
  /** What stands for the servers that it may be used at, see {@link serverDigest}. */
  readonly servers: readonly string[]
}

/**
 * Makes a connect token: what its client may read, and the ticket for the server, in which the same is sealed under a key that the
 * client does not have.
 *
 * ```
 * token   version u8 = 1 | expiry u64 | psk (32) | servers u8 | as many times: length u8, address as ASCII | ticket
 * ticket  version u8 = 1 | expiry u64 | box
 * text    psk (32) | length u8, client id as UTF-8 | length u16, user data | servers u8 | as many digests (8)
 * ```
 *
 * The box is that of `sealed-box.ts`, with the label `udpipe 1 ticket` and a NUL, version and expiry as associated data. Its salt is
 * the ticket's id.
 */
export function sealConnectToken(
  crypto: Cryptography,
  randomBytes: RandomBytes,
  key: Uint8Array,
  { clientId, expiresAtMs, servers, userData }: ConnectTokenContent,
): Uint8Array {
  const psk = randomBytes(PSK_BYTES)
  const head = concatenate(Uint8Array.of(TOKEN_VERSION), encodeTime(expiresAtMs))
  const id = encoder.encode(clientId)
  const digests = servers.map((server) => crypto.sha256(encodeServer(server)).subarray(0, DIGEST_BYTES))
  const text = concatenate(
    psk,
    Uint8Array.of(id.length),
    id,
    Uint8Array.of(userData.length >>> 8, userData.length & 0xff),
    userData,
    Uint8Array.of(servers.length),
    ...digests,
  )
  const box = sealBox(crypto, randomBytes, key, concatenate(label, head), text)
  const names = servers.map(encodeServer).flatMap((name) => [Uint8Array.of(name.length), name])
  return concatenate(head, psk, Uint8Array.of(servers.length), ...names, head, box)
}

/** Reads what a client may read of a token; `undefined` when it is none. Keeps no view of it. */
export function decodeConnectToken(bytes: Uint8Array): ConnectToken | undefined {
  const own = copyBytes(bytes)
  const namesStart = TICKET_HEAD_BYTES + PSK_BYTES + COUNT_BYTES
  if (own.length < namesStart || own[0] !== TOKEN_VERSION) return undefined
  const count = own[namesStart - 1] ?? 0
  const servers: Address[] = []
  let offset = namesStart
  for (let i = 0; i < count; i += 1) {
    const end = offset + 1 + (own[offset] ?? 0)
    const server = end > own.length ? undefined : parseServer(String.fromCharCode(...own.subarray(offset + 1, end)))
    if (server === undefined) return undefined
    servers.push(server)
    offset = end
  }
  const ticket = own.subarray(offset)
  if (count === 0 || count > MAX_TOKEN_SERVERS || !isTicket(ticket)) return undefined
  return {
    expiresAtMs: decodeTime(own, VERSION_BYTES),
    servers,
    psk: own.subarray(TICKET_HEAD_BYTES, TICKET_HEAD_BYTES + PSK_BYTES),
    ticket,
  }
}

/** Opens a ticket; `undefined` when it was not sealed under this key. Never throws. */
export function openTicket(crypto: Cryptography, key: Uint8Array, ticket: Uint8Array): Ticket | undefined {
  if (!isTicket(ticket)) return undefined
  const head = ticket.subarray(0, TICKET_HEAD_BYTES)
  const box = ticket.subarray(TICKET_HEAD_BYTES)
  const text = openBox(crypto, key, concatenate(label, head), box)
  // What opens was written by `sealConnectToken`, or by somebody else who has the key and may have got it wrong.
  const content = text && decodeTicketText(text)
  if (content === undefined) return undefined
  return {
    ...content,
    id: byteKey(box.subarray(0, TICKET_ID_BYTES)),
    expiresAtMs: decodeTime(head, VERSION_BYTES),
  }
}

/** What stands for a server in a ticket: the first 8 bytes of the SHA-256 of its address, written as `1.2.3.4:5` or `[::1]:5`. */
export function serverDigest(crypto: Cryptography, server: Address): string {
  return byteKey(crypto.sha256(encodeServer(server)).subarray(0, DIGEST_BYTES))
}

/** Reads `1.2.3.4:5` or `[::1]:5`; `undefined` when it is no numeric address with a port. */
export function parseServer(text: string): Address | undefined {
  const [, ipv6, ipv4, digits = ''] = /^(?:\[([^\]]*:[^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? []
  const host = canonicalHost(ipv6 ?? ipv4 ?? '')
  const port = Number(digits)
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port }
}

function isTicket(bytes: Uint8Array): boolean {
  const isLength = bytes.length >= TICKET_HEAD_BYTES + BOX_OVERHEAD_BYTES && bytes.length <= MAX_TICKET_BYTES
  return isLength && bytes[0] === TOKEN_VERSION
}

function decodeTicketText(text: Uint8Array): Omit<Ticket, 'id' | 'expiresAtMs'> | undefined {
  const idStart = PSK_BYTES + COUNT_BYTES
  const idEnd = idStart + (text[PSK_BYTES] ?? 0)
  const dataStart = idEnd + 2
  const dataEnd = dataStart + (((text[idEnd] ?? 0) << 8) | (text[idEnd + 1] ?? 0))
  const digestsStart = dataEnd + COUNT_BYTES
  if (text.length !== digestsStart + (text[dataEnd] ?? 0) * DIGEST_BYTES) return undefined
  const servers: string[] = []
  for (let offset = digestsStart; offset < text.length; offset += DIGEST_BYTES) {
    servers.push(byteKey(text.subarray(offset, offset + DIGEST_BYTES)))
  }
  const clientId = decodeText(text.subarray(idStart, idEnd))
  if (clientId === undefined) return undefined
  return { clientId, userData: text.slice(dataStart, dataEnd), psk: text.slice(0, PSK_BYTES), servers }
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

function encodeServer(server: Address): Uint8Array {
  return encoder.encode(formatAddress(server))
}

function encodeTime(timeMs: number): Uint8Array {
  const bytes = new Uint8Array(EXPIRY_BYTES)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(Math.round(timeMs)))
  return bytes
}

function decodeTime(bytes: Uint8Array, offset: number): number {
  return Number(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(offset))
}
