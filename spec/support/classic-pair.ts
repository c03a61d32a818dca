import { ClassicClient } from '../../lib/classic/client.ts'
import { ClassicFrontDoor } from '../../lib/classic/front-door.ts'
import { ClassicServerSession } from '../../lib/classic/server-session.ts'
import { formatAddress, isSameAddress, type Address } from '../../lib/core/address.ts'
import { AdmissionReporter } from '../../lib/session/admission-reporter.ts'
import type { ConnectionRequest } from '../../lib/session/front-door.ts'
import type { Session, SessionEvent } from '../../lib/session/session.ts'
import type { SessionSettings } from '../../lib/session/settings.ts'
import { classicSettings, toBytes, toText } from './classic-probe.ts'
import { carriedListener, type Carry } from './couriers.ts'
import { createRandom, type Random } from './random.ts'

/** A datagram on the wire. */
export interface Datagram {
  readonly at: number
  readonly from: Address
  readonly to: Address
  readonly bytes: Uint8Array
  readonly text: string
}

/** What the wire does with a datagram: how long each of its copies takes, in milliseconds; no copy when it is lost. */
export type Wire = (datagram: Datagram) => readonly number[]

/** A wire on which everything takes `delayMs`, and nothing is lost. */
export function steadyWire(delayMs: number): Wire {
  return () => [delayMs]
}

/** A wire that loses, doubles and reorders, by these chances. */
export function roughWire(random: Random, chances: { loss: number; double: number; jitterMs: number }): Wire {
  const delayMs = (): number => 5 + random() * chances.jitterMs
  return () => {
    if (random() < chances.loss) return []
    return random() < chances.double ? [delayMs(), delayMs()] : [delayMs()]
  }
}

/** A session with its socket: where it is bound, whom it is connected to, what it was told. */
export class Side {
  readonly session: Session
  readonly address: Address
  readonly events: SessionEvent[] = []
  peer: Address | undefined
  isClosed = false

  constructor(session: Session, address: Address) {
    this.session = session
    this.address = address
  }

  get messages(): string[] {
    return this.events.flatMap((event) => (event.type === 'message' ? [toText(event.message)] : []))
  }

  /** The names of the events but for messages, PING and PONG. */
  get story(): string[] {
    return this.events.map(({ type }) => type).filter((type) => !['message', 'ping', 'pong', 'peer'].includes(type))
  }

  send(now: number, text: string): string {
    return this.session.send(now, toBytes(text), 'unreliable', 0)
  }
}

export interface PairOptions {
  readonly settings?: Partial<SessionSettings>
  readonly wire?: Wire
  readonly seed?: number
  /** How what the front door and the host of its clients tell each other gets there. Default: as it is. */
  readonly carry?: Carry
  /** Whether a newcomer is let in. */
  readonly admits?: (request: ConnectionRequest) => boolean
}

/**
 * A classic client, a front door and the sessions behind it, on a wire and a clock of their own. The clock leaps from one
 * deadline or arrival to the next, so that a machine that names too late a deadline misses it, and one that names a deadline
 * again and again is found out.
 */
export class ClassicPair {
  now = 1_000
  wire: Wire
  readonly frontDoor: Address = { host: '192.0.2.1', port: 1_234 }
  readonly door: ClassicFrontDoor
  readonly client: Side
  readonly servers: Side[] = []
  /** All that was ever put on the wire. */
  readonly sent: Datagram[] = []
  /** Called with each event as it happens. */
  onEvent: (side: Side, event: SessionEvent) => void = () => {}
  readonly #settings: SessionSettings
  /** Tell the door what becomes of those that it let in. */
  readonly #reporters = new Map<Side, AdmissionReporter>()
  readonly #carry: Carry
  readonly #admits: (request: ConnectionRequest) => boolean
  readonly #inFlight: { readonly arrivesAt: number; readonly datagram: Datagram }[] = []
  readonly #into = new Uint8Array(2_000)

  constructor({ settings, wire, seed, admits, carry }: PairOptions = {}) {
    const allSettings = classicSettings(settings)
    this.wire = wire ?? steadyWire(20)
    this.#admits = admits ?? (() => true)
    this.#carry = carry ?? ((told) => told)
    this.#settings = allSettings
    this.door = new ClassicFrontDoor('secret')
    const client = new ClassicClient(this.now, allSettings, this.frontDoor, 'secret', createRandom(seed ?? 1))
    this.client = new Side(client, { host: '198.51.100.7', port: 50_000 })
  }

  /** The session that was opened last. */
  get server(): Side {
    const server = this.servers.at(-1)
    if (server === undefined) throw new Error('No client was let in yet.')
    return server
  }

