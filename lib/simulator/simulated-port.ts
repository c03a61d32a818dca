import { isSameAddress, type Address } from '../core/address.ts'
import { UDPipeError } from '../core/errors.ts'
import type { LinkSocket } from '../port/datagram-port.ts'
import { Inbox, type Datagram } from '../port/inbox.ts'
import type { PortFactory, PortOptions } from '../port/port-factory.ts'
import type { Receiver, Socket, SocketOptions } from './network.ts'
import type { SimulationContext } from './simulation-context.ts'

/** How many datagrams wait for the program at most, unless it says otherwise: as at a real socket. */
const MAX_INBOX_DATAGRAMS = 16_384

/** What the kernel's receive buffer holds, unless the program asks for another. */
const DEFAULT_KERNEL_BYTES = 4 * 1024 * 1024

/** What the kernel's books take of the buffer for each datagram, beside its payload. */
const KERNEL_OVERHEAD_BYTES = 400

/** The program that sockets belong to. */
export interface PortOwner {
  readonly name: string
  /** The address of the machine that it runs on. */
  readonly host: string
  /** Whether it can do anything at present. */
  readonly isRunning: boolean
  /** A port that is free: the one that was asked for, or the next. */
  takePort(wanted: number): number
  /** Keeps a socket that opens; says how it is to be. */
  addPort(port: SimulatedPort): PortLimits
  removePort(port: SimulatedPort): void
  /** Something waits in the kernel. */
  wake(): void
}

/** How a program wants its sockets to be. */
export interface PortLimits {
  /** How many datagrams wait for the next step. Default 16,384. */
  readonly inboxDatagrams?: number | undefined
  /** How they reach the network. */
  readonly socket?: SocketOptions | undefined
}

/** Opens the sockets of a simulated program. */
export class SimulatedPorts implements PortFactory {
  readonly #program: PortOwner
  readonly #context: SimulationContext

  constructor(program: PortOwner, context: SimulationContext) {
    this.#program = program
    this.#context = context
  }

  open(options: PortOptions): SimulatedPort {
    const { host } = this.#program
    const port = this.#program.takePort(options.port)
    if (this.#context.network.isTaken({ host, port })) {
      throw new UDPipeError('ERR_ADDRESS_IN_USE', `${host}:${port} is in use in this simulation.`)
    }
    return new SimulatedPort(this.#program, this.#context, { ...options, port })
  }
}

interface Arrival {
  readonly bytes: Uint8Array
  readonly source: Address
}

/** A socket on a simulated network. What arrives while its program is paused waits in the kernel, up to the receive buffer. */
export class SimulatedPort implements LinkSocket, Receiver {
  readonly name: string
  readonly address: Address
  /** Where it is on the network, which a NAT may change. */
  readonly socket: Socket
  readonly counters = { droppedInbox: 0, droppedSend: 0 }
  onReadable: () => void = doNothing
  readonly #program: PortOwner
  readonly #context: SimulationContext
  readonly #options: PortOptions
  readonly #inbox: Inbox
  #kernel: Arrival[] = []
  #kernelBytes = 0
  #droppedByKernel = 0
  #filteredByPeer = 0
  #peer: Address | undefined
  #isClosed = false

  constructor(program: PortOwner, context: SimulationContext, options: PortOptions) {
    this.name = program.name
    this.address = { host: options.host, port: options.port }
    this.#program = program
    this.#context = context
    this.#options = options
    const { inboxDatagrams = MAX_INBOX_DATAGRAMS, socket } = program.addPort(this)
    this.#inbox = new Inbox(inboxDatagrams)
    this.socket = context.network.open(this, { host: program.host, port: options.port }, socket)
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** How many datagrams the kernel dropped because its buffer was full. */
  get droppedByKernel(): number {
    return this.#droppedByKernel
  }

  /** How many datagrams the kernel dropped because they came from somebody else than the peer. */
  get filteredByPeer(): number {
    return this.#filteredByPeer
  }

  /** Whether something waits in the kernel. */
  get isWaitedFor(): boolean {
    return this.#kernel.length > 0
  }

  setPeer(peer: Address): void {
    this.#peer = peer
  }

  unsetPeer(): void {
    this.#peer = undefined
  }

  addConnectId(): void {
    // Whatever arrives here belongs to one peer.
  }

  receive(): Datagram | undefined {
    return this.#inbox.take()
  }

  acquire(): Uint8Array {
    return this.#context.scratch
  }

  send(lengthBytes: number, destination: Address): boolean {
    if (this.#isClosed) return false
    // The kernel sends nowhere else while the socket is connected.
    if (this.#peer !== undefined && !isSameAddress(destination, this.#peer)) {
      this.#options.onHint?.('EISCONN')
      return false
    }
    const { network, scratch, timeline } = this.#context
    network.send(timeline.now, scratch.subarray(0, lengthBytes), this.socket, destination)
    return true
  }

  flush(): void {
    // Each datagram has left as it was sent.
  }

  /** A datagram reaches the kernel. */
  handleDatagram(_now: number, bytes: Uint8Array, source: Address): string {
    if (this.#peer !== undefined && !isSameAddress(source, this.#peer)) {
      this.#filteredByPeer += 1
      return 'not from the peer'
    }
    if (this.#program.isRunning) {
      this.#read(bytes, source)
      return ''
    }
    const { receiveBufferBytes = DEFAULT_KERNEL_BYTES } = this.#options
    if (this.#kernelBytes >= receiveBufferBytes) {
      this.#droppedByKernel += 1
      return 'receive buffer full'
    }
    this.#kernelBytes += bytes.length + KERNEL_OVERHEAD_BYTES
    this.#kernel.push({ bytes, source })
    this.#program.wake()
    return ''
  }

  /** The program comes to read what waits in the kernel. */
  takeFromKernel(): void {
    const arrivals = this.#kernel
    this.#kernel = []
    this.#kernelBytes = 0
    for (const { bytes, source } of arrivals) if (!this.#isClosed) this.#read(bytes, source)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#inbox.clear()
    this.#kernel = []
    this.#program.removePort(this)
    this.#context.network.close(this.socket)
    this.#options.onClose?.()
  }

  #read(bytes: Uint8Array, source: Address): void {
    const wasEmpty = this.#inbox.length === 0
    this.counters.droppedInbox += this.#inbox.put(bytes, source, this.#options.clock())
    if (wasEmpty) this.onReadable()
  }
}

function doNothing(): void {
  // Nobody listens.
}
