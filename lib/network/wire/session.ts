import { closeCodeOf, closeCodes, type FailureCode } from './close-code.ts'
import { decodeClose, encodeClose, encodeFrame, frameTypes, MAX_PING_BYTES, type Close } from './frame.ts'
import {
  encodeHello,
  HELLO_BYTES,
  isForeign,
  judgeHello,
  limitOf,
  PUBLIC_KEY_BYTES,
  PUBLIC_KEY_START,
  type Mode,
} from './hello.ts'
import { deriveKeys, isWorthless, type SessionCrypto, type SessionKeyPair } from './keys.ts'
import { Outgoing } from './outgoing.ts'
import {
  LENGTH_BYTES,
  MAX_FIRST_RECORD_BYTES,
  maxRecordBytes,
  MIN_RECORD_BYTES,
  Opener,
  readLength,
  Sealer,
} from './record.ts'
import type { Slab } from './slab.ts'
import { StreamReader, type Reading } from './stream-reader.ts'

/** How a session is made. */
export interface SessionOptions {
  readonly role: 'client' | 'server'
  /** The cipher key: 16 or 32 bytes, or none. */
  readonly cipherKey: Uint8Array | undefined
  /** The largest frame that this side accepts: 1,024 and up. */
  readonly limit: number
  /** 32 random bytes, for this session alone: the private key, or what Hello has in its place. */
  readonly random: Uint8Array
  readonly crypto: SessionCrypto
  readonly slab: Slab
}

/** What came of what arrived. */
export type SessionEvent =
  /** The other side's Hello is good: go on with `accept`, or with `close`. */
  | { readonly type: 'greeted' }
  /** The other side is ready, and tables may come. */
  | { readonly type: 'standing' }
  | TableEvent
  /** The other side has closed. */
  | ({ readonly type: 'closed' } & Close)
  /** The other side did what it must not, and the session is over; what is to be sent of it is there to be polled. */
  | { readonly type: 'failed'; readonly code: FailureCode; readonly sentence: string }

/** A table, which lies in `bytes` from `start` up to `end` until the next call: one event serves for all of them. */
export interface TableEvent {
  readonly type: 'table'
  bytes: Uint8Array
  start: number
  end: number
}

/** What a session has until the Hellos are judged. */
interface Handshake {
  readonly mode: Mode
  readonly cipherKey: Uint8Array | undefined
  readonly crypto: SessionCrypto
  readonly keyPair: SessionKeyPair | undefined
  readonly hello: Uint8Array
  readonly peerHello: Uint8Array
}

/** PONGs that wait to be sent; with more, nothing is read. */
const MAX_WAITING_CONTROLS = 16
const MIN_FRAME_BYTES = 1
const NO_LIMIT = Infinity
const NO_BYTES = new Uint8Array(0)
const GREETED = { type: 'greeted' } as const
const STANDING = { type: 'standing' } as const

/**
 * One end of a connection as a machine without a socket, clock or random source: `lib/network/README.md` says what travels.
 *
 * `handleBytes` takes what arrived. Then, in this order, until both have nothing more: `pollEvent` hands out what it means, and
 * `pollTransmit` what is to be sent. Both are lazy: who polls no events leaves what arrived unread, and so pushes back.
 */
export class Session {
  /** Whether frames flow: the other side is ready. */
  isStanding = false
  /** The largest frame that the other side accepts; `Infinity` until it said so. */
  peerLimit: number = NO_LIMIT

  readonly #role: 'client' | 'server'
  readonly #limit: number
  /** What is of use until both Hellos are judged, and takes as much as all the rest. */
  #handshake: Handshake | undefined
  #peerHelloBytes = 0
  #state: 'hello' | 'judged' | 'open' | 'over' = 'hello'
  #helloDue: Uint8Array | undefined
  #isClosing = false

  /** Frames in mode 0, records in the others. */
  readonly #stream: StreamReader
  #sealer: Sealer | undefined
  #opener: Opener | undefined
  #hasOpened = false
  /** The text of the record that is being read. */
  #text: Uint8Array = NO_BYTES
  #textOffset = 0

  readonly #outgoing: Outgoing
  readonly #table: TableEvent = { type: 'table', bytes: NO_BYTES, start: 0, end: 0 }

  constructor(options: SessionOptions) {
    const { role, cipherKey, limit, random, crypto, slab } = options
    this.#role = role
    this.#limit = limit
    const mode = cipherKey === undefined ? 0 : cipherKey.length === 16 ? 1 : 2
    const keyPair = mode === 0 ? undefined : crypto.keyPair(random)
    const hello = encodeHello(mode, limit, keyPair?.publicKey ?? random)
    this.#handshake = { mode, cipherKey, crypto, keyPair, hello, peerHello: new Uint8Array(HELLO_BYTES) }
    this.#helloDue = role === 'client' ? hello : undefined
    this.#outgoing = new Outgoing(slab)
    this.#stream =
      mode === 0
        ? new StreamReader(MIN_FRAME_BYTES, limit)
        : new StreamReader(MIN_RECORD_BYTES, Math.min(MAX_FIRST_RECORD_BYTES, maxRecordBytes(limit)))
  }

