import type { Transmit } from '../../lib/session/transmit.ts'
import { ReliableClient } from '../../lib/reliable/handshake/client.ts'
import { ReliableFrontDoor } from '../../lib/reliable/handshake/front-door.ts'
import type { ConnectionTuning } from '../../lib/reliable/connection/connection.ts'
import type { SecurityFactory } from '../../lib/security/security.ts'
import type { TicketCheckOptions } from '../../lib/security/ticket-check.ts'
import type { Address } from '../../lib/core/address.ts'
import type { Admission, ServerSession } from '../../lib/session/admission.ts'
import { AdmissionReporter } from '../../lib/session/admission-reporter.ts'
import { DEFAULT_FRONT_DOOR_LIMITS, type FrontDoorLimits } from '../../lib/session/hello-gate.ts'
import type { ConnectionRequest, FrontDoorEvent } from '../../lib/session/front-door.ts'
import type { ConnectToken, Session, SessionEvent } from '../../lib/session/session.ts'
import type { SessionSettings } from '../../lib/session/settings.ts'
import { Random } from '../../lib/simulator/index.ts'
import { carriedListener, type Carry } from './couriers.ts'
import { sessionsWith } from './sessions.ts'
import { createSettings } from './settings.ts'

/** Where a datagram goes: to the front door, to a private port, or to the client. */
export type Place = 'door' | 'server' | 'client'

/** A datagram on its way. */
export interface Passing {
  readonly to: Place
  readonly bytes: Uint8Array
}

/** How a {@link Conversation} is made. */
export interface ConversationOptions extends ConnectionTuning {
  readonly seed?: number
  readonly clientSecurity: SecurityFactory
  readonly serverSecurity?: SecurityFactory
  readonly clientToken?: string
  readonly settings?: Partial<SessionSettings>
  /** What the front door takes, over the default. */
  readonly limits?: Partial<FrontDoorLimits>
  readonly tickets?: TicketCheckOptions
  readonly connectToken?: ConnectToken
  /** How what the front door and the host of its clients tell each other gets there. Default: as it is. */
  readonly carry?: Carry
  /** Sees each datagram before it is delivered. */
  readonly onPassing?: (passing: Passing, conversation: Conversation) => void
}

export const clientAddress: Address = { host: '10.0.0.2', port: 50_000 }
export const doorAddress: Address = { host: '10.0.0.1', port: 1_234 }
const privateAddress: Address = { host: '10.0.0.1', port: 40_000 }

const STEP_MS = 5

/** A client and a server with nothing between them but a hand that sees, and may copy, every datagram. Nothing is lost. */
export class Conversation {
  readonly client: ReliableClient
  readonly door: ReliableFrontDoor
  readonly passed: Passing[] = []
  readonly clientEvents: SessionEvent[] = []
  readonly serverEvents: SessionEvent[] = []
  readonly requests: ServerSession[] = []
  /** Whether all that is on its way is lost. */
  isCut = false
  badTokens = 0
  now = 0
  readonly #buffer = new Uint8Array(2_000)
  readonly #onPassing: ConversationOptions['onPassing']
  readonly #carry: Carry
  readonly #createSession: (now: number, admission: Admission) => ServerSession
  /** Those that are there, by the ids of their admissions. */
  readonly #hosted = new Map<string, { readonly session: ServerSession; readonly reporter: AdmissionReporter }>()

  constructor(options: ConversationOptions) {
    const { seed = 1, clientSecurity, serverSecurity = clientSecurity, clientToken = 'token', onPassing } = options
    const settings = createSettings({ reconnect: false, mtuBytes: 512, ...options.settings })
    this.#onPassing = onPassing
    this.#carry = options.carry ?? ((told) => told)
    this.client = new ReliableClient(0, settings, doorAddress, {
      ...options,
      token: clientToken,
      security: clientSecurity,
      randomBytes: bytesOf(seed, 'client'),
    })
    const randomBytes = bytesOf(seed, 'server')
    this.door = new ReliableFrontDoor(settings, {
      token: 'token',
      security: serverSecurity,
      limits: { ...DEFAULT_FRONT_DOOR_LIMITS, ...options.limits },
      tickets: options.tickets,
      randomBytes,
    })
    this.#createSession = sessionsWith(settings, { ...options, security: serverSecurity, randomBytes })
  }

