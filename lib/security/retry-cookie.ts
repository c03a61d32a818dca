import type { Address } from '../core/address.ts'
import { isEqualConstantTime } from '../core/bytes.ts'
import { HmacSha256 } from './hmac.ts'
import type { RandomBytes } from './security.ts'

const TIME_BYTES = 2
/** HMAC-SHA-256 cut to 128 bits, as RFC 2104 §5 allows. */
const CODE_BYTES = 16
const SECRET_BYTES = 32

/** The length of a cookie. */
export const RETRY_COOKIE_BYTES: number = TIME_BYTES + CODE_BYTES

/** How long a cookie is good for: longer than any handshake that succeeds takes from RETRY to the HELLO that brings it back. */
const LIFETIME_MS = 10_000

/** How long a secret makes cookies; the one before it is good for reading until the next change. */
const SECRET_AGE_MS = 60_000

/** Times are told to the tenth of a second, and wrap after almost two hours, when no secret of then is left. */
const TIME_UNIT_MS = 100
const TIME_MASK = 0xffff

const label = new TextEncoder().encode('udpipe 1 cookie\0')

/**
 * Proves that whoever said a HELLO receives what is sent to the address it came from, without a memory of it: the front door
 * answers with a cookie that nobody else can make, and lets a HELLO in that brings it back (RFC 9000 §8.1.2, RFC 6347 §4.2.1).
 *
 * A cookie is `time u16 ‖ the first 16 bytes of H("udpipe 1 cookie\0" ‖ time ‖ port u16 ‖ id of the HELLO ‖ host as ASCII)`, with H for
 * HMAC-SHA-256 under a secret that is changed each minute. It is good for ten seconds, for one HELLO, from one address and port.
 */
export class RetryCookies {
  readonly #randomBytes: RandomBytes
  #current: HmacSha256
  #previous: HmacSha256
  #changedAt = -Infinity
  /** What a code is over, besides the label and the host. */
  readonly #head = new Uint8Array(TIME_BYTES + 2)

  constructor(randomBytes: RandomBytes) {
    this.#randomBytes = randomBytes
    this.#current = this.#newSecret()
    this.#previous = this.#current
  }

  /** The cookie for a HELLO of that id from there. */
  create(now: number, source: Address, helloId: Uint8Array): Uint8Array {
    this.#changeSecret(now)
    const time = timeOf(now)
    const cookie = new Uint8Array(RETRY_COOKIE_BYTES)
    cookie[0] = time >>> 8
    cookie[1] = time & 0xff
    cookie.set(this.#codeOf(this.#current, time, source, helloId).subarray(0, CODE_BYTES), TIME_BYTES)
    return cookie
  }

  /** Whether a cookie was made here for that HELLO from there, not long ago. */
  isValid(now: number, cookie: Uint8Array, source: Address, helloId: Uint8Array): boolean {
    if (cookie.length !== RETRY_COOKIE_BYTES) return false
    this.#changeSecret(now)
    const time = ((cookie[0] ?? 0) << 8) | (cookie[1] ?? 0)
    const ageMs = ((timeOf(now) - time) & TIME_MASK) * TIME_UNIT_MS
    if (ageMs > LIFETIME_MS) return false
    // The age tells which secret made it, so one code is enough; where it cannot be told, in the unit of the change, it is tried.
    const sinceChangeMs = now - this.#changedAt
    if (ageMs <= sinceChangeMs + TIME_UNIT_MS && this.#isCode(this.#current, time, cookie, source, helloId)) return true
    return ageMs + TIME_UNIT_MS >= sinceChangeMs && this.#isCode(this.#previous, time, cookie, source, helloId)
  }

  #isCode(secret: HmacSha256, time: number, cookie: Uint8Array, source: Address, helloId: Uint8Array): boolean {
    return isEqualConstantTime(this.#codeOf(secret, time, source, helloId), 0, cookie, TIME_BYTES, CODE_BYTES)
  }

  #codeOf(secret: HmacSha256, time: number, { host, port }: Address, helloId: Uint8Array): Uint8Array {
    const head = this.#head
    head[0] = time >>> 8
    head[1] = time & 0xff
    head[2] = port >>> 8
    head[3] = port & 0xff
    return secret.authenticate(label, head, helloId, encodeAscii(host))
  }

  #changeSecret(now: number): void {
    if (now - this.#changedAt < SECRET_AGE_MS) return
    // A secret that nothing was made with for so long must not come to mean something again when the times wrap.
    const isLateChange = now - this.#changedAt >= 2 * SECRET_AGE_MS
    this.#previous = isLateChange ? this.#newSecret() : this.#current
    this.#current = this.#newSecret()
    this.#changedAt = now
  }

  #newSecret(): HmacSha256 {
    return new HmacSha256(this.#randomBytes(SECRET_BYTES))
  }
}

function timeOf(now: number): number {
  return Math.floor(now / TIME_UNIT_MS) & TIME_MASK
}

/** A numeric host; the zone of a link-local one may be any text, of which only what tells interfaces apart matters here. */
function encodeAscii(host: string): Uint8Array {
  const bytes = new Uint8Array(host.length)
  for (let i = 0; i < host.length; i += 1) bytes[i] = host.charCodeAt(i)
  return bytes
}
