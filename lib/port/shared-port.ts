import { UDPipeError } from '../core/errors.ts'
import { formatAddress, type Address } from '../core/address.ts'
import { byteKey, isSameBytes } from '../core/bytes.ts'
import { Inbox, type Datagram } from './inbox.ts'
import type { DatagramPort, DropCounters, LinkSockets, Visitor } from './datagram-port.ts'
import { PortShare, type ShareHolder } from './port-share.ts'
import { Routes } from './routes.ts'

/** What a shared port needs to know of the protocols that are spoken at it. */
export interface SharedPortOptions {
  /** Whether a datagram is a HELLO, which is the front door's wherever it comes from. */
  readonly isHello: (bytes: Uint8Array) => boolean
  /** The id of the HELLO that a client's CONNECT names; `undefined` for every other datagram. */
  readonly connectId: (bytes: Uint8Array) => Uint8Array | undefined
}

/** How many datagrams wait for a kernel that takes no more at the moment: in one step, all clients send through one socket. */
export const MAX_SHARED_WAITING_DATAGRAMS = 4_096

/** As many datagrams as libuv takes from a socket in one turn of the event loop, if there are so many. */
const DATAGRAMS_A_TURN = 32

/** How many datagrams wait for the front door until the next step. */
const MAX_LOBBY_DATAGRAMS = 16_384

/**
 * One socket for a front door and all its clients, where one port is all that can be published.
 *
 * Datagrams are told apart as they arrive, so that a flood from one place drops nobody else's: a HELLO is the front door's; a
 * CONNECT belongs to whose id it names, wherever it comes from; and everything else to who was found to be at its source, which
 * only {@link PortShare.setPeer} says. What is nobody's is left to the front door, which drops it.
 */
export class SharedPort implements DatagramPort, LinkSockets, ShareHolder {
  /** Called when the front door has something to read. */
  onReadable: () => void
  readonly #socket: DatagramPort
  readonly #options: SharedPortOptions
  readonly #lobby = new Inbox(MAX_LOBBY_DATAGRAMS)
  readonly #shares = new Set<PortShare>()
  readonly #byId = new Map<string, PortShare>()
  readonly #routes = new Routes<PortShare>()
  #lobbyDropped = 0
  #arrivals = 0
  #isClosing = false

  /** Takes over the socket: what it receives, and when it is closed. */
  constructor(socket: DatagramPort, options: SharedPortOptions) {
    this.#socket = socket
    this.#options = options
    this.onReadable = socket.onReadable
    socket.onReadable = this.#sort
  }

  get address(): Address {
    return this.#socket.address
  }

  get isClosed(): boolean {
    return this.#socket.isClosed
  }

  /** What the front door's inbox and the socket dropped; a client's own inbox is its share's. */
  get counters(): DropCounters {
    const { droppedInbox, droppedSend } = this.#socket.counters
    return { droppedInbox: droppedInbox + this.#lobbyDropped, droppedSend }
  }

  /**
   * Makes room for a visitor. One without an id is known by its address alone, from the start.
   *
   * @throws UDPipeError `ERR_NO_FREE_PORT` when a client with an id is at that address, and would be shut out
   */
  open(visitor: Visitor): PortShare {
    const share = new PortShare(this, visitor)
    if (visitor.id === undefined) {
      if (this.#routes.get(visitor.source)?.visitor.id !== undefined) throw isTaken(visitor.source)
      share.setPeer(visitor.source)
    }
    this.#shares.add(share)
    return share
  }

  /** Whether so many have arrived since it was asked last that the kernel is likely to hold more. */
  hasBacklog(): boolean {
    const arrivals = this.#arrivals
    this.#arrivals = 0
    return arrivals >= DATAGRAMS_A_TURN
  }

  receive(): Datagram | undefined {
    return this.#lobby.take()
  }

  acquire(): Uint8Array {
    return this.#socket.acquire()
  }

  send(lengthBytes: number, destination: Address): boolean {
    return this.#socket.send(lengthBytes, destination)
  }

  flush(): void {
    this.#socket.flush()
  }

  /** Closes the socket as soon as the last client has gone. */
  close(): void {
    this.#isClosing = true
    this.#closeIfEmpty()
  }

  claim(share: PortShare, remote: Address, isProved: boolean): void {
    const holder = this.#routes.get(remote)
    if (holder !== undefined && holder !== share && !isProved) return
    if (holder !== undefined) holder.route = undefined
    if (share.route !== undefined) this.#routes.delete(share.route)
    this.#routes.set(remote, share)
    share.route = remote
  }

  addId(share: PortShare, id: Uint8Array): void {
    this.#byId.set(byteKey(id), share)
  }

  removeId(share: PortShare, id: Uint8Array): void {
    const key = byteKey(id)
    if (this.#byId.get(key) === share) this.#byId.delete(key)
  }

  release(share: PortShare): void {
    if (share.route !== undefined) this.#routes.delete(share.route)
    this.#shares.delete(share)
    this.#closeIfEmpty()
  }

  #closeIfEmpty(): void {
    if (this.#isClosing && this.#shares.size === 0) this.#socket.close()
  }

  /** Whose a datagram is; `undefined` when it is the front door's, or nobody's. */
  #ownerOf(bytes: Uint8Array, source: Address): PortShare | undefined {
    const resident = this.#routes.get(source)
    if (this.#options.isHello(bytes) && !isMessageOf(resident, bytes)) return undefined
    const id = this.#options.connectId(bytes)
    return (id && this.#byId.get(byteKey(id))) ?? resident
  }

  readonly #sort = (): void => {
    for (let datagram = this.#socket.receive(); datagram; datagram = this.#socket.receive()) {
      const { bytes, source, arrivedAtMs } = datagram
      this.#arrivals += 1
      const owner = this.#ownerOf(bytes, source)
      if (owner !== undefined) {
        owner.put(bytes, source, arrivedAtMs)
        continue
      }
      const wasEmpty = this.#lobby.length === 0
      this.#lobbyDropped += this.#lobby.put(bytes, source, arrivedAtMs)
      if (wasEmpty) this.onReadable()
    }
  }
}

/**
 * Whether what looks like a HELLO is something that a client says. One that is known by its address alone may say any text; that it
 * begins anew shows only in the very HELLO by which it came.
 */
function isMessageOf(resident: PortShare | undefined, bytes: Uint8Array): boolean {
  if (resident === undefined || resident.visitor.id !== undefined) return false
  return !isSameBytes(bytes, resident.visitor.hello)
}

function isTaken(source: Address): UDPipeError {
  return new UDPipeError(
    'ERR_NO_FREE_PORT',
    `${formatAddress(source)} is the address of a client already, and on a shared port a client of the classic protocol is known by ` +
      `nothing else: wait until that one is gone.`,
  )
}