  /** The server's end, of the client that was let in last. */
  get server(): Session | undefined {
    return this.requests.at(-1)
  }

  /** Lets both ends talk for a while. */
  run(durationMs: number): void {
    for (const until = this.now + durationMs; this.now < until; this.now += STEP_MS) {
      for (let isBusy = true; isBusy;) isBusy = this.#step()
    }
  }

  /** Delivers a datagram now, whoever sent it. The receiver gets bytes of its own. */
  deliver({ to, bytes }: Passing, source = to === 'client' ? doorAddress : clientAddress): void {
    const copy = bytes.slice()
    if (to === 'client') this.client.handleDatagram(this.now, copy, source)
    else if (to === 'door') this.door.handleDatagram(this.now, copy, source)
    else this.server?.handleDatagram(this.now, copy, source)
  }

  /** Passes on what the front door has answered by now. */
  passAnswers(): void {
    this.#pass(this.door, () => 'client', doorAddress)
  }

  /** Text messages that arrived at one end. */
  heard(events: readonly SessionEvent[]): string[] {
    return events.flatMap((event) => (event.type === 'message' ? [new TextDecoder().decode(event.message)] : []))
  }

  #step(): boolean {
    const before = this.passed.length
    this.client.handleTimeout(this.now, STEP_MS)
    this.server?.handleTimeout(this.now, STEP_MS)
    this.#takeRequests()
    drain(this.client, this.clientEvents)
    for (const [id, { session, reporter }] of this.#hosted) {
      drain(session, this.serverEvents)
      reporter.report()
      if (session.state !== 'closed') continue
      this.#hosted.delete(id)
      reporter.end()
    }
    const { client, server } = this
    this.#pass(client, (to) => (to.port === doorAddress.port ? 'door' : 'server'), clientAddress)
    this.passAnswers()
    if (server !== undefined) this.#pass(server, () => 'client', privateAddress)
    return this.passed.length > before
  }

  #takeRequests(): void {
    for (let event = this.door.pollEvent(); event; event = this.door.pollEvent()) {
      if (event.type === 'bad-token') this.badTokens += 1
      else if (event.type === 'request') this.#admit(event.request)
      else this.#tellHost(this.#carry(event))
    }
  }

  #tellHost(event: FrontDoorEvent): void {
    if (event.type === 'superseded') this.#hosted.get(event.id)?.session.abandon(this.now)
    if (event.type === 'returning') this.#hosted.get(event.id)?.session.offerReturn?.(event.offer)
  }

  #admit(request: ConnectionRequest): void {
    const admission = this.#carry(this.door.admit(this.now, request, privateAddress))
    const session = this.#createSession(this.now, admission)
    this.requests.push(session)
    const reporter = new AdmissionReporter(carriedListener(this.door, this.#carry), admission.id, session)
    this.#hosted.set(admission.id, { session, reporter })
  }

  #pass(
    from: { pollTransmit(now: number, into: Uint8Array): Transmit | undefined },
    placeOf: (destination: Address) => Place,
    source: Address,
  ): void {
    for (;;) {
      const sent = from.pollTransmit(this.now, this.#buffer)
      if (sent === undefined) return
      const passing = { to: placeOf(sent.destination), bytes: this.#buffer.slice(0, sent.lengthBytes) }
      this.passed.push(passing)
      this.#onPassing?.(passing, this)
      if (!this.isCut) this.deliver(passing, source)
    }
  }
}

function drain(session: Session, into: SessionEvent[]): void {
  for (let event = session.pollEvent(); event; event = session.pollEvent()) into.push(event)
}

function bytesOf(seed: number, label: string): (length: number) => Uint8Array {
  const random = new Random(seed).fork(label)
  return (length) => random.bytes(length)
}
