import type { Sealer } from '../../security/sealer.ts'
import type { Initiator, Security } from '../../security/security.ts'
import { copyBytes, isSameBytes } from '../../core/bytes.ts'
import {
  decodeConnect,
  decodeGoAway,
  decodeRetry,
  encodeHello,
  HELLO_OVERHEAD_BYTES,
  helloEcho,
  helloId,
  MIN_HELLO_BYTES,
  NOTHING,
  setCookie,
  type Retry,
} from '../wire/handshake.ts'
import {
  decodeConnectPayload,
  encodeHelloPayload,
  HELLO_PAYLOAD_OVERHEAD_BYTES,
  MAX_HELLO_PAYLOAD_BYTES,
  type ConnectPayload,
  type HelloPayload,
} from '../wire/handshake-payload.ts'
import { RetransmitTimer } from '../../core/retransmit-timer.ts'

/** What a front door answered. */
export type Answer =
  | {
      readonly type: 'shown'
      /** The id of the HELLO that it answers. */
      readonly id: Uint8Array
      readonly payload: ConnectPayload
      readonly sealer: Sealer
      /** From HELLO to its answer; `NaN` when HELLO was said more than once, so that nobody knows which was answered. */
      readonly rttMs: number
    }
  | { readonly type: 'refused'; readonly code: number; readonly reason: string; readonly isFinal: boolean }
  /** HELLO is said again at once, with what the front door asked for. */
  | { readonly type: 'retry' }

/** What a connect token gives to a handshake; nothing for one by the token that both ends have. */
export interface Pass {
  /** What travels in HELLO. */
  readonly ticket?: Uint8Array
  /** What takes the token's place. */
  readonly psk?: Uint8Array
}

/**
 * One HELLO to a front door, the same bytes as often as it is said, and its answer. Only the cookie in it changes, when a RETRY asks
 * for one. Attempts that nobody answers say the same one.
 */
export class Dialing {
  readonly #initiator: Initiator
  readonly #hello: Uint8Array
  readonly #madeAt: number
  #timer: RetransmitTimer
  #saidAt = NaN
  /** What the last RETRY asked to be given back. */
  #cookie = NOTHING
  #retries = 0
  /** Whether HELLO was said twice without any change, so that nobody knows which of the two was answered. */
  #isRepeated = false
  /** The echo of HELLO as it was before the last RETRY. */
  #formerEcho: Uint8Array | undefined

