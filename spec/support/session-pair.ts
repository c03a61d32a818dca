import type { Address } from '../../lib/core/address.ts'
import { Callbacks } from '../../lib/host/callbacks.ts'
import { createCounters } from '../../lib/host/counters.ts'
import type { Endpoint } from '../../lib/host/endpoint.ts'
import type { EndpointContext } from '../../lib/host/endpoint-context.ts'
import { Engine } from '../../lib/host/engine.ts'
import { SessionDriver } from '../../lib/host/session-driver.ts'
import { SessionDrivers } from '../../lib/host/session-drivers.ts'
import { Trace as Lines } from '../../lib/host/trace.ts'
import { nodePlatform } from '../../lib/node/platform.ts'
import { parseOptions } from '../../lib/options/parse-options.ts'
import type { CloseReason, Session } from '../../lib/session/session.ts'
import { Program, Simulation, type Link, type LinkOptions, type SimulationOptions } from '../../lib/simulator/index.ts'
import { End, type EventListener } from './end.ts'
import type { LoopOptions } from './end-world.ts'

/** What a session of a pair is made from. */
export interface PairStart {
  /** The time by its program's clock. */
  readonly now: number
  readonly local: Address
  readonly remote: Address
}

/** One of the two. */
export interface PairSide {
  /** Makes the session. */
  readonly session: (start: PairStart) => Session
  readonly loop?: LoopOptions | undefined
  /** What the link from this side to the other does, over the pair's default. */
  readonly link?: LinkOptions
  readonly onEvent?: EventListener
}

export interface PairOptions extends SimulationOptions {
  readonly a: PairSide
  readonly b: PairSide
}

const A: Address = { host: '10.0.0.1', port: 1000 }
const B: Address = { host: '10.0.0.2', port: 1000 }

/** Two sessions that talk to each other directly, without a front door, each driven as a UDPipe drives its own. */
export class SessionPair extends Simulation {
  readonly a: End
  readonly b: End

  constructor(options: PairOptions) {
    super({ ...options, trace: options.trace ?? false })
    this.a = this.#start('a', options.a, A, B)
    this.b = this.#start('b', options.b, B, A)
  }

  /** The link from a to b. */
  get forth(): Link {
    return this.network.link(A.host, B.host)
  }

  /** The link from b to a. */
  get back(): Link {
    return this.network.link(B.host, A.host)
  }

  #start(name: string, side: PairSide, local: Address, remote: Address): End {
    const { stepMs, phaseMs, ...machine } = side.loop ?? {}
    if (side.link !== undefined) this.network.link(local.host, remote.host).configure(side.link)
    const random = this.random.fork(name)
    const program = new Program(this.context, { name, host: local.host, firstPort: local.port, random, ...machine })
    const host = new SessionHost(program, side.session({ now: program.now, local, remote }), local, remote)
    const end = new End(name, host.driver, program, side.onEvent)
    host.end = end
    host.drive(stepMs, phaseMs)
    return end
  }
}

class NoCallbacks extends Callbacks {
  override onError(): void {
    // What an error is about is an event, too.
  }
}

/** What hosts one session and nothing else. */
class SessionHost implements Endpoint {
  readonly driver: SessionDriver
  end: End | undefined
  readonly #program: Program
  readonly #engine: Engine
  readonly #drivers = new SessionDrivers(() => (this.isClosed = true))
  isClosed = false

  constructor(program: Program, session: Session, local: Address, remote: Address) {
    const platform = program.platform(nodePlatform)
    const clock = platform.monotonicMs
    this.#program = program
    this.#engine = new Engine(platform, clock, () => {})
    const ports = platform.createPorts()
    const options = parseOptions({}, platform)
    const unused = (): never => {
      throw new Error('A bare session has no front door.')
    }
    const context: EndpointContext = {
      platform,
      options,
      settings: { ...options },
      counters: createCounters(),
      trace: new Lines(platform.terminal, undefined, false, clock),
      callbacks: new NoCallbacks(),
      hooks: {
        startUdp: unused,
        newClient: unused,
        timedOut: () => {},
        setPeer: () => {},
        unsetPeer: () => {},
        newMessage: () => {},
      },
      observer: { onOpen: () => {}, onEvent: (_driver, event) => this.end?.tell(event), onOver: () => this.end?.end() },
      ports,
      portSettings: { clock },
      dependencies: {
        token: '',
        security: { create: unused, createSealer: unused },
        randomBytes: platform.randomBytes,
        isPortShared: false,
      },
      nextPeerId: () => 1,
      isStepping: () => this.#engine.isStepping,
      requestFlush: () => this.#engine.requestFlush(),
      wake: () => this.#engine.wake(),
      report: () => {},
    }
    const socket = ports.open({ clock, ...local })
    const touch = (driver: SessionDriver): void => {
      this.#drivers.touch(driver)
      this.#engine.requestFlush()
    }
    this.driver = new SessionDriver(context, session, socket, remote, touch)
    socket.onReadable = () => {
      this.#drivers.ready(this.driver)
      this.#engine.wake()
    }
    this.#drivers.add(this.driver)
  }

  get isEnding(): boolean {
    return this.isClosed
  }

  driverWith(peerId: number): SessionDriver | undefined {
    return this.#drivers.with(peerId)
  }

  get nextDeadline(): number {
    return this.#drivers.nextDeadline
  }

  /** Steps at an interval, or as things happen. */
  drive(stepMs: number | undefined, phaseMs: number | undefined): void {
    this.#engine.begin(() => this.#program.now, false)
    this.#engine.attach(this)
    this.#engine.drive({
      intervalMs: stepMs,
      firstAt: phaseMs === undefined ? undefined : this.#program.now + phaseMs,
      over: this.#engine.signal,
      onOver: () => {},
      onError: (error) => {
        throw error
      },
    })
  }

  drivers(): Iterable<SessionDriver> {
    return this.#drivers
  }

  driverOf(): undefined {
    return undefined
  }

  hasBacklog(): boolean {
    return false
  }

  receive(): void {
    this.#drivers.receive()
  }

  advance(now: number, awakeMs: number): void {
    this.#drivers.advance(now, awakeMs)
  }

  dispatch(): void {
    this.#drivers.dispatch()
  }

  transmit(now: number): void {
    this.#drivers.transmit(now)
  }

  close(now: number, { code, reason }: CloseReason): void {
    this.driver.session.close(now, code, reason)
    this.#drivers.touch(this.driver)
  }

  setTimeout(timeoutMs: number): void {
    this.driver.session.setTimeout(timeoutMs)
  }

  count(): void {
    // Nobody asks.
  }
}
