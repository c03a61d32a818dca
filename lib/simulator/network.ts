import type { Address } from '../core/address.ts'
import { formatAddress } from '../core/address.ts'
import { UDPipeError } from '../core/errors.ts'
import type { Datagram } from './datagram-heap.ts'
import { Link } from './link.ts'
import type { LinkOptions } from './link-options.ts'
import type { Random } from './random.ts'
import { Slab } from './slab.ts'
import type { Actor, Timeline } from './timeline.ts'
import type { Trace } from './trace.ts'

/** Who is handed what arrives at a socket. */
export interface Receiver {
  readonly name: string
  /** Takes a datagram; the bytes are the receiver's to keep. Returns a word on why it was dropped, or ''. */
  handleDatagram(now: number, bytes: Uint8Array, source: Address): string
}

/** A place on the network that sends and receives. */
export class Socket {
  readonly receiver: Receiver
  /** How the network sees it. A NAT may change that: {@link Network.rebind}. */
  address: Address
  /** The addresses that a NAT shows to each destination, if it shows another port to each. */
  readonly mappings: Map<string, Address> | undefined

  constructor(receiver: Receiver, address: Address, hasMappings: boolean) {
    this.receiver = receiver
    this.address = address
    this.mappings = hasMappings ? new Map() : undefined
  }
}

/** Options of {@link Network.open}. */
export interface SocketOptions {
  /**
   * Whether the socket is behind a NAT that shows each destination another port of it ("address- and port-dependent
   * mapping", RFC 4787 section 4.1). Default false.
   */
  readonly mapsPerDestination?: boolean
}

const FIRST_MAPPED_PORT = 50_001

/**
 * Sockets, and a link for each ordered pair of hosts that talk. Routing is by address alone, so anybody may send in
 * anybody's name ({@link inject}).
 */
export class Network {
  readonly #timeline: Timeline
  readonly #random: Random
  readonly #trace: Trace | undefined
  readonly #defaults: LinkOptions
  readonly #slab = new Slab()
  readonly #cables = new Map<string, Map<string, Cable>>()
  readonly #sockets = new Map<string, Map<number, Socket>>()
  /** When a datagram was last sent or delivered. */
  #activeAt = -Infinity
  #sentPackets = 0
  #strayPackets = 0
  #inFlightPackets = 0

  constructor(timeline: Timeline, random: Random, defaults: LinkOptions = {}, trace?: Trace) {
    this.#timeline = timeline
    this.#random = random
    this.#defaults = defaults
    this.#trace = trace
  }

  /** When a datagram was last sent or delivered; `-Infinity` before. */
  get activeAt(): number {
    return this.#activeAt
  }

  /** How many datagrams were sent in all. */
  get sentPackets(): number {
    return this.#sentPackets
  }

  /** How many datagrams are under way. */
  get inFlightPackets(): number {
    return this.#inFlightPackets
  }

  /** How many datagrams arrived where nobody was. */
  get strayPackets(): number {
    return this.#strayPackets
  }

