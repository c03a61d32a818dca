import { formatAddress, type Address } from '../core/address.ts'
import { UDPipeError } from '../core/errors.ts'
import type { HostObserver } from '../host/host-observer.ts'
import type { ProtocolDependencies } from '../host/protocols.ts'
import { internalsOf, type UDPipe } from '../host/udpipe.ts'
import { noteEvents } from './event-notes.ts'
import { addressOf, drive, inhabitantOf, requireNewPipe, settle, unsettle, type Inhabitant } from './inhabitant.ts'
import type { Link } from './link.ts'
import { resolveLink, type LinkOptions } from './link-options.ts'
import { requireFinite, requireHost, requireNames, type OptionNames } from './option-checks.ts'
import { Program } from './program.ts'
import { Simulation, type SimulationOptions } from './simulation.ts'
import {
  requireConnectOptions,
  requireStartOptions,
  type ConnectOptions,
  type LoopOptions,
  type StartOptions,
} from './world-options.ts'

const worldNames = { seed: true, link: true, trace: true } satisfies OptionNames<SimulationOptions>

const SERVER_HOST = '10.0.0.1'
const FIRST_PRIVATE_PORT = 40_000
const FIRST_CLIENT_PORT = 50_000
const FIRST_MOVED_PORT = 55_000

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
 * A world starts, connects and steps its UDPipes; everything else is done as in the game: override callbacks, `send`, `close`. Nothing happens but
 * while {@link run}, {@link waitFor}, {@link until} or {@link settle} let time pass. A callback that throws ends that call with what it threw, to
 * which the seed and the end of the trace are added; {@link simulate} does the same for a test as a whole.
 *
 * On virtual time are the sockets, the clock, timers and randomness of UDPipes. A game's own are not: let it take `dt` from its loop (`onTick`)
 * instead of a clock, call it by `world.program(pipe).every`, and draw its chances from a fork of `world.random`. Promises are not, either: what
 * waits for one goes on when the test awaits something, and no simulated time passes then. So have tests look at what has happened
 * (`world.waitFor(() => client.isReady)`), or let time pass for a promise: `await world.until(client.close())`.
 */
export class World extends Simulation {
  #serverHost = SERVER_HOST
  #programCount = 0
  #serverCount = 0
  #clientCount = 0
  #moveCount = 0

  /**
   * @param options `seed`, a whole number; `link`, what each link does that is told nothing else; `trace`
   * @throws RangeError for a seed or an option of a link that is out of its range
   * @throws UDPipeError `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID`
   */
  constructor(options: SimulationOptions) {
    requireNames('World', options, worldNames)
    super(options)
  }

