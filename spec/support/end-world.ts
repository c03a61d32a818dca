import type { Address } from '../../lib/core/address.ts'
import type { HostedSession, HostObserver } from '../../lib/host/host-observer.ts'
import type { ProtocolDependencies } from '../../lib/host/protocols.ts'
import { internalsOf, type UDPipe } from '../../lib/host/udpipe.ts'
import type { UDPipeOptions } from '../../lib/options/options.ts'
import type { ConnectionRequest, FrontDoor, FrontDoorEvent } from '../../lib/session/front-door.ts'
import { World } from '../../lib/simulator/index.ts'
import type {
  Link,
  LoopOptions as HzOptions,
  Network,
  Program,
  Random,
  Receiver,
  SettleOptions,
  SimulationOptions,
  Timer,
  TimerOptions,
} from '../../lib/simulator/index.ts'
import { End, type EventListener } from './end.ts'
import { SimulatedPipe } from './simulated-pipe.ts'

/** How a program steps its UDPipe, as scenarios say it. */
export interface LoopOptions extends Omit<HzOptions, 'hz'> {
  /** Steps at this interval, as a game's main loop does. Without it, as `run()` does. */
  readonly stepMs?: number | undefined
}

/** What a UDPipe is made with: its options, and what no option says. */
export interface PipeOptions {
  readonly options: UDPipeOptions
  readonly tuning?: Partial<ProtocolDependencies>
}

/** The server of an {@link EndWorld}. */
export interface ServerOptions {
  readonly loop?: LoopOptions | undefined
  readonly maxClients?: number | undefined
  /** Is told of the events of every client's session. */
  readonly onEvent?: EventListener | undefined
  /** Is told of each client that was let in, before its first event. */
  readonly onAdmit?: ((end: End, request: ConnectionRequest) => void) | undefined
  /** Is told of what the front doors say, before the server hears of it. */
  readonly onFrontDoorEvent?: ((event: FrontDoorEvent) => void) | undefined
}

/** A client of an {@link EndWorld}. */
export interface ClientOptions {
  /** Default: a host of its own. Clients on one host share its links. */
  readonly address?: Address | undefined
  readonly name?: string | undefined
  readonly loop?: LoopOptions | undefined
  readonly link?: Parameters<Link['configure']>[0] | undefined
  readonly uplink?: Parameters<Link['configure']>[0] | undefined
  readonly downlink?: Parameters<Link['configure']>[0] | undefined
  readonly mapsPerDestination?: boolean | undefined
  readonly onEvent?: EventListener | undefined
}

const DEFAULT_ADDRESS: Address = { host: '10.0.0.1', port: 1234 }

/** A world in which somebody looks on at some UDPipes, which are made with more than options. */
class ObservedWorld extends World {
  readonly #settling = new Map<UDPipe, { observer: HostObserver; tuning: Partial<ProtocolDependencies> | undefined }>()

  override note(name: string, text: string): void {
    this.context.trace?.note(this.now, name, text)
  }

  /** To be told before the UDPipe is started or connected. */
  observe(pipe: UDPipe, observer: HostObserver, tuning: Partial<ProtocolDependencies> | undefined): void {
    this.#settling.set(pipe, { observer, tuning })
  }

  protected override settlePipe(pipe: UDPipe, program: Program): void {
    const settling = this.#settling.get(pipe)
    this.#settling.delete(pipe)
    super.settlePipe(pipe, program, settling?.observer, settling?.tuning)
  }
}

/** One server and any number of clients, shipped ones, seen from within: each connection has an {@link End} at either side. */
export class EndWorld {
  readonly clients: End[] = []
  readonly #world: ObservedWorld
  readonly #serverOptions: ServerOptions
  readonly #serverPipe: PipeOptions
  readonly #pipes = new Map<End, UDPipe>()
  #server: Server
  #clientCount = 0

  constructor(simulation: SimulationOptions, server: ServerOptions, pipe: PipeOptions) {
    const { seed, link = {}, trace = false } = simulation
    this.#world = new ObservedWorld({ seed, link, trace })
    this.#serverOptions = server
    this.#serverPipe = pipe
    this.#server = this.#startServer()
  }

  get now(): number {
    return this.#world.now
  }

  get network(): Network {
    return this.#world.network
  }

  get random(): Random {
    return this.#world.random
  }

  /** The server that runs at present. */
  get server(): Server {
    return this.#server
  }

  run(durationMs: number): void {
    this.#world.run(durationMs)
  }

  runUntil(untilMs: number): void {
    this.#world.runUntil(untilMs)
  }

  waitFor(isDone: () => boolean, limitMs?: number): boolean {
    return this.#world.waitFor(isDone, limitMs)
  }

  settle(options?: SettleOptions): number {
    return this.#world.settle(options)
  }

  at(timeMs: number, action: () => void): Timer {
    return this.#world.at(timeMs, action)
  }

  every(intervalMs: number, action: () => void, options?: TimerOptions): Timer {
    return this.#world.every(intervalMs, action, options)
  }

  note(name: string, text: string): void {
    this.#world.note(name, text)
  }

  /** Kills the server without a word and starts another one at the same place. */
  restartServer(): void {
    this.#server.stop()
    this.#world.crash(this.#server.pipe)
    this.#server = this.#startServer()
  }

