import type { Address } from '../core/address.ts'
import { wipeKeys, type Admission, type ReturnOffer, type ServerSession } from '../session/admission.ts'
import { AdmissionReporter } from '../session/admission-reporter.ts'
import type { FrontDoor, FrontDoorEvent, ConnectionRequest } from '../session/front-door.ts'
import { refusalCodes } from '../session/codes.ts'
import { Endpoint, type EventListener, type Ground } from './endpoint.ts'
import { Loop, type LoopOptions } from './loop.ts'
import type { Receiver, Socket } from './network.ts'
import type { Random } from './random.ts'
import type { Actor } from './timeline.ts'

/** What a front door is made from. */
export interface FrontDoorStart {
  /** The time by the server's clock. */
  readonly now: number
  /** Numbers from 0 up to, not including, 1. */
  readonly random: () => number
  /** Where the door is. */
  readonly address: Address
}

/** A front door, and how those that it lets in become sessions. */
export interface HostedDoor {
  readonly door: FrontDoor
  /** Makes a session at a time of the server's clock. */
  readonly createSession: (now: number, admission: Admission) => ServerSession
}

/** A client that was let in. */
interface Client {
  readonly endpoint: Endpoint
  readonly session: ServerSession
  readonly reporter: AdmissionReporter
  readonly dialer: Receiver | undefined
}

/** Options of a simulated server. */
export interface ServerOptions {
  /** Makes the front doors, one for each protocol that is spoken at the public port. */
  readonly frontDoors: readonly ((start: FrontDoorStart) => HostedDoor)[]
  /** The public port. Default `10.0.0.1:1234`. */
  readonly address?: Address
  /** The first private port; later clients get the next ones that are free. Default 40,000. */
  readonly firstPrivatePort?: number
  /** Further clients are refused. Default 1,024. */
  readonly maxClients?: number
  /** What they are told. Default: that the server is full. */
  readonly refusal?: { readonly code: number; readonly reason: string }
  readonly loop?: LoopOptions
  /** Whether private ports are connected to their clients, and hear nobody else then. Default false. */
  readonly connectsSockets?: boolean | undefined
  /** Is told of the events of every client's session. */
  readonly onEvent?: EventListener | undefined
  /** Is told of each client that was let in, before its first event. */
  readonly onAdmit?: ((endpoint: Endpoint, request: ConnectionRequest) => void) | undefined
  /** Is told of what the front doors say. */
  readonly onFrontDoorEvent?: ((event: FrontDoorEvent) => void) | undefined
}

const DEFAULT_FIRST_PORT = 40_000
const MAX_PORT = 65_535
const DEFAULT_ADDRESS: Address = { host: '10.0.0.1', port: 1234 }

/** A server: front doors at a public port, and a private port for each client that was let in. */
export class Server implements Actor, Receiver {
  readonly name = 'server'
  readonly address: Address
  readonly frontDoors: readonly FrontDoor[]
  readonly loop: Loop
  readonly #ground: Ground
  readonly #options: ServerOptions
  readonly #socket: Socket
  readonly #slot: number
  readonly #inbox: { readonly time: number; readonly bytes: Uint8Array; readonly source: Address }[] = []
  readonly #hosted: readonly HostedDoor[]
  /** By the ids of their admissions. */
  readonly #clients = new Map<string, Client>()
  #nextPort: number
  #admitted = 0
  #droppedArrivals = 0
  #isStopped = false

  constructor(ground: Ground, random: Random, options: ServerOptions) {
    this.#ground = ground
    this.#options = options
    this.address = options.address ?? DEFAULT_ADDRESS
    this.#nextPort = options.firstPrivatePort ?? DEFAULT_FIRST_PORT
    this.loop = new Loop(options.loop)
    this.#socket = ground.network.open(this, this.address)
    this.#slot = ground.timeline.add(this)
    const now = this.loop.clock.read(ground.timeline.now)
    this.#hosted = options.frontDoors.map((create, i) =>
      create({ now, random: random.fork(`door ${i}`).next, address: this.address }),
    )
    this.frontDoors = this.#hosted.map(({ door }) => door)
    if (this.loop.isTicking) ground.timeline.set(this.#slot, this.loop.nextTick(ground.timeline.now))
  }