  /** HELLO is padded to `mtuBytes`, and `payload` and the pass's ticket must fit in, see {@link requireRoom}. */
  constructor(now: number, security: Security, payload: HelloPayload, { ticket = NOTHING, psk }: Pass = {}) {
    this.#madeAt = now
    this.#initiator = security.initiate({ prologue: ticket, preSharedKey: psk })
    this.#hello = new Uint8Array(payload.limits.mtuBytes)
    const encoded = encodeHelloPayload(payload)
    encodeHello(this.#hello, security.kind, (into) => this.#initiator.writeHello(encoded, into), ticket)
    this.#timer = new RetransmitTimer(now)
  }

  /** When HELLO is to be said next. */
  get dueAt(): number {
    return this.#timer.dueAt
  }

  /** Whether HELLO may be said in another attempt: its keys are made anew now and then. */
  mayBeSaidAgain(now: number): boolean {
    return now - this.#madeAt < MAX_AGE_MS
  }

  /** Another attempt begins: HELLO is said at once, and repeated as in the first one. */
  sayAgain(now: number): void {
    this.#isRepeated ||= this.#timer.count > 0
    this.#retries = 0
    this.#timer = new RetransmitTimer(now)
  }

  /** Writes HELLO if it is due, and returns its length, else 0. */
  pollTransmit(now: number, into: Uint8Array): number {
    if (!this.#timer.poll(now)) return 0
    into.set(this.#hello)
    this.#isRepeated ||= this.#timer.count > 1
    this.#saidAt = now
    return this.#hello.length
  }

  /** Reads what came from the front door at the time `now`; `undefined` when it is no answer to this HELLO. */
  handleAnswer(now: number, bytes: Uint8Array): Answer | undefined {
    const message = decodeConnect(bytes)
    if (message !== undefined) return this.#handleConnect(now, message)
    const retry = decodeRetry(bytes)
    if (retry !== undefined) return this.#handleRetry(now, retry)
    const goAway = decodeGoAway(bytes)
    // Whoever has not seen the HELLO cannot send its client away.
    if (goAway === undefined || !this.#isOwnEcho(goAway.echo)) return undefined
    return { type: 'refused', code: goAway.code, reason: goAway.reason, isFinal: goAway.isFinal }
  }

  /** Overwrites what is secret, when the attempt is given up. */
  wipe(): void {
    this.#initiator.wipe()
  }

  /** What was said before a RETRY may be answered as well, after it. */
  #isOwnEcho(echo: Uint8Array): boolean {
    return (
      isSameBytes(echo, helloEcho(this.#hello)) ||
      (this.#formerEcho !== undefined && isSameBytes(echo, this.#formerEcho))
    )
  }

  /** Once for each cookie, and no more often than a front door has reason to ask: nobody is to make a client talk. */
  #handleRetry(now: number, { echo, cookie }: Retry): Answer | undefined {
    if (!isSameBytes(echo, helloEcho(this.#hello))) return undefined
    if (this.#retries >= MAX_RETRIES || isSameBytes(cookie, this.#cookie)) return undefined
    this.#retries += 1
    this.#cookie = copyBytes(cookie)
    this.#formerEcho = helloEcho(this.#hello)
    setCookie(this.#hello, cookie)
    this.#timer = new RetransmitTimer(now)
    return { type: 'retry' }
  }

  #handleConnect(now: number, message: Uint8Array): Answer | undefined {
    const bytes = this.#initiator.readConnect(message)
    const payload = bytes && decodeConnectPayload(bytes)
    if (payload === undefined) return undefined
    const rttMs = this.#isRepeated ? NaN : Math.max(0, now - this.#saidAt)
    return { type: 'shown', id: helloId(this.#hello), payload, sealer: this.#initiator.createSealer(), rttMs }
  }
}

/** A HELLO is said for no longer, however many attempts are made. */
const MAX_AGE_MS = 30_000

/** How often one attempt says HELLO anew because it was asked to: cookies run out, and servers change their secret. */
const MAX_RETRIES = 8

/**
 * Checks that a HELLO of `mtuBytes` has room for a user's payload, and for a ticket beside it.
 *
 * @throws RangeError when it has not, or `mtuBytes` is less than any HELLO has
 */
export function requireRoom(payloadBytes: number, mtuBytes: number, security: Security, ticketBytes = 0): void {
  if (mtuBytes < MIN_HELLO_BYTES) {
    throw new RangeError(`mtuBytes is at least ${MIN_HELLO_BYTES}, to which each HELLO is padded; it is ${mtuBytes}.`)
  }
  const limitBytes = payloadRoom(mtuBytes, security, ticketBytes)
  if (payloadBytes > limitBytes) {
    throw new RangeError(`HELLO carries at most ${limitBytes} bytes of payload here; this one has ${payloadBytes}.`)
  }
}

/** How many bytes of a user's payload fit into a HELLO of `mtuBytes`, beside a ticket; less than 0 when not even that does. */
export function payloadRoom(mtuBytes: number, security: Security, ticketBytes = 0): number {
  const overheadBytes = HELLO_OVERHEAD_BYTES + security.helloOverheadBytes + ticketBytes + HELLO_PAYLOAD_OVERHEAD_BYTES
  return Math.min(MAX_HELLO_PAYLOAD_BYTES, mtuBytes - overheadBytes)
}
