import type { Transmit } from '../../lib/session/transmit.ts'
import type { Address } from '../../lib/core/address.ts'
import type { Delivery } from '../../lib/session/delivery.ts'
import type { SendOutcome, Session, SessionEvent, SessionState } from '../../lib/session/session.ts'
import { createStats } from '../../lib/session/stats.ts'

/** What an {@link EchoSession} says first, if it is the one to begin. */
export interface EchoOptions {
  /** Whether it sends back every message it gets. */
  readonly isEchoing?: boolean
  /** A PING is sent at this interval; none by default. */
  readonly pingIntervalMs?: number
}

const PING = new Uint8Array([0])
const DATA = 1
const CLOSE = new Uint8Array([2])

/** The least that a session can be: each message is one datagram, nothing is repeated, and CLOSE is believed at once. */
export class EchoSession implements Session {
  readonly protocol = 'reliable'
  readonly stats = createStats()
  readonly rttMs = NaN
  readonly clockOffsetMs = NaN
  readonly remote: Address
  /** The `maxSilenceMs` of each call, and every time that this session was told. */
  readonly silences: number[] = []
  readonly times: number[] = []
  /** The times of the datagrams among them. */
  readonly arrivals: number[] = []
  state: SessionState = 'connected'
  readonly #options: EchoOptions
  readonly #events: SessionEvent[] = []
  readonly #outgoing: Uint8Array[] = []
  #nextPingAt: number

  constructor(now: number, destination: Address, options: EchoOptions = {}) {
    this.remote = destination
    this.#options = options
    this.#nextPingAt = now + (options.pingIntervalMs ?? Infinity)
  }

  get nextDeadline(): number {
    return this.#outgoing.length > 0 || this.#events.length > 0 ? -Infinity : this.#nextPingAt
  }

  send(now: number, message: Uint8Array, _delivery: Delivery, _channel: number): SendOutcome {
    this.times.push(now)
    if (this.state === 'closed') return 'closed'
    const datagram = new Uint8Array(message.length + 1)
    datagram[0] = DATA
    datagram.set(message, 1)
    this.#outgoing.push(datagram)
    return 'accepted'
  }

  ping(): void {
    this.#outgoing.push(PING)
  }

  close(): void {
    this.#outgoing.push(CLOSE)
    this.#end()
  }

  setTimeout(): void {
    this.stats.refusedMessages += 0
  }

  handleDatagram(now: number, bytes: Uint8Array, _source: Address): void {
    this.times.push(now)
    this.arrivals.push(now)
    if (this.state === 'closed') return
    if (bytes[0] === CLOSE[0]) {
      this.#end()
      return
    }
    if (bytes[0] === PING[0]) return void this.#events.push({ type: 'ping' })
    const message = bytes.subarray(1)
    this.#events.push({ type: 'message', message, delivery: 'unreliable', channel: 0 })
    if (this.#options.isEchoing === true) this.send(now, message, 'unreliable', 0)
  }

  handleTimeout(now: number, maxSilenceMs: number): void {
    this.times.push(now)
    this.silences.push(maxSilenceMs)
    if (now < this.#nextPingAt) return
    this.#nextPingAt = now + (this.#options.pingIntervalMs ?? Infinity)
    this.ping()
  }

  pollEvent(): SessionEvent | undefined {
    return this.#events.shift()
  }

  pollTransmit(now: number, into: Uint8Array): Transmit | undefined {
    this.times.push(now)
    const datagram = this.#outgoing.shift()
    if (datagram === undefined) return undefined
    into.set(datagram)
    return { lengthBytes: datagram.length, destination: this.remote }
  }

  protected emit(event: SessionEvent): void {
    this.#events.push(event)
  }

  #end(): void {
    this.state = 'closed'
    this.#events.push({ type: 'closed' })
  }
}
