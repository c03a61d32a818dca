import { TransmitRecord, type Transmit } from '../../lib/session/transmit.ts'
import { Connection, type ConnectionOptions } from '../../lib/reliable/connection/connection.ts'
import type { ConnectionEvent } from '../../lib/reliable/connection/packet-receiver.ts'
import type { Address } from '../../lib/core/address.ts'
import type { Delivery } from '../../lib/session/delivery.ts'
import { RateLimiter } from '../../lib/session/rate-limiter.ts'
import type { SendOutcome, Session, SessionEvent, SessionState } from '../../lib/session/session.ts'
import type { SessionSettings } from '../../lib/session/settings.ts'
import { createStats } from '../../lib/session/stats.ts'
import type { LinkOptions } from '../../lib/simulator/index.ts'
import type { End } from './end.ts'
import type { LoopOptions } from './end-world.ts'
import { createPlainSealer } from './plain-pair.ts'
import { SessionPair } from './session-pair.ts'
import { createSettings } from './settings.ts'

/** A bare connection as a session: it stands from the beginning and has neither liveness nor an end. */
export class ConnectionSession implements Session {
  readonly protocol = 'reliable'
  readonly state: SessionState = 'connected'
  readonly stats = createStats()
  readonly connection: Connection
  readonly remote: Address
  readonly #transmit = new TransmitRecord()
  /** What the connection told besides the events of a session, in words. */
  readonly told: string[] = []

  constructor(now: number, remote: Address, options: Omit<ConnectionOptions, 'stats' | 'limiter'>) {
    this.remote = remote
    const limiter = new RateLimiter(now, options.settings)
    this.connection = new Connection(now, { ...options, limiter, stats: this.stats })
    this.connection.hear()
  }

  get rttMs(): number {
    return this.stats.rttMs
  }

  get clockOffsetMs(): number {
    return this.connection.clockOffsetMs
  }

  get nextDeadline(): number {
    return this.connection.nextDeadline
  }

  send(now: number, message: Uint8Array, delivery: Delivery, channel: number): SendOutcome {
    return this.connection.send(now, message, delivery, channel)
  }

  ping(now: number): void {
    this.connection.ping(now, true)
  }

  close(now: number, code: number, reason: string): void {
    this.connection.sendClose(now, code, reason)
  }

  setTimeout(): void {
    throw new Error('A bare connection has no timeout.')
  }

  handleDatagram(now: number, bytes: Uint8Array): void {
    this.told.push(this.connection.handleDatagram(now, bytes).verdict)
  }

  handleTimeout(now: number): void {
    this.connection.handleTimeout(now)
  }

  pollEvent(): SessionEvent | undefined {
    for (let event = this.connection.pollEvent(); event !== undefined; event = this.connection.pollEvent()) {
      if (isSessionEvent(event)) return event
      this.told.push(event.type === 'peer-close' ? `CLOSE ${event.code} ${event.reason}` : 'CLOSED')
    }
    return undefined
  }

  pollTransmit(now: number, into: Uint8Array): Transmit | undefined {
    return this.#transmit.set(this.connection.pollTransmit(now, into), this.remote)
  }
}

function isSessionEvent(event: ConnectionEvent): event is Extract<ConnectionEvent, SessionEvent> {
  return event.type !== 'peer-close' && event.type !== 'peer-closed'
}

/** What differs from two connections with the usual settings on a perfect link. */
export interface ConnectionPairOptions {
  readonly seed?: number
  readonly link?: LinkOptions
  readonly settings?: Partial<SessionSettings>
  readonly redundancy?: ConnectionOptions['redundancy']
  /** The number of the first packet of each direction. */
  readonly firstPacketNumber?: number
  readonly loopA?: LoopOptions
  readonly loopB?: LoopOptions
}

/** Two connections that talk to each other over simulated links, and what arrived at each. */
export class ConnectionPair extends SessionPair {
  readonly sessionA: ConnectionSession
  readonly sessionB: ConnectionSession
  readonly arrivedAtA: Arrival[] = []
  readonly arrivedAtB: Arrival[] = []

  constructor(options: ConnectionPairOptions = {}) {
    const { seed = 1, link = {}, redundancy, firstPacketNumber = 0, loopA = {}, loopB = {} } = options
    const settings = createSettings(options.settings)
    const made: Partial<Record<'a' | 'b', ConnectionSession>> = {}
    const start = (name: 'a' | 'b') => (from: { now: number; remote: Address }) =>
      (made[name] = new ConnectionSession(from.now, from.remote, {
        settings,
        redundancy,
        sealer: createPlainSealer(name === 'a'),
        handshakeRttMs: link.delayMs === undefined ? NaN : 2 * link.delayMs,
        firstPacketNumber,
      }))
    super({ seed, link, a: { session: start('a'), loop: loopA }, b: { session: start('b'), loop: loopB } })
    if (made.a === undefined || made.b === undefined) throw new Error('A pair starts both of its sessions.')
    this.sessionA = made.a
    this.sessionB = made.b
    this.#collect(this.a, this.arrivedAtA)
    this.#collect(this.b, this.arrivedAtB)
  }

  /** How many datagrams were sent, there and back. */
  get datagrams(): readonly [number, number] {
    return [this.forth.stats.offeredPackets, this.back.stats.offeredPackets]
  }

  #collect(end: End, into: Arrival[]): void {
    end.onEvent = (event) => {
      if (event.type !== 'message') return
      const { message, delivery, channel } = event
      into.push({ time: this.now, text: textOf(message), bytes: message.length, delivery, channel })
    }
  }
}

/** A message that arrived, and when; a long one only by its beginning. */
export interface Arrival {
  readonly time: number
  readonly text: string
  readonly bytes: number
  readonly delivery: Delivery
  readonly channel: number
}

const decoder = new TextDecoder()

function textOf(message: Uint8Array): string {
  return decoder.decode(message.subarray(0, 64))
}