  get isQuiet(): boolean {
    return this.#inFlight.length === 0 && this.#sides().every((side) => side.isClosed)
  }

  /** Runs until the time `until`. */
  runUntil(until: number): void {
    let idleSteps = 0
    for (;;) {
      this.step()
      const next = this.#nextTime()
      if (next > until) break
      idleSteps = next > this.now ? 0 : idleSteps + 1
      if (idleSteps > 2) throw new Error(`A deadline at ${this.now} is due again and again.`)
      this.now = Math.max(this.now, next)
    }
    this.now = until
  }

  run(durationMs: number): void {
    this.runUntil(this.now + durationMs)
  }

  /** One step of everybody's main loop. */
  step(maxSilenceMs = Infinity): void {
    this.#deliver()
    for (const side of this.#sides()) if (!side.isClosed) side.session.handleTimeout(this.now, maxSilenceMs)
    this.#answerRequests()
    for (const side of this.#sides()) this.#drainEvents(side)
    this.#transmitAnswers()
    for (const side of this.#sides()) this.#transmit(side)
  }

  #sides(): Side[] {
    return [this.client, ...this.servers]
  }

  #nextTime(): number {
    const deadlines = this.#sides().map((side) => (side.isClosed ? Infinity : side.session.nextDeadline))
    return Math.min(...deadlines, ...this.#inFlight.map(({ arrivesAt }) => arrivesAt))
  }

  #deliver(): void {
    for (const reporter of this.#reporters.values()) reporter.report()
    const arrived = this.#inFlight
      .filter(({ arrivesAt }) => arrivesAt <= this.now)
      .sort((a, b) => a.arrivesAt - b.arrivesAt)
    for (const flight of arrived) {
      this.#inFlight.splice(this.#inFlight.indexOf(flight), 1)
      const { bytes, from, to } = flight.datagram
      if (isSameAddress(to, this.frontDoor)) this.door.handleDatagram(flight.arrivesAt, bytes, from)
      const side = this.#sides().find((candidate) => !candidate.isClosed && isSameAddress(to, candidate.address))
      side?.session.handleDatagram(flight.arrivesAt, bytes, from)
    }
  }

  #answerRequests(): void {
    for (let event = this.door.pollEvent(); event; event = this.door.pollEvent()) {
      if (event.type !== 'request') continue
      if (!this.#admits(event.request)) {
        this.door.refuse(this.now, event.request, 1, 'no')
        continue
      }
      const address = { host: this.frontDoor.host, port: 40_000 + this.servers.length }
      const admission = this.#carry(this.door.admit(this.now, event.request, address))
      const session = new ClassicServerSession(this.now, this.#settings, admission)
      const side = new Side(session, address)
      this.servers.push(side)
      this.#reporters.set(side, new AdmissionReporter(carriedListener(this.door, this.#carry), admission.id, session))
    }
  }

  #drainEvents(side: Side): void {
    for (let event = side.session.pollEvent(); event; event = side.session.pollEvent()) {
      side.events.push(event)
      if (side.isClosed) throw new Error(`'${event.type}' came after 'closed'.`)
      if (event.type === 'peer') side.peer = event.remote
      if (event.type === 'closed') {
        side.isClosed = true
        this.#reporters.get(side)?.end()
        this.#reporters.delete(side)
      }
      this.onEvent(side, event)
    }
  }

  #transmitAnswers(): void {
    for (;;) {
      const sent = this.door.pollTransmit(this.now, this.#into)
      if (sent === undefined) return
      this.#put(this.frontDoor, sent.destination, this.#into.slice(0, sent.lengthBytes))
    }
  }

  #transmit(side: Side): void {
    for (;;) {
      const sent = side.session.pollTransmit(this.now, this.#into)
      if (sent === undefined) return
      const { lengthBytes, destination: to } = sent
      if (side.isClosed) throw new Error('A session that is closed says something.')
      if (side.peer !== undefined && !isSameAddress(side.peer, to)) {
        throw new Error(
          `A socket that is connected to ${formatAddress(side.peer)} cannot send to ${formatAddress(to)}.`,
        )
      }
      this.#put(side.address, to, this.#into.slice(0, lengthBytes))
    }
  }

  #put(from: Address, to: Address, bytes: Uint8Array): void {
    const datagram = { at: this.now, from, to, bytes, text: toText(bytes) }
    this.sent.push(datagram)
    for (const delayMs of this.wire(datagram)) this.#inFlight.push({ arrivesAt: this.now + delayMs, datagram })
  }
}
