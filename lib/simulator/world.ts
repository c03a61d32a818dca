import type { Address } from '../core/address.ts'
import type { Session } from '../session/session.ts'
import { Endpoint } from './endpoint.ts'
import type { EventListener } from './endpoint.ts'
import type { LinkOptions } from './link-options.ts'
import type { Link } from './link.ts'
import { Loop } from './loop.ts'
import type { LoopOptions } from './loop.ts'
import { Server } from './server.ts'
import type { ServerOptions } from './server.ts'
import { Simulation } from './simulation.ts'
import type { SimulationOptions } from './simulation.ts'

/** What a client's session is made from. */
export interface ClientStart {
  /** The time by the client's clock. */
  readonly now: number
  /** Numbers from 0 up to, not including, 1. */
  readonly random: () => number
  /** The server's public port. */
  readonly server: Address
}

/** Options of {@link World.addClient}. */
export interface ClientOptions {
  /** Makes the client's session. */
  readonly session: (start: ClientStart) => Session
  /** Default: a host of its own. Clients on one host share its links. */
  readonly address?: Address
  readonly name?: string
  readonly loop?: LoopOptions
  /** What the links to and from its host do, over the world's default. */
  readonly link?: LinkOptions
  /** What the link to the server does, over `link`. */
  readonly uplink?: LinkOptions
  /** What the link from the server does, over `link`. */
  readonly downlink?: LinkOptions
  /** Whether it is behind a NAT that shows each destination another port. Default false. */
  readonly mapsPerDestination?: boolean
  /** Whether its socket is connected to its peer, and hears nobody else then. Default false. */
  readonly connectsSocket?: boolean | undefined
  readonly onEvent?: EventListener
}

/** Options of {@link World}. */
export interface WorldOptions extends SimulationOptions {
  readonly server: ServerOptions
}

const CLIENT_PORT = 50_000

/** One server and any number of clients. */
export class World extends Simulation {
  readonly clients: Endpoint[] = []
  readonly #serverOptions: ServerOptions
  #server: Server
  #serverCount = 0
  #clientCount = 0

  constructor(options: WorldOptions) {
    super(options)
    this.#serverOptions = options.server
    this.#server = this.#startServer()
  }

  /** The server that runs at present. */
  get server(): Server {
    return this.#server
  }

  /** Kills the server without a word and starts another one at the same place. */
  restartServer(): void {
    this.#server.stop()
    this.#server = this.#startServer()
  }

  /** Adds a client; it begins to dial at this very time. */
  addClient(options: ClientOptions): Endpoint {
    this.#clientCount += 1
    const number = this.#clientCount
    const address = options.address ?? { host: clientHost(number), port: CLIENT_PORT }
    const name = options.name ?? `client ${number}`
    const loop = new Loop(options.loop)
    this.network.link(address.host, this.#server.address.host).configure({ ...options.link, ...options.uplink })
    this.network.link(this.#server.address.host, address.host).configure({ ...options.link, ...options.downlink })
    const session = options.session({
      now: loop.clock.read(this.now),
      random: this.random.fork(`client ${number}`).next,
      server: this.#server.address,
    })
    const endpoint = new Endpoint(this.ground, {
      name,
      session,
      address,
      loop,
      socket: { mapsPerDestination: options.mapsPerDestination ?? false },
      connectsSocket: options.connectsSocket,
      onEvent: options.onEvent,
    })
    this.clients.push(endpoint)
    return endpoint
  }

  /** Lets go of a client that is over, so that a long simulation does not keep all that there ever were. */
  forget(client: Endpoint): void {
    const place = this.clients.indexOf(client)
    if (place >= 0 && client.isOver) this.clients.splice(place, 1)
  }

  /**
   * Has a client come from another address from now on, as behind a NAT that forgot it (another port) or in another network
   * (another host, by links with the options of the old ones). What is on its way to the old address is lost.
   */
  move(client: Endpoint, address: Address): void {
    const { host } = client.socket.address
    const { host: serverHost } = this.#server.address
    const { uplink, downlink } = { uplink: this.uplink(client), downlink: this.downlink(client) }
    this.network.rebind(client.socket, address)
    if (address.host === host) return
    this.network.link(address.host, serverHost).configure(uplink.settings)
    this.network.link(serverHost, address.host).configure(downlink.settings)
  }

  /** The link that a client's datagrams to the server take. */
  uplink(client: Endpoint): Link {
    return this.network.link(client.socket.address.host, this.#server.address.host)
  }

  /** The link that the server's datagrams to a client take. */
  downlink(client: Endpoint): Link {
    return this.network.link(this.#server.address.host, client.socket.address.host)
  }

  /** The server's end of a client's connection, if it is there. */
  serverEnd(client: Endpoint): Endpoint | undefined {
    return this.#server.findEndpoint(client)
  }

  #startServer(): Server {
    this.#serverCount += 1
    return new Server(this.ground, this.random.fork(`server ${this.#serverCount}`), this.#serverOptions)
  }
}

/** A host of its own for each of the first 2^24 clients. */
function clientHost(number: number): string {
  return `11.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`
}