  /**
   * Starts a server, as `pipe.start(port)` would.
   *
   * @param pipe not started before
   * @param port 0 is any free one, which {@link address} tells
   * @returns the same `pipe`
   * @throws UDPipeError `ERR_ADDRESS_IN_USE` when somebody is at that port; `ERR_ALREADY_STARTED`, `ERR_ARGUMENT_INVALID` for the pipe;
   *   `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID` and RangeError for an option; and what `pipe.start` throws
   */
  start<Pipe extends UDPipe>(pipe: Pipe, port: number, options: StartOptions = {}): Pipe {
    requireStartOptions(options)
    requireNewPipe(pipe)
    const { host = SERVER_HOST } = options
    this.#serverCount += 1
    const name = options.name ?? (this.#serverCount === 1 ? 'server' : `server ${this.#serverCount}`)
    const program = this.#createProgram(name, host, FIRST_PRIVATE_PORT, options)
    const inhabitant: Inhabitant = {
      ...{ pipe, program, home: this, role: 'server', server: host },
      succeed: (successor) => void this.start(successor, bound.port, { ...options, name }),
    }
    this.#begin(inhabitant, options, () => pipe.start(port, host))
    const bound = addressOf(inhabitant)
    this.#serverHost = host
    return pipe
  }

  /**
   * Connects a client, as `pipe.connect(server, port)` would; it begins to dial at this very time.
   *
   * @param pipe not connected before
   * @param port the server's
   * @returns the same `pipe`
   * @throws UDPipeError `ERR_ALREADY_STARTED`, `ERR_ARGUMENT_INVALID` for the pipe; `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID` and RangeError for
   *   an option; and what `pipe.connect` throws
   */
  connect<Pipe extends UDPipe>(pipe: Pipe, port: number, options: ConnectOptions = {}): Pipe {
    requireConnectOptions(options)
    requireNewPipe(pipe)
    this.#clientCount += 1
    const { name = `client ${this.#clientCount}`, server = this.#serverHost } = options
    const { host = clientHost(this.#clientCount), port: localPort = FIRST_CLIENT_PORT } = options
    this.network.link(host, server).configure({ ...options.link, ...options.uplink })
    this.network.link(server, host).configure({ ...options.link, ...options.downlink })
    const program = this.#createProgram(name, host, localPort, options)
    // A program that starts again gets another port, as on any machine.
    const again = { ...options, name, host, server, port: localPort + 1 }
    const succeed = (successor: UDPipe): void => void this.connect(successor, port, again)
    const inhabitant: Inhabitant = { pipe, program, home: this, role: 'client', server, succeed }
    this.#begin(inhabitant, options, () => pipe.connect(server, port))
    return pipe
  }

  /**
   * The program that a UDPipe of this world runs in: its clock, its sockets, the errors that nobody handled, and what is to be called in it.
   *
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`
   */
  program(pipe: UDPipe): Program {
    return inhabitantOf(pipe, this).program
  }

  /**
   * Where a UDPipe is: a server's host and port, or those by which the network knows a client.
   *
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`, `ERR_CLOSED`
   */
  address(pipe: UDPipe): Address {
    return addressOf(inhabitantOf(pipe, this))
  }

  /**
   * Blocks a program's main loop from now on for `durationMs`: nothing runs in it, and what arrives waits in the kernel.
   *
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`; RangeError for a duration that is not above 0
   */
  pause(pipe: UDPipe, durationMs: number): void {
    requireDuration(durationMs)
    const program = this.program(pipe)
    program.pause(this.now, this.now + durationMs)
    this.note(program.name, `blocked for ${durationMs} ms`)
  }

  /**
   * Has a program vanish without a word, as SIGKILL does. What was sent to it finds nobody there. Another may be started at its place:
   * {@link restart}, or {@link start} at the same port. Does nothing to one that has crashed already.
   *
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`
   */
  crash(pipe: UDPipe): void {
    const program = this.program(pipe)
    if (program.isStopped) return
    program.stop()
    this.note(program.name, 'crashed')
  }

  /**
   * Starts a program anew, with a new UDPipe at the same place: a server at its port, a client at its host and the next port, each with the options
   * of the old one. The old one crashes, if it has not yet.
   *
   * @returns the successor
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`, `ERR_ALREADY_STARTED`, and what {@link start} and {@link connect} throw
   */
  restart<Pipe extends UDPipe>(pipe: UDPipe, successor: Pipe): Pipe {
    const { succeed } = inhabitantOf(pipe, this)
    requireNewPipe(successor)
    this.crash(pipe)
    succeed(successor)
    return successor
  }

  /**
   * The link that a client's datagrams to its server take.
   *
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`
   */
  uplink(client: UDPipe): Link {
    const { program, server } = this.#client(client)
    return this.network.link(shownHost(program), server)
  }

  /**
   * The link that the server's datagrams to a client take.
   *
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`
   */
  downlink(client: UDPipe): Link {
    const { program, server } = this.#client(client)
    return this.network.link(server, shownHost(program))
  }

  /**
   * Changes some options of both of a client's links for what is sent from now on.
   *
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`, `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID`; RangeError for an option that is out of its range
   */
  configure(client: UDPipe, link: LinkOptions): void {
    const { program } = this.#client(client)
    resolveLink(link)
    this.uplink(client).configure(link)
    this.downlink(client).configure(link)
    this.note(program.name, `links changed: ${Object.keys(link).join(', ')}`)
  }

  /**
   * Loses everything that is sent to and from a client from now on for `durationMs`.
   *
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`; RangeError for a duration that is not above 0
   */
  blackout(client: UDPipe, durationMs: number): void {
    requireDuration(durationMs)
    const { program } = this.#client(client)
    const partition = { fromMs: this.now, untilMs: this.now + durationMs }
    for (const link of [this.uplink(client), this.downlink(client)]) {
      const ahead = link.settings.partitions.filter(({ untilMs }) => untilMs > this.now)
      link.configure({ partitions: [...ahead, partition] })
    }
    this.note(program.name, `cut off for ${durationMs} ms`)
  }

  /**
   * Has a client come from another address from now on, as behind a NAT that forgot it (another port, which is the default) or in another
   * network (another host, by links with the options of the old ones). What is on its way to the old address is lost.
   *
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`, `ERR_OPTION_INVALID`, and `ERR_ADDRESS_IN_USE` when somebody is there
   */
  move(client: UDPipe, to: Partial<Address> = {}): void {
    const { program, server } = this.#client(client)
    requireNames('move', to, addressNames)
    if (to.host !== undefined) requireHost('host', to.host)
    const [uplink, downlink] = [this.uplink(client), this.downlink(client)]
    for (const { socket } of program.ports) {
      const { host = socket.address.host, port = this.#nextMovedPort() } = to
      const isElsewhere = host !== socket.address.host
      this.network.rebind(socket, { host, port })
      this.note(program.name, `moved to ${formatAddress(socket.address)}`)
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
    const platform = program.platform(internals.platform)
    internals.settle(platform, observer ?? noteEvents(this.context, program.name), tuning)
  }

  /** Starts or connects, or leaves everything as it was. */
  #begin(inhabitant: Inhabitant, options: LoopOptions, begin: () => Promise<unknown>): void {
    const { pipe, program } = inhabitant
    try {
      this.settlePipe(pipe, program)
      settle(inhabitant)
      void begin()
      const { failure } = internalsOf(pipe).engine
      if (failure !== undefined) throw failure
      drive(inhabitant, options)
    } catch (error) {
      program.stop()
      unsettle(pipe)
      throw error
    }
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

  #client(pipe: UDPipe): Inhabitant {
    const inhabitant = inhabitantOf(pipe, this)
    if (inhabitant.role === 'client') return inhabitant
    throw new UDPipeError(
      'ERR_ARGUMENT_INVALID',
      'This is a server, and links belong to clients: name each of its clients.',
    )
  }

  #nextMovedPort(): number {
    this.#moveCount += 1
    return FIRST_MOVED_PORT + this.#moveCount
  }
}

const addressNames = { host: true, port: true } satisfies OptionNames<Address>

function requireDuration(durationMs: number): void {
  requireFinite('durationMs', durationMs)
  if (!(durationMs > 0)) throw new RangeError(`durationMs must be above 0, not ${durationMs}.`)
}

/** A host of its own for each of the first 2^24 clients. */
function clientHost(number: number): string {
  return `11.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`
}

/** The host by which the network knows a program, which a NAT may have changed. */
function shownHost({ host, ports }: Program): string {
  return ports[0]?.socket.address.host ?? host
}