  /** Adds a client; it begins to dial at this very time. */
  addClient({ options, tuning }: PipeOptions, client: ClientOptions): End {
    const { address, loop, onEvent, link, uplink, downlink, mapsPerDestination } = client
    this.#clientCount += 1
    const name = client.name ?? `client ${this.#clientCount}`
    let end: End | undefined
    const pipe = new SimulatedPipe(options)
    const observer: HostObserver = {
      onOpen: (driver) => (end = new End(name, driver, this.#world.program(pipe), onEvent)),
      onEvent: (_driver, event) => {
        this.#world.note(name, event.type)
        end?.tell(event)
      },
      onOver: () => end?.end(),
    }
    this.#world.observe(pipe, observer, tuning)
    const where = { host: address?.host, port: address?.port, link, uplink, downlink, mapsPerDestination }
    this.#world.connect(pipe, this.#server.address.port, { name, ...where, ...hzOf(loop) })
    if (end === undefined) throw new Error(`${name} has no session: ${pipe.errors.join('; ')}`)
    this.#pipes.set(end, pipe)
    this.clients.push(end)
    return end
  }

  /** Lets go of a client that is over, so that a long simulation does not keep all that there ever were. */
  forget(client: End): void {
    const place = this.clients.indexOf(client)
    if (place < 0 || !client.isOver) return
    this.clients.splice(place, 1)
    this.#world.crash(this.#pipeOf(client))
    this.#pipes.delete(client)
  }

  move(client: End, to: Address): void {
    this.#world.move(this.#pipeOf(client), to)
  }

  uplink(client: End): Link {
    return this.#world.uplink(this.#pipeOf(client))
  }

  downlink(client: End): Link {
    return this.#world.downlink(this.#pipeOf(client))
  }

  /** The newest of the server's ends that there are for a client. */
  serverEnd(client: End): End | undefined {
    return this.#server.endFor(client)
  }

  #startServer(): Server {
    const { loop, maxClients, onFrontDoorEvent } = this.#serverOptions
    const { options, tuning } = this.#serverPipe
    const pipe = new SimulatedPipe({ ...options, ...(maxClients !== undefined && { maxClients }) })
    const server = new Server(pipe, this.#serverOptions, this.#world)
    this.#world.observe(pipe, server, tuning)
    this.#world.start(pipe, DEFAULT_ADDRESS.port, { host: DEFAULT_ADDRESS.host, ...hzOf(loop) })
    if (onFrontDoorEvent !== undefined) for (const door of server.frontDoors) overhear(door, onFrontDoorEvent)
    return server
  }

  #pipeOf(client: End): UDPipe {
    const pipe = this.#pipes.get(client)
    if (pipe === undefined) throw new Error(`${client.name} is no client of this world.`)
    return pipe
  }
}

/** A server in an {@link EndWorld}, and its ends. */
export class Server implements HostObserver {
  readonly address = DEFAULT_ADDRESS
  readonly pipe: SimulatedPipe
  readonly #options: ServerOptions
  readonly #world: ObservedWorld
  readonly #ends = new Map<HostedSession, { readonly end: End; readonly dialer: Receiver | undefined }>()
  #admitted = 0

  constructor(pipe: SimulatedPipe, options: ServerOptions, world: ObservedWorld) {
    this.pipe = pipe
    this.#options = options
    this.#world = world
  }

  get loop(): Program {
    return this.#world.program(this.pipe)
  }

  get frontDoors(): readonly FrontDoor[] {
    return internalsOf(this.pipe).server?.doors ?? []
  }

  /** The ends of the clients that are there, oldest first. */
  get endpoints(): End[] {
    return Array.from(this.#ends.values(), ({ end }) => end)
  }

  get clientCount(): number {
    return this.#ends.size
  }

  /** How many datagrams the program did not take at its public port. */
  get droppedArrivals(): number {
    const port = this.loop.ports.find(({ address }) => address.port === this.address.port)
    return port === undefined ? 0 : port.counters.droppedInbox + port.droppedByKernel
  }

  /** The newest end of those that a client asked for. */
  endFor(client: End): End | undefined {
    let found: End | undefined
    for (const { end, dialer } of this.#ends.values()) if (dialer === client.port) found = end
    return found
  }

  /** Has the server vanish without a word, and all its clients' sessions with it. */
  stop(): void {
    this.loop.stop()
    this.#ends.clear()
  }

  onOpen(driver: HostedSession, request: ConnectionRequest | undefined): void {
    if (request === undefined) return
    this.#admitted += 1
    const end = new End(`server/${this.#admitted}`, driver, this.loop, this.#options.onEvent)
    this.#ends.set(driver, { end, dialer: this.#world.network.receiverAt(request.source) })
    this.#options.onAdmit?.(end, request)
  }

  onEvent(driver: HostedSession, event: Parameters<HostObserver['onEvent']>[1]): void {
    const end = this.#ends.get(driver)?.end
    if (end === undefined) return
    this.#world.note(end.name, event.type)
    end.tell(event)
  }

  onOver(driver: HostedSession): void {
    this.#ends.get(driver)?.end.end()
    this.#ends.delete(driver)
  }
}

/** Tells somebody of each event that a front door hands out. */
function overhear(door: FrontDoor, onEvent: (event: FrontDoorEvent) => void): void {
  const pollEvent = door.pollEvent.bind(door)
  door.pollEvent = () => {
    const event = pollEvent()
    if (event !== undefined) onEvent(event)
    return event
  }
}

function hzOf({ stepMs, ...loop }: LoopOptions = {}): HzOptions {
  return stepMs === undefined ? { ...loop, phaseMs: undefined } : { ...loop, hz: 1000 / stepMs }
}
