import { Runner } from '../host/runner.ts'
import { formatAddress, type Address } from '../core/address.ts'
import { createLinkStats, Link, type LinkStats } from '../simulator/link.ts'
import type { LinkOptions } from '../simulator/link-options.ts'
import { Random } from '../simulator/random.ts'
import { nodePlatform } from '../node/platform.ts'
import { UdpSocket } from '../node/udp-socket.ts'
import { Passage } from './passage.ts'
import { hidesPort, readShownPort } from './shown-port.ts'

/** What a relay is made with. */
export interface RelayOptions {
  /** Where clients are to talk to; port 0 is any free one. */
  readonly listen: Address
  /** The server's front door. */
  readonly target: Address
  /**
   * The server's private ports, both ends included, for a server whose CONNECT is encrypted: the relay cannot read which of them a
   * client is shown, so it stands for all of them.
   */
  readonly privatePorts?: { readonly min: number; readonly max: number } | undefined
  /** What the network between them does, in each direction. */
  readonly link: LinkOptions
  /** Where the dice start; what falls on which datagram depends on when they arrive, too. */
  readonly seed: number
  /** Monotonic milliseconds. */
  readonly clock: () => number
  /** Told, once each, what keeps the relay from standing in for the server. */
  readonly onWarning: (sentence: string) => void
}

/** A socket towards the clients, the server's port that it stands for, and when one of them used it last. */
interface Doorway {
  readonly socket: UdpSocket
  readonly serverPort: number
  usedAt: number
}

/** How many clients a relay carries at a time; what others send is dropped. */
export const MAX_RELAY_CLIENTS = 1_024

const HIDDEN_PORT =
  'The server’s CONNECT is encrypted, so nobody here can read which private port it names. That does no harm where all clients stay at one ' +
  'port (--private-ports shared) and that has the same number here; if not, give the relay the range of them (--ports), as the server ' +
  'has it, or have both ends run with security none.'

/** Timers fire up to a millisecond late: what is due by the middle of it leaves, so that a path takes as long as it should on average. */
const TIMER_LATENESS_MS = 0.5

/** A client that nothing came from for so long is forgotten, like a mapping in a NAT. */
const IDLE_MS = 60_000

/**
 * A bad network between real sockets: clients talk to it as to the server, and the server sees each client behind a port of
 * the relay's. Every client has a path of its own in each direction.
 *
 * When the front door shows a client its port, the relay opens one of the same number on its own address, also where that is the
 * front door's own. So CONNECT has to name the relay's address: a server of the reliable protocol needs it as its `advertisedHost`; a
 * classic CONNECT is rewritten. One that is encrypted cannot be read: there the private ports have to be named before.
 */
export class Relay {
  readonly #options: RelayOptions
  readonly #random: Random
  readonly #frontDoor: UdpSocket
  /** The relay's sockets towards the clients, by their own ports. */
  readonly #doorways = new Map<number, Doorway>()
  readonly #passages = new Map<string, Passage>()
  readonly #warned = new Set<string>()
  /** What the paths of forgotten clients counted. */
  readonly #past = { up: createLinkStats(), down: createLinkStats() }
  readonly #runner: Runner
  #passageCount = 0

