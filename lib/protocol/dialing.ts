import type { Sealer } from '../security/sealer.ts'
import type { Initiator, Security } from '../security/security.ts'
import {
  decodeConnect,
  decodeGoAway,
  encodeHello,
  HELLO_OVERHEAD_BYTES,
  helloEcho,
  helloId,
  isSameId,
  MIN_HELLO_BYTES,
} from './handshake.ts'
import {
  decodeConnectPayload,
  encodeHelloPayload,
  HELLO_PAYLOAD_OVERHEAD_BYTES,
  MAX_HELLO_PAYLOAD_BYTES,
  type ConnectPayload,
  type HelloPayload,
} from './handshake-payload.ts'
import { Repetition } from './repetition.ts'

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
  | { readonly type: 'refused'; readonly code: number; readonly reason: string }

/** One attempt at a front door: one HELLO, the same bytes as often as it is said, and its answer. */
export class Dialing {
  readonly #initiator: Initiator
  readonly #hello: Uint8Array
  readonly #repetition: Repetition
  #saidAt = NaN

  /** HELLO is padded to `mtuBytes`, and `payload` must fit in, see {@link requireRoom}. */
  constructor(now: number, security: Security, payload: HelloPayload) {
    this.#initiator = security.initiate()
    this.#hello = new Uint8Array(payload.limits.mtuBytes)
    const encoded = encodeHelloPayload(payload)
    encodeHello(this.#hello, (into) => this.#initiator.writeHello(encoded, into))
    this.#repetition = new Repetition(now)
  }

  /** When HELLO is to be said next. */
  get dueAt(): number {
    return this.#repetition.dueAt
  }

  /** Writes HELLO if it is due, and returns its length, else 0. */
  pollTransmit(now: number, into: Uint8Array): number {
    if (!this.#repetition.poll(now)) return 0
    into.set(this.#hello)
    this.#saidAt = now
    return this.#hello.length
  }

  /** Reads what came from the front door at the time `now`; `undefined` when it is no answer to this HELLO. */
  handleAnswer(now: number, bytes: Uint8Array): Answer | undefined {
    const message = decodeConnect(bytes)
    if (message !== undefined) return this.#handleConnect(now, message)
    const goAway = decodeGoAway(bytes)
    // Whoever has not seen the HELLO cannot send its client away.
    if (goAway === undefined || !isSameId(goAway.echo, helloEcho(this.#hello))) return undefined
    return { type: 'refused', code: goAway.code, reason: goAway.reason }
  }

  /** Overwrites what is secret, when the attempt is given up. */
  wipe(): void {
    this.#initiator.wipe()
  }

  #handleConnect(now: number, message: Uint8Array): Answer | undefined {
    const bytes = this.#initiator.readConnect(message)
    const payload = bytes && decodeConnectPayload(bytes)
    if (payload === undefined) return undefined
    const rttMs = this.#repetition.count === 1 ? Math.max(0, now - this.#saidAt) : NaN
    return { type: 'shown', id: helloId(this.#hello), payload, sealer: this.#initiator.createSealer(), rttMs }
  }
}

/**
 * Checks that a HELLO of `mtuBytes` has room for a user's payload.
 *
 * @throws RangeError when it has not, or `mtuBytes` is less than any HELLO has
 */
export function requireRoom(payloadBytes: number, mtuBytes: number, security: Security): void {
  if (mtuBytes < MIN_HELLO_BYTES) {
    throw new RangeError(`mtuBytes is at least ${MIN_HELLO_BYTES}, to which each HELLO is padded; it is ${mtuBytes}.`)
  }
  const overheadBytes = HELLO_OVERHEAD_BYTES + security.helloOverheadBytes + HELLO_PAYLOAD_OVERHEAD_BYTES
  const limitBytes = Math.min(MAX_HELLO_PAYLOAD_BYTES, mtuBytes - overheadBytes)
  if (payloadBytes > limitBytes) {
    throw new RangeError(`HELLO carries at most ${limitBytes} bytes of payload here; this one has ${payloadBytes}.`)
  }
}