  /** Whether nothing that arrives matters any more. */
  get isOver(): boolean {
    return this.#state === 'over'
  }

  /** Whether something that arrived is left that `pollEvent` has not been asked for, or does not look at for now. */
  get hasUnread(): boolean {
    return !this.isOver && (this.#stream.hasUnread || this.#textOffset < this.#text.length)
  }

  /** Whether too much is to be sent for more to be read. */
  get isBlocked(): boolean {
    return this.#outgoing.waitingControls >= MAX_WAITING_CONTROLS
  }

  /** Whether there is something to be polled by `pollTransmit`. */
  get hasOutgoing(): boolean {
    return this.#helloDue !== undefined || !this.#outgoing.isEmpty
  }

  /** Bytes of frames that wait to be polled. */
  get waitingBytes(): number {
    return this.#outgoing.waitingBytes
  }

  /** How many tables `pollTransmit` has handed out. */
  get takenTables(): number {
    return this.#outgoing.takenTables
  }

  /** The bytes of their frames. */
  get takenBytes(): number {
    return this.#outgoing.takenBytes
  }

  /** Takes what arrived. It is not copied: its bytes must stay as they are until `pollEvent` has nothing more. */
  handleBytes(bytes: Uint8Array): void {
    if (this.isOver) return
    const helloBytes = Math.min(HELLO_BYTES - this.#peerHelloBytes, bytes.length)
    if (helloBytes === 0) {
      this.#stream.handleBytes(bytes)
      return
    }
    this.#handshake?.peerHello.set(bytes.subarray(0, helloBytes), this.#peerHelloBytes)
    this.#peerHelloBytes += helloBytes
    if (bytes.length > helloBytes) this.#stream.handleBytes(bytes.subarray(helloBytes))
  }

  /** What comes next of what arrived; `undefined` when more has to arrive, or to be sent, first. */
  pollEvent(): SessionEvent | undefined {
    if (this.#state === 'hello' && this.#handshake !== undefined) return this.#judge(this.#handshake)
    while (this.#state === 'open' && !this.isBlocked) {
      const reading = this.#opener === undefined ? this.#stream.next() : this.#nextInRecord(this.#opener)
      if (reading === 'incomplete') return undefined
      if (reading !== 'complete') return this.#failLength(reading)
      const event = this.#handleFrame()
      if (event !== undefined) return event
    }
    return undefined
  }

  /** After 'greeted': this side is ready. */
  accept(): void {
    if (this.#state !== 'judged') return
    this.#state = 'open'
    this.#outgoing.push(encodeFrame(frameTypes.ready, NO_BYTES))
  }

  /** Sends a whole frame of a table, whose bytes must stay as they are until it was polled. */
  sendTable(frame: Uint8Array): void {
    this.#outgoing.push(frame)
  }

  sendPing(): void {
    if (this.#state === 'open' && !this.isBlocked) this.#outgoing.push(encodeFrame(frameTypes.ping, NO_BYTES))
  }

  /** Ends this side, after all that waits. What arrives from now on is discarded. */
  close(code: number, reason: string): void {
    if (this.#isClosing || this.isOver) return
    this.#isClosing = true
    // Before the other side's Hello is judged there are no frames, and perhaps no keys.
    if (this.#state !== 'hello') this.#outgoing.push(encodeFrame(frameTypes.close, encodeClose(code, reason)))
    this.#end()
  }

  /** Ends this side because of a failure that was found in a frame's payload. */
  fail(code: FailureCode, sentence: string): void {
    this.close(closeCodeOf(code) ?? closeCodes.protocol, sentence)
  }

  /** The next bytes to send; `undefined` when there are none. They are the session's no more. */
  pollTransmit(): Uint8Array | undefined {
    if (this.#helloDue !== undefined) {
      const hello = this.#helloDue
      this.#helloDue = undefined
      return hello
    }
    return this.#sealer === undefined ? this.#outgoing.pollPlain() : this.#outgoing.pollRecord(this.#sealer)
  }

  #judge(handshake: Handshake): SessionEvent | undefined {
    const { hello, peerHello, mode } = handshake
    // A stranger who does not begin like one of ours is answered with nothing.
    if (isForeign(peerHello, this.#peerHelloBytes)) {
      return this.#failSilently('ERR_PROTOCOL', 'the other side is no udpipe/network')
    }
    if (this.#peerHelloBytes < HELLO_BYTES) return undefined
    // Sent before it is judged, so that a client can say what differs.
    if (this.#role === 'server') this.#helloDue = hello
    const problem = judgeHello(peerHello, mode)
    if (problem !== undefined) return this.#failSilently(problem.code, problem.sentence)
    if (!this.#agreeOnKeys(handshake))
      return this.#failSilently('ERR_PROTOCOL', 'the other side’s public key is worthless')
    this.peerLimit = limitOf(peerHello)
    this.#handshake = undefined
    this.#state = 'judged'
    return GREETED
  }

  /** Returns whether the other side's public key is one. */
  #agreeOnKeys({ cipherKey, crypto, keyPair, hello, peerHello }: Handshake): boolean {
    if (cipherKey === undefined || keyPair === undefined) return true
    const publicKey = peerHello.subarray(PUBLIC_KEY_START, PUBLIC_KEY_START + PUBLIC_KEY_BYTES)
    const shared = keyPair.exchange(publicKey)
    if (isWorthless(shared)) return false
    const isClient = this.#role === 'client'
    const [clientHello, serverHello] = isClient ? [hello, peerHello] : [peerHello, hello]
    const keys = deriveKeys(crypto, cipherKey, shared, clientHello, serverHello)
    this.#sealer = new Sealer(crypto, isClient ? keys.clientToServer : keys.serverToClient)
    this.#opener = new Opener(crypto, isClient ? keys.serverToClient : keys.clientToServer)
    return true
  }

  /** Looks for the next frame in the record that is open, and opens the next record when there is none. */
  #nextInRecord(opener: Opener): Reading | 'sealed' | 'split' {
    if (this.#textOffset === this.#text.length) {
      const reading = this.#stream.next()
      if (reading !== 'complete') return reading
      const text = opener.open(this.#stream.bytes, this.#stream.start, this.#stream.end)
      if (text === undefined) return 'sealed'
      this.#hasOpened = true
      this.#stream.maxBytes = maxRecordBytes(this.#limit)
      this.#text = text
      this.#textOffset = 0
    }
    return this.#nextInText()
  }

  #nextInText(): Reading | 'split' {
    const text = this.#text
    const start = this.#textOffset + LENGTH_BYTES
    if (start > text.length) return 'split'
    const length = readLength(text, this.#textOffset)
    if (length < MIN_FRAME_BYTES) return 'too-short'
    if (length > this.#limit) return 'too-long'
    if (start + length > text.length) return 'split'
    this.#stream.bytes = text
    this.#stream.start = start
    this.#stream.end = start + length
    this.#textOffset = start + length
    return 'complete'
  }

  #handleFrame(): SessionEvent | undefined {
    const { bytes, start, end } = this.#stream
    const type = bytes[start]
    const payload = start + 1
    if (!this.isStanding && type !== frameTypes.ready && type !== frameTypes.close) {
      return this.#fail('ERR_PROTOCOL', 'the first frame of the other side is not READY')
    }
    switch (type) {
      case frameTypes.table:
        this.#table.bytes = bytes
        this.#table.start = payload
        this.#table.end = end
        return this.#table
      case frameTypes.ready:
        if (this.isStanding) return this.#fail('ERR_PROTOCOL', 'the other side is READY twice')
        if (end > payload) return this.#fail('ERR_PROTOCOL', 'the other side’s READY has a payload')
        this.isStanding = true
        return STANDING
      case frameTypes.ping:
      case frameTypes.pong:
        if (end - payload > MAX_PING_BYTES) return this.#fail('ERR_PROTOCOL', 'a PING or PONG is too long')
        if (type === frameTypes.ping) this.#outgoing.push(encodeFrame(frameTypes.pong, bytes.subarray(payload, end)))
        return undefined
      case frameTypes.close:
        return this.#handleClose(bytes.subarray(payload, end))
      default:
        return this.#fail('ERR_PROTOCOL', `there is no frame of the type ${type ?? 0}`)
    }
  }

  #handleClose(payload: Uint8Array): SessionEvent {
    const close = decodeClose(payload)
    if (close === undefined) return this.#fail('ERR_PROTOCOL', 'a CLOSE is cut short, or too long')
    // Who hears CLOSE sends nothing more.
    this.#outgoing.clear()
    this.#isClosing = true
    this.#end()
    return { type: 'closed', ...close }
  }

  #failLength(reading: Exclude<Reading, 'complete' | 'incomplete'> | 'sealed' | 'split'): SessionEvent {
    if (reading === 'sealed') {
      if (this.#hasOpened)
        return this.#failSilently('ERR_SEAL', 'a record was changed, repeated, or left out on its way')
      return this.#failSilently('ERR_KEY_MISMATCH', 'the other side has another cipher key')
    }
    if (reading === 'split') return this.#fail('ERR_PROTOCOL', 'a frame goes beyond the end of its record')
    if (reading === 'too-short') return this.#fail('ERR_PROTOCOL', 'a frame or record is empty')
    return this.#fail('ERR_MESSAGE_TOO_LARGE', 'the other side sends more at once than this side accepts')
  }

  #fail(code: FailureCode, sentence: string): SessionEvent {
    this.fail(code, sentence)
    return { type: 'failed', code, sentence }
  }

  /** The other side is told nothing, except what this side's Hello says. */
  #failSilently(code: FailureCode, sentence: string): SessionEvent {
    this.#isClosing = true
    this.#end()
    return { type: 'failed', code, sentence }
  }

  #end(): void {
    this.#state = 'over'
    this.#handshake = undefined
    this.#stream.clear()
    this.#text = NO_BYTES
    this.#textOffset = 0
  }
}
