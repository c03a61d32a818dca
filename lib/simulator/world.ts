import type { Address } from '../core/address.ts'
import type { HostObserver } from '../host/host-observer.ts'
import type { ProtocolDependencies } from '../host/protocols.ts'
import { internalsOf, type UDPipe } from '../host/udpipe.ts'
import type { ClockOptions } from './clock.ts'
import type { LinkOptions, Partition } from './link-options.ts'
import type { Link } from './link.ts'
import { Program } from './program.ts'
import { Simulation } from './simulation.ts'

/** How the program of a {@link World} runs that has a UDPipe. */
export interface LoopOptions {
  /** Steps so many times a second, as a game's main loop does. Default: as datagrams arrive and deadlines fall due, as `run()` does. */
  readonly hz?: number | undefined
  /** When the first of those steps is, in the simulation's time from now. Default: one interval from now. */
  readonly phaseMs?: number | undefined
  /** Spans of the simulation's time in which the program does nothing at all. Default none. */
  readonly pauses?: readonly Partition[] | undefined
  /** The machine's own clock. */
  readonly clock?: ClockOptions | undefined
  /** How many datagrams wait in each of its sockets for the next step. Default 16,384. */
  readonly inboxDatagrams?: number | undefined
}

/** Options of {@link World.start}. */
export interface StartOptions extends LoopOptions {
  readonly name?: string
  /** Default `10.0.0.1`. */
  readonly host?: string
}

/** Options of {@link World.connect}. */
export interface ConnectOptions extends LoopOptions {
  readonly name?: string | undefined
  /** Default: a host of its own. Clients on one host share its links. */
  readonly host?: string | undefined
  /** Its port. Default 50,000, or the next one that is free. */
  readonly port?: number | undefined
  /** Where the server is. Default: the host of the one that was started last. */
  readonly server?: string | undefined
  /** What the links to and from its host do, over the world's default. */
  readonly link?: LinkOptions | undefined
  /** What the link to the server does, over `link`. */
  readonly uplink?: LinkOptions | undefined
  /** What the link from the server does, over `link`. */
  readonly downlink?: LinkOptions | undefined
  /** Whether it is behind a NAT that shows each destination another port. Default false. */
  readonly mapsPerDestination?: boolean | undefined
}

const SERVER_HOST = '10.0.0.1'
const FIRST_PRIVATE_PORT = 40_000
const FIRST_CLIENT_PORT = 50_000
const FIRST_MOVED_PORT = 55_000

/** A UDPipe on its program. */
interface Inhabitant {
  readonly pipe: UDPipe
  readonly program: Program
  /** Where a client's server is. */
  readonly server: string
}

/**
 * Servers and clients, real ones, on virtual time: an hour of a bad network in a moment, and the same one again for the same seed.
 *
 * ```ts
 * const world = new World({ seed: 7, link: { delayMs: 40, jitterMs: 10, loss: 0.05 } })
 * const server = world.start(new GameServer({ token: 'x' }), 1234)
 * const client = world.connect(new GameClient({ token: 'x' }), 1234)
 * world.run(60_000)
 * ```
 *
 * A callback that throws ends the run with what it threw. Promises are not on virtual time: they settle once the spec awaits something.
 */
export class World extends Simulation {
  readonly #inhabitants = new Map<UDPipe, Inhabitant>()
  #serverHost = SERVER_HOST
  #programCount = 0
  #clientCount = 0
  #moveCount = 0

  /**
   * Starts a server, as `pipe.start(port)` would.
   *
   * @param pipe not started before
   * @returns the same `pipe`
   */
  start<Pipe extends UDPipe>(pipe: Pipe, port: number, options: StartOptions = {}): Pipe {
    const { host = SERVER_HOST, name = 'server' } = options
    const program = this.#createProgram(name, host, FIRST_PRIVATE_PORT, options)
    this.#serverHost = host
    this.#settle(pipe, program, host)
    void pipe.start(port, host)
    this.#drive(pipe, program, options)
    return pipe
  }

