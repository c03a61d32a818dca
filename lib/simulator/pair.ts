import type { Address } from '../core/address.ts'
import type { Session } from '../session/session.ts'
import { Endpoint } from './endpoint.ts'
import type { EventListener } from './endpoint.ts'
import type { LinkOptions } from './link-options.ts'
import type { Link } from './link.ts'
import { Loop } from './loop.ts'
import type { LoopOptions } from './loop.ts'
import { Simulation } from './simulation.ts'
import type { SimulationOptions } from './simulation.ts'

/** What a session of a pair is made from. */
export interface PairStart {
  /** The time by its program's clock. */
  readonly now: number
  /** Numbers from 0 up to, not including, 1. */
  readonly random: () => number
  readonly local: Address
  readonly remote: Address
}

/** One of the two. */
export interface PairSideOptions {
  /** Makes the session. */
  readonly session: (start: PairStart) => Session
  readonly loop?: LoopOptions
  /** What the link from this side to the other does, over the pair's default. */
  readonly link?: LinkOptions
  readonly onEvent?: EventListener
}

/** Options of {@link Pair}. */
export interface PairOptions extends SimulationOptions {
  readonly a: PairSideOptions
  readonly b: PairSideOptions
}

const A: Address = { host: '10.0.0.1', port: 1000 }
const B: Address = { host: '10.0.0.2', port: 1000 }

/** Two sessions that talk to each other directly, without a front door. */
export class Pair extends Simulation {
  readonly a: Endpoint
  readonly b: Endpoint

  constructor(options: PairOptions) {
    super(options)
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

  #start(name: string, options: PairSideOptions, local: Address, remote: Address): Endpoint {
    const loop = new Loop(options.loop)
    if (options.link !== undefined) this.network.link(local.host, remote.host).configure(options.link)
    const session = options.session({
      now: loop.clock.read(this.now),
      random: this.random.fork(name).next,
      local,
      remote,
    })
    return new Endpoint(this.ground, { name, session, address: local, loop, onEvent: options.onEvent })
  }
}