  /** Every link that exists so far. */
  *links(): Generator<Link> {
    for (const cables of this.#cables.values()) for (const cable of cables.values()) yield cable.link
  }

  /** The link from one host to another; made with the default options when it is first asked for. */
  link(from: string, to: string): Link {
    return this.#cable(from, to).link
  }

  /** Who receives what is sent to an address, if anybody does. */
  receiverAt({ host, port }: Address): Receiver | undefined {
    return this.#sockets.get(host)?.get(port)?.receiver
  }

  /** Whether a socket is open at an address. */
  isTaken(address: Address): boolean {
    return this.receiverAt(address) !== undefined
  }

  /**
   * Opens a socket.
   *
   * @throws UDPipeError `ERR_ADDRESS_IN_USE`
   */
  open(receiver: Receiver, address: Address, { mapsPerDestination = false }: SocketOptions = {}): Socket {
    const socket = new Socket(receiver, address, mapsPerDestination)
    this.#bind(socket, address)
    return socket
  }

  /** Closes a socket; what arrives for it from now on is dropped. */
  close(socket: Socket): void {
    this.#unbind(socket, socket.address)
    for (const mapping of socket.mappings?.values() ?? []) this.#unbind(socket, mapping)
  }

  /**
   * Shows the network another address of a socket from now on, as a NAT that forgot it or another Wi-Fi does.
   *
   * @throws UDPipeError `ERR_ADDRESS_IN_USE`
   */
  rebind(socket: Socket, address: Address): void {
    this.#bind(socket, address)
    this.close(socket)
    socket.mappings?.clear()
    socket.address = address
  }

  /** Sends a datagram from a socket; the bytes are copied. */
  send(now: number, bytes: Uint8Array, socket: Socket, destination: Address): void {
    const source = socket.mappings === undefined ? socket.address : this.#mapping(socket, socket.mappings, destination)
    this.#offer(now, bytes, source, destination, socket.receiver.name)
  }

  /** Sends a datagram that claims to come from `source`, as somebody else on the network can. */
  inject(now: number, bytes: Uint8Array, source: Address, destination: Address): void {
    this.#offer(now, bytes, source, destination, 'injected')
  }

  /** Hands a datagram that has arrived to its socket. */
  deliver(now: number, { bytes, source, destination }: Datagram): void {
    this.#activeAt = now
    this.#inFlightPackets -= 1
    const socket = this.#sockets.get(destination.host)?.get(destination.port)
    if (socket === undefined) {
      this.#strayPackets += 1
      this.#trace?.arrived(now, formatAddress(destination), bytes, source, 'nobody there')
      return
    }
    const fate = socket.receiver.handleDatagram(now, bytes, source)
    this.#trace?.arrived(now, socket.receiver.name, bytes, source, fate)
  }

  #offer(now: number, bytes: Uint8Array, source: Address, destination: Address, name: string): void {
    const cable = this.#cable(source.host, destination.host)
    this.#activeAt = now
    this.#sentPackets += 1
    const { link } = cable
    const before = link.inFlightPackets
    const fate = link.send(now, bytes, source, destination)
    this.#inFlightPackets += link.inFlightPackets - before
    this.#trace?.sent(now, name, bytes, destination, fate)
    this.#timeline.set(cable.slot, link.nextDeadline)
  }

  #cable(from: string, to: string): Cable {
    const cables = this.#cables.get(from) ?? new Map<string, Cable>()
    let cable = cables.get(to)
    if (cable === undefined) {
      const link = new Link(this.#random.fork(`${from}>${to}`), this.#defaults, this.#slab)
      cable = new Cable(`${from}>${to}`, this, this.#timeline, link)
      this.#cables.set(from, cables.set(to, cable))
    }
    return cable
  }

  /** The address that a NAT shows to one destination. */
  #mapping(socket: Socket, mappings: Map<string, Address>, destination: Address): Address {
    const key = formatAddress(destination)
    const known = mappings.get(key)
    if (known !== undefined) return known
    const { host } = socket.address
    let port = FIRST_MAPPED_PORT
    while (this.#sockets.get(host)?.has(port) === true) port += 1
    const mapping = { host, port }
    this.#bind(socket, mapping)
    mappings.set(key, mapping)
    return mapping
  }

  #bind(socket: Socket, { host, port }: Address): void {
    const ports = this.#sockets.get(host) ?? new Map<number, Socket>()
    if (ports.has(port)) {
      throw new UDPipeError('ERR_ADDRESS_IN_USE', `${formatAddress({ host, port })} is taken in this simulation.`)
    }
    this.#sockets.set(host, ports.set(port, socket))
  }

  #unbind(socket: Socket, { host, port }: Address): void {
    const ports = this.#sockets.get(host)
    if (ports?.get(port) !== socket) return
    ports.delete(port)
    if (ports.size === 0) this.#sockets.delete(host)
  }
}

/** A link with its place in the timeline. */
class Cable implements Actor {
  readonly name: string
  readonly link: Link
  readonly slot: number
  readonly #network: Network
  readonly #timeline: Timeline

  constructor(name: string, network: Network, timeline: Timeline, link: Link) {
    this.name = name
    this.#network = network
    this.#timeline = timeline
    this.link = link
    this.slot = timeline.add(this)
  }

  act(now: number): void {
    for (;;) {
      const datagram = this.link.pollDelivery(now)
      if (datagram === undefined) break
      this.#network.deliver(now, datagram)
    }
    this.#timeline.set(this.slot, this.link.nextDeadline)
  }
}