  /** The clients that are there, oldest first. */
  get endpoints(): Endpoint[] {
    return Array.from(this.#clients.values(), ({ endpoint }) => endpoint)
  }

  /** How many clients are there. */
  get clientCount(): number {
    return this.#clients.size
  }

  /** How many datagrams were dropped because the inbox of the public port was full. */
  get droppedArrivals(): number {
    return this.#droppedArrivals
  }

  /** The newest session's end of those that were let in after a client said HELLO, if it is there. */
  findEndpoint(client: Endpoint): Endpoint | undefined {
    let found: Endpoint | undefined
    for (const { endpoint, dialer } of this.#clients.values()) if (dialer === client) found = endpoint
    return found
  }

  /** Has the server vanish without a word, and all its clients' sessions with it. */
  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    for (const { endpoint } of this.#clients.values()) endpoint.stop()
    this.#clients.clear()
    this.#inbox.length = 0
    this.#ground.network.close(this.#socket)
    this.#ground.timeline.remove(this.#slot)
  }

  receive(now: number, bytes: Uint8Array, source: Address): string {
    if (this.#inbox.length >= this.loop.inboxPackets) {
      this.#droppedArrivals += 1
      return 'inbox full'
    }
    this.#inbox.push({ time: this.loop.clock.read(now), bytes, source })
    if (!this.loop.isTicking) this.#ground.timeline.set(this.#slot, this.loop.runsFrom(now))
    return ''
  }

  act(now: number): void {
    const running = this.loop.runsFrom(now)
    if (running > now) {
      this.#ground.timeline.set(this.#slot, running)
      return
    }
    this.#step(now)
    if (this.loop.isTicking && !this.#isStopped) {
      this.#ground.timeline.set(this.#slot, this.loop.runsFrom(this.loop.nextTick(now)))
    }
  }

  #step(now: number): void {
    const local = this.loop.clock.read(now)
    for (const { reporter } of this.#clients.values()) reporter.report()
    for (const { time, bytes, source } of this.#inbox) {
      this.frontDoors.find((door) => door.isHello(bytes))?.handleDatagram(time, bytes, source)
    }
    this.#inbox.length = 0
    for (const hosted of this.#hosted) {
      this.#answer(hosted, local)
      this.#transmit(hosted.door, now, local)
    }
  }

  #answer(hosted: HostedDoor, local: number): void {
    const { door } = hosted
    for (let event = door.pollEvent(); event !== undefined; event = door.pollEvent()) {
      this.#options.onFrontDoorEvent?.(event)
      if (event.type === 'superseded') this.#abandon(local, event.id)
      if (event.type === 'returning') this.#offerReturn(event.id, event.offer)
      if (event.type !== 'request') continue
      const { maxClients = 1_024, refusal = { code: refusalCodes.full, reason: 'the server is full' } } = this.#options
      if (this.#clients.size >= maxClients) this.#evict()
      if (this.#clients.size >= maxClients) door.refuse(local, event.request, refusal.code, refusal.reason)
      else this.#admit(hosted, local, event.request)
    }
  }

  #abandon(local: number, id: string): void {
    const client = this.#clients.get(id)
    client?.session.abandon(local)
    client?.endpoint.wake()
  }

  #offerReturn(id: string, offer: ReturnOffer): void {
    const session = this.#clients.get(id)?.session
    if (session?.offerReturn === undefined) wipeKeys(offer.keys)
    else session.offerReturn(offer)
  }

  /** Gives up the client that was lost first, of those that might come back. */
  #evict(): void {
    for (const { endpoint } of this.#clients.values()) {
      if (endpoint.session.state !== 'waiting') continue
      endpoint.close()
      endpoint.wake()
      return
    }
  }

  #admit({ door, createSession }: HostedDoor, local: number, request: ConnectionRequest): void {
    const address = this.#takePort()
    const admission = door.admit(local, request, address)
    const session = createSession(local, admission)
    const reporter = new AdmissionReporter(door, admission.id, session)
    this.#admitted += 1
    const endpoint = new Endpoint(this.#ground, {
      name: `server/${this.#admitted}`,
      session,
      address,
      loop: this.loop,
      connectsSocket: this.#options.connectsSockets,
      onEvent: this.#options.onEvent,
      onOver: () => {
        this.#clients.delete(admission.id)
        reporter.end()
      },
    })
    const dialer = this.#ground.network.receiverAt(request.source)
    this.#clients.set(admission.id, { endpoint, session, reporter, dialer })
    this.#options.onAdmit?.(endpoint, request)
  }

  #transmit(door: FrontDoor, now: number, local: number): void {
    const { network, scratch } = this.#ground
    for (;;) {
      const length = door.pollTransmit(local, scratch)
      if (length === 0) return
      network.send(now, scratch.subarray(0, length), this.#socket, door.destination)
    }
  }

  #takePort(): Address {
    const { host } = this.address
    while (this.#ground.network.isTaken({ host, port: this.#nextPort })) this.#advancePort()
    const port = this.#nextPort
    this.#advancePort()
    return { host, port }
  }

  /** Behind the last port comes the first one again. */
  #advancePort(): void {
    const { firstPrivatePort = DEFAULT_FIRST_PORT } = this.#options
    this.#nextPort = this.#nextPort === MAX_PORT ? firstPrivatePort : this.#nextPort + 1
  }
}