  /**
   * Connects a client, as `pipe.connect(server, port)` would; it begins to dial at this very time.
   *
   * @param pipe not connected before
   * @returns the same `pipe`
   */
  connect<Pipe extends UDPipe>(pipe: Pipe, port: number, options: ConnectOptions = {}): Pipe {
    this.#clientCount += 1
    const { name = `client ${this.#clientCount}`, server = this.#serverHost } = options
    const host = options.host ?? clientHost(this.#clientCount)
    this.network.link(host, server).configure({ ...options.link, ...options.uplink })
    this.network.link(server, host).configure({ ...options.link, ...options.downlink })
    const program = this.#createProgram(name, host, options.port ?? FIRST_CLIENT_PORT, options)
    this.#settle(pipe, program, server)
    void pipe.connect(server, port)
    this.#drive(pipe, program, options)
    return pipe
  }

  /** The program that a UDPipe of this world runs in: its clock, its sockets, and what is to be called in it. */
  program(pipe: UDPipe): Program {
    return this.#inhabitant(pipe).program
  }

  /** Blocks a program's main loop from now on for `durationMs`: nothing runs in it, and what arrives waits in the kernel. */
  pause(pipe: UDPipe, durationMs: number): void {
    this.program(pipe).pause(this.now, this.now + durationMs)
  }

  /** Has a program vanish without a word, as SIGKILL does. Another one may be started at the same place. */
  crash(pipe: UDPipe): void {
    this.program(pipe).stop()
    this.#inhabitants.delete(pipe)
  }

  /** The link that a client's datagrams to its server take. */
  uplink(client: UDPipe): Link {
    const { program, server } = this.#inhabitant(client)
    return this.network.link(shownHost(program), server)
  }

  /** The link that the server's datagrams to a client take. */
  downlink(client: UDPipe): Link {
    const { program, server } = this.#inhabitant(client)
    return this.network.link(server, shownHost(program))
  }

  /** Changes what both of a client's links do to what is sent from now on. */
  configure(client: UDPipe, link: LinkOptions): void {
    this.uplink(client).configure(link)
    this.downlink(client).configure(link)
  }

  /** Loses everything to and from a client from now on for `durationMs`. */
  blackout(client: UDPipe, durationMs: number): void {
    const partition = { fromMs: this.now, untilMs: this.now + durationMs }
    for (const link of [this.uplink(client), this.downlink(client)]) {
      link.configure({ partitions: [...link.settings.partitions, partition] })
    }
  }

  /**
   * Has a client come from another address from now on, as behind a NAT that forgot it (another port, which is the default) or in another
   * network (another host, by links with the options of the old ones). What is on its way to the old address is lost.
   */
  move(client: UDPipe, to?: Partial<Address>): void {
    const { program, server } = this.#inhabitant(client)
    const [uplink, downlink] = [this.uplink(client), this.downlink(client)]
    for (const { socket } of program.ports) {
      const { host = socket.address.host, port = this.#nextMovedPort() } = to ?? {}
      const isElsewhere = host !== socket.address.host
      this.network.rebind(socket, { host, port })
      if (!isElsewhere) continue
      this.network.link(host, server).configure(uplink.settings)
      this.network.link(server, host).configure(downlink.settings)
    }
  }

  /** Has a UDPipe live here, before it is started or connected. */
  protected settlePipe(
    pipe: UDPipe,
    program: Program,
    observer?: HostObserver,
    tuning?: Partial<ProtocolDependencies>,
  ): void {
    const internals = internalsOf(pipe)
    internals.settle(program.platform(internals.platform), observer, tuning)
  }

  #settle(pipe: UDPipe, program: Program, server: string): void {
    if (this.#inhabitants.has(pipe)) throw new Error('This UDPipe lives in this world already: use another.')
    this.settlePipe(pipe, program)
    this.#inhabitants.set(pipe, { pipe, program, server })
  }

  #drive(pipe: UDPipe, program: Program, { hz, phaseMs }: LoopOptions): void {
    const { engine } = internalsOf(pipe)
    const intervalMs = hz === undefined ? undefined : 1000 / hz
    const firstAt = phaseMs === undefined ? undefined : program.now + phaseMs
    engine.drive({
      intervalMs,
      firstAt,
      over: engine.signal,
      onOver: () => {},
      onError: (error) => {
        throw error
      },
    })
  }

  #createProgram(name: string, host: string, firstPort: number, options: LoopOptions & ConnectOptions): Program {
    this.#programCount += 1
    return new Program(this.context, {
      name,
      host,
      firstPort,
      random: this.random.fork(`program ${this.#programCount}`),
      clock: options.clock,
      pauses: options.pauses,
      inboxDatagrams: options.inboxDatagrams,
      socket: { mapsPerDestination: options.mapsPerDestination ?? false },
    })
  }

  #inhabitant(pipe: UDPipe): Inhabitant {
    const inhabitant = this.#inhabitants.get(pipe)
    if (inhabitant !== undefined) return inhabitant
    throw new Error('This UDPipe does not live in this world: start() or connect() it here first.')
  }

  #nextMovedPort(): number {
    this.#moveCount += 1
    return FIRST_MOVED_PORT + this.#moveCount
  }
}

/** A host of its own for each of the first 2^24 clients. */
function clientHost(number: number): string {
  return `11.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`
}

/** The host by which the network knows a program, which a NAT may have changed. */
function shownHost({ host, ports }: Program): string {
  return ports[0]?.socket.address.host ?? host
}