  /**
   * Relays from now on until {@link close}.
   *
   * @throws UDPipeError what opening a socket throws
   * @throws RangeError for an option of the link that is out of range
   */
  constructor(options: RelayOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
    // A link with these options is made for each client: what is wrong with them is to be heard now.
    new Link(this.#random, options.link)
    this.#runner = new Runner(nodePlatform.scheduler, {
      step: () => this.#step(),
      onError: (error) => {
        throw error
      },
      hasBacklog: () => false,
    })
    this.#frontDoor = this.#openSocket(options.listen)
    this.#addDoorway(this.#frontDoor, options.target.port, Infinity)
    this.#openPrivatePorts()
  }

  /** Where clients are to talk to. */
  get address(): Address {
    return this.#frontDoor.address
  }

  /** What all paths towards the server, and all those towards the clients, have counted. */
  get stats(): { readonly up: LinkStats; readonly down: LinkStats } {
    const total = { up: { ...this.#past.up }, down: { ...this.#past.down } }
    for (const { up, down } of this.#passages.values()) {
      addStats(total.up, up.stats)
      addStats(total.down, down.stats)
    }
    return total
  }

  /** Shows the server every client at another port from now on, as a NAT does that was restarted. */
  rebind(): void {
    for (const passage of this.#passages.values()) {
      const { socket } = passage
      passage.socket = this.#openPassageSocket(passage.client) ?? socket
      if (passage.socket !== socket) socket.close()
    }
  }

  close(): void {
    this.#runner.stop()
    for (const doorway of this.#doorways.values()) this.#closeDoorway(doorway)
    for (const [key, passage] of this.#passages) this.#forget(key, passage)
  }

  /** Takes what arrived, hands on what is due, and returns the milliseconds until it needs to be called again. */
  #step(): number {
    const now = this.#options.clock()
    for (const doorway of this.#doorways.values()) {
      this.#takeFromClients(doorway)
      if (now - doorway.usedAt >= IDLE_MS) this.#closeDoorway(doorway)
    }
    let nextDeadline = Infinity
    for (const [key, passage] of this.#passages) {
      this.#takeFromServer(passage)
      this.#handOn(now + TIMER_LATENESS_MS, passage)
      nextDeadline = Math.min(nextDeadline, passage.nextDeadline, passage.heardAt + IDLE_MS)
      if (now - passage.heardAt >= IDLE_MS) this.#forget(key, passage)
    }
    return Math.max(0, nextDeadline - TIMER_LATENESS_MS - this.#options.clock())
  }

  #openPrivatePorts(): void {
    const { privatePorts, target } = this.#options
    if (privatePorts === undefined) return
    const { host } = this.address
    for (let port = privatePorts.min; port <= privatePorts.max; port += 1) {
      if (port !== target.port) this.#addDoorway(this.#openSocket({ host, port }), port, Infinity)
    }
  }

  #openSocket({ host, port }: Address): UdpSocket {
    const { clock } = this.#options
    return UdpSocket.open({ host, port, clock, onReadable: () => this.#runner.wake() })
  }

  #takeFromClients(doorway: Doorway): void {
    const server = { host: this.#options.target.host, port: doorway.serverPort }
    for (let datagram = doorway.socket.receive(); datagram; datagram = doorway.socket.receive()) {
      doorway.usedAt = Math.max(doorway.usedAt, datagram.arrivedAtMs)
      const passage = this.#passageOf(datagram.source, datagram.arrivedAtMs)
      if (passage === undefined) continue
      passage.heardAt = datagram.arrivedAtMs
      passage.doorways.set(server.port, doorway.socket)
      passage.up.send(datagram.arrivedAtMs, datagram.bytes, datagram.source, server)
    }
  }

  #takeFromServer(passage: Passage): void {
    const { socket, down, client } = passage
    for (let datagram = socket.receive(); datagram; datagram = socket.receive()) {
      if (datagram.source.host !== this.#options.target.host) continue
      down.send(datagram.arrivedAtMs, datagram.bytes, datagram.source, client)
    }
  }

  #handOn(now: number, { up, down, socket, client, doorways }: Passage): void {
    for (let datagram = up.pollDelivery(now); datagram; datagram = up.pollDelivery(now)) {
      send(socket, datagram.bytes, datagram.destination)
    }
    for (let datagram = down.pollDelivery(now); datagram; datagram = down.pollDelivery(now)) {
      const { port } = datagram.source
      const bytes = port === this.#options.target.port ? this.#showDoorway(datagram.bytes) : datagram.bytes
      const doorway = doorways.get(port)
      if (doorway !== undefined) send(doorway, bytes, client)
    }
  }

  /** Makes sure that the private port which CONNECT shows is one of ours; returns what to hand on. */
  #showDoorway(bytes: Uint8Array): Uint8Array {
    const shown = readShownPort(bytes)
    if (shown === undefined) {
      if (this.#options.privatePorts === undefined && hidesPort(bytes)) this.#warn(HIDDEN_PORT)
      return bytes
    }
    const doorway = this.#doorwayTo(shown.port, shown.rewrite !== undefined)
    if (doorway === undefined) return bytes
    if (shown.rewrite !== undefined) return shown.rewrite(doorway.socket.address)
    const { host } = this.address
    if (shown.host !== undefined && shown.host !== host) {
      this.#warn(
        `The server's CONNECT names ${shown.host}, and clients will pass this relay by: give the server ${host} as its advertisedHost.`,
      )
    }
    return bytes
  }

  /** What stands for a port of the server's: a port of the same number, or where CONNECT can be rewritten of any. */
  #doorwayTo(port: number, canBeAnyPort: boolean): Doorway | undefined {
    const open = canBeAnyPort ? this.#anyDoorwayTo(port) : this.#doorways.get(port)
    if (open?.serverPort === port) return open
    const { host } = this.address
    try {
      return this.#addDoorway(this.#openSocket({ host, port: canBeAnyPort ? 0 : port }), port, this.#options.clock())
    } catch (error) {
      const place = formatAddress({ host, port })
      this.#warn(
        `${place} cannot stand for the server's private port, so run the relay on another address than the server's. ${String(error)}`,
      )
      return undefined
    }
  }

  #anyDoorwayTo(serverPort: number): Doorway | undefined {
    for (const doorway of this.#doorways.values()) if (doorway.serverPort === serverPort) return doorway
    return undefined
  }

  #addDoorway(socket: UdpSocket, serverPort: number, usedAt: number): Doorway {
    const doorway = { socket, serverPort, usedAt }
    this.#doorways.set(socket.address.port, doorway)
    return doorway
  }

  #passageOf(client: Address, now: number): Passage | undefined {
    const key = formatAddress(client)
    const known = this.#passages.get(key)
    if (known !== undefined) return known
    if (this.#passages.size >= MAX_RELAY_CLIENTS) {
      this.#warn(`More than ${MAX_RELAY_CLIENTS} clients: what the others send is dropped.`)
      return undefined
    }
    const socket = this.#openPassageSocket(client)
    if (socket === undefined) return undefined
    this.#passageCount += 1
    const passage = new Passage(
      now,
      client,
      socket,
      this.#random.fork(`client ${this.#passageCount}`),
      this.#options.link,
    )
    this.#passages.set(key, passage)
    return passage
  }

  #closeDoorway({ socket }: Doorway): void {
    this.#doorways.delete(socket.address.port)
    socket.close()
  }

  #openPassageSocket(client: Address): UdpSocket | undefined {
    try {
      return this.#openSocket({ host: client.host.includes(':') ? '::' : '0.0.0.0', port: 0 })
    } catch (error) {
      this.#warn(`There is no socket for another client. ${String(error)}`)
      return undefined
    }
  }

  #forget(key: string, passage: Passage): void {
    passage.socket.close()
    addStats(this.#past.up, passage.up.stats)
    addStats(this.#past.down, passage.down.stats)
    this.#passages.delete(key)
  }

  #warn(sentence: string): void {
    if (this.#warned.has(sentence)) return
    this.#warned.add(sentence)
    this.#options.onWarning(sentence)
  }
}

function send(socket: UdpSocket, bytes: Uint8Array, destination: Address): void {
  socket.acquire().set(bytes)
  socket.send(bytes.length, destination)
}

function addStats(total: LinkStats, stats: LinkStats): void {
  for (const name of Object.keys(total) as (keyof LinkStats)[]) {
    total[name] = name.startsWith('max') ? Math.max(total[name], stats[name]) : total[name] + stats[name]
  }
}
