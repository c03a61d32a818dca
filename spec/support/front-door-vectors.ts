import type { Cryptography } from '../../lib/security/crypto.ts'
import { decodeConnectToken, openTicket, sealConnectToken, serverDigest } from '../../lib/security/connect-token.ts'
import { hmac } from '../../lib/security/hmac.ts'
import { RETRY_COOKIE_BYTES, RetryCookies } from '../../lib/security/retry-cookie.ts'
import type { Address } from '../../lib/core/address.ts'
import { nodeCryptography } from '../../lib/node/node-crypto.ts'
import { fromHex, toHex } from './packet-description.ts'

/** A connect token, every byte of which is known. Bytes are hexadecimal. */
export interface GoldenToken {
  readonly name: string
  /** The key that backend and servers share. */
  readonly key: string
  /** The random bytes that it takes, in their order: the psk, and the salt of the ticket. */
  readonly random: readonly [psk: string, salt: string]
  readonly clientId: string
  readonly expiresAtMs: number
  readonly servers: readonly Address[]
  readonly userData: string
  readonly token: string
  /** The end of the token, which goes into HELLO. */
  readonly ticket: string
}

/** A retry cookie, every byte of which is known. Bytes are hexadecimal. */
export interface GoldenCookie {
  readonly name: string
  /** The server's secret. */
  readonly secret: string
  /** The server's clock, in milliseconds. */
  readonly now: number
  readonly source: Address
  readonly helloId: string
  readonly cookie: string
}

/** Makes a token anew, and returns it with the bytes as they came out. Throws where client or server reads something else. */
export function playToken(crypto: Cryptography, golden: GoldenToken): GoldenToken {
  const { key, clientId, expiresAtMs, servers, userData } = golden
  const random = [...golden.random]
  const randomBytes = (): Uint8Array => fromHex(random.shift() ?? '')
  const content = { clientId, expiresAtMs, servers, userData: fromHex(userData) }
  const bytes = sealConnectToken(crypto, randomBytes, fromHex(key), content)
  const token = decodeConnectToken(bytes)
  if (token === undefined || toHex(token.psk) !== golden.random[0]) throw new Error('the token was not read')
  const ticket = openTicket(crypto, fromHex(key), token.ticket)
  const digests = servers.map((server) => serverDigest(crypto, server))
  const isRead =
    ticket?.clientId === clientId &&
    ticket.expiresAtMs === expiresAtMs &&
    toHex(ticket.userData) === userData &&
    toHex(ticket.psk) === golden.random[0] &&
    ticket.servers.join() === digests.join()
  if (!isRead) throw new Error('the ticket was not read')
  return { ...golden, token: toHex(bytes), ticket: toHex(token.ticket) }
}

/** Makes a cookie anew, by the library and once more by the words of the protocol's description. Throws where these differ. */
export function playCookie(crypto: Cryptography, golden: GoldenCookie): GoldenCookie {
  const { now, source, helloId } = golden
  const cookies = new RetryCookies(() => fromHex(golden.secret))
  const cookie = cookies.create(now, source, fromHex(helloId))
  if (!cookies.isValid(now + 9_000, cookie, source, fromHex(helloId))) throw new Error('the cookie is not good')
  const time = Math.floor(now / 100) % 65_536
  const label = new TextEncoder().encode('udpipe 1 cookie\0')
  const head = Uint8Array.of(time >> 8, time, source.port >> 8, source.port)
  const code = hmac(
    crypto,
    fromHex(golden.secret),
    label,
    head,
    fromHex(helloId),
    new TextEncoder().encode(source.host),
  )
  const expected = Uint8Array.of(time >> 8, time, ...code).slice(0, RETRY_COOKIE_BYTES)
  if (toHex(expected) !== toHex(cookie)) throw new Error('the cookie is not what the description says')
  return { ...golden, cookie: toHex(cookie) }
}

/** The tokens of this library, with keys that are easy to type. */
export function goldenTokens(): GoldenToken[] {
  const least = {
    name: 'the least that there is',
    key: counting(0x00, 32),
    random: [counting(0x20, 32), counting(0x40, 24)] as const,
    clientId: 'a',
    expiresAtMs: 0,
    servers: [{ host: '192.0.2.1', port: 1 }],
    userData: '',
    token: '',
    ticket: '',
  }
  const tokens: GoldenToken[] = [
    least,
    {
      ...least,
      name: 'two servers, a name beyond ASCII, user data',
      clientId: 'Ada ♥',
      expiresAtMs: 1_800_000_000_123,
      servers: [
        { host: '192.0.2.1', port: 1_234 },
        { host: '2001:db8::1', port: 65_535 },
      ],
      userData: '000102ff',
    },
    {
      ...least,
      name: 'the most that there is',
      clientId: 'x'.repeat(64),
      expiresAtMs: 8_640_000_000_000_000,
      servers: Array.from({ length: 16 }, (_, i) => ({ host: `2001:db8::${(i + 1).toString(16)}`, port: 60_000 + i })),
      userData: counting(0x00, 256),
    },
  ]
  return tokens.map((token) => playToken(nodeCryptography, token))
}

/** The cookies of this library. */
export function goldenCookies(): GoldenCookie[] {
  const shared = { secret: counting(0x60, 32), helloId: counting(0x80, 16), cookie: '' }
  const cookies: GoldenCookie[] = [
    { ...shared, name: 'IPv4, at the beginning of time', now: 0, source: { host: '198.51.100.7', port: 50_000 } },
    { ...shared, name: 'IPv6, after a while', now: 123_456.789, source: { host: '2001:db8::1', port: 1 } },
    { ...shared, name: 'when the times have wrapped', now: 6_553_700, source: { host: '::1', port: 65_535 } },
  ]
  return cookies.map((cookie) => playCookie(nodeCryptography, cookie))
}

/** So many bytes, each one more than that before it. */
function counting(from: number, length: number): string {
  return toHex(Uint8Array.from({ length }, (_, i) => from + i))
}
