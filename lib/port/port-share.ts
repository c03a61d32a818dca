import { isSameAddress, type Address } from '../core/address.ts'
import { Inbox, type Datagram } from './inbox.ts'
import type { LinkSocket, Visitor } from './datagram-port.ts'

/** How many datagrams of one client wait for the next step: a client that floods loses its own, and nobody else's. */
export const MAX_SHARE_DATAGRAMS = 4_096

/** How many HELLOs a share is known by: the oldest is forgotten, because its client has given that up. */
const MAX_VISITS = 8

/** A HELLO whose CONNECT belongs to a share. */
interface Visit {
  readonly id: Uint8Array
  readonly source: Address
}

/** What a share needs of the port that it is one of. */
export interface ShareHolder {
  readonly address: Address
  acquire(): Uint8Array
  send(lengthBytes: number, destination: Address): boolean
  flush(): void
  /** What comes from `remote` is this share's from now on, unless it is another's; `isProved` takes it from that. */
  claim(share: PortShare, remote: Address, isProved: boolean): void
  /** A CONNECT that names this id is this share's from now on. */
  addId(share: PortShare, id: Uint8Array): void
  /** What names this id is nobody's any more. */
  removeId(share: PortShare, id: Uint8Array): void
  /** Forgets a share. */
  release(share: PortShare): void
}

/** One client's share of a port that many are served at: its own inbox, and the address by which it is known. */
export class PortShare implements LinkSocket {
  onReadable: () => void = doNothing
  /** What waits to be sent waits in the port's one queue, and is counted there. */
  readonly counters: { droppedInbox: number; readonly droppedSend: number } = { droppedInbox: 0, droppedSend: 0 }
  readonly visitor: Visitor
  /** Where the datagrams come from that are this share's without saying so; the port's to change. */
  route: Address | undefined
  readonly #holder: ShareHolder
  readonly #inbox = new Inbox(MAX_SHARE_DATAGRAMS)
  /** The HELLOs by which the client has come, and come back, the oldest first. */
  readonly #visits: Visit[] = []
  #peer: Address | undefined
  #isClosed = false

  constructor(holder: ShareHolder, visitor: Visitor) {
    this.#holder = holder
    this.visitor = visitor
    if (visitor.id !== undefined) this.addConnectId(visitor.id, visitor.source)
  }

  get address(): Address {
    return this.#holder.address
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /**
   * Takes what comes from there from now on. To be called when a datagram has opened that came from there, and no sooner.
   *
   * Who answers from where its HELLO came from has read what was said to it there, and who moves has answered a challenge: that
   * proves an address. Any other is taken only while it is nobody's, because a source is easily forged, and a client could shut
   * another one out.
   */
  setPeer(peer: Address): void {
    const hasMoved = this.#peer !== undefined && !isSameAddress(this.#peer, peer)
    this.#peer = peer
    this.#claim(hasMoved || isSameAddress(peer, this.visitor.source) || this.#hasVisitedFrom(peer))
  }

  /** Goes on hearing whoever names its id, and what comes from where its peer was until that is another's. */
  unsetPeer(): void {
    // The port's socket is connected to nobody, so there is nothing to undo.
  }

  addConnectId(id: Uint8Array, source: Address): void {
    this.#visits.push({ id, source })
    this.#holder.addId(this, id)
    const oldest = this.#visits.length > MAX_VISITS ? this.#visits.shift() : undefined
    if (oldest !== undefined) this.#holder.removeId(this, oldest.id)
  }

  receive(): Datagram | undefined {
    return this.#inbox.take()
  }

  acquire(): Uint8Array {
    return this.#holder.acquire()
  }

  send(lengthBytes: number, destination: Address): boolean {
    return !this.#isClosed && this.#holder.send(lengthBytes, destination)
  }

  flush(): void {
    this.#holder.flush()
  }

  /** Takes a datagram in, for the port. */
  put(bytes: Uint8Array, source: Address, arrivedAtMs: number): void {
    // Whoever held the peer's address when it was claimed may be gone by now.
    if (this.route === undefined && this.#peer !== undefined && isSameAddress(this.#peer, source)) this.#claim(false)
    const wasEmpty = this.#inbox.length === 0
    this.counters.droppedInbox += this.#inbox.put(bytes, source, arrivedAtMs)
    if (wasEmpty) this.onReadable()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#inbox.clear()
    for (const { id } of this.#visits) this.#holder.removeId(this, id)
    this.#holder.release(this)
  }

  #hasVisitedFrom(peer: Address): boolean {
    return this.#visits.some(({ source }) => isSameAddress(source, peer))
  }

  #claim(isProved: boolean): void {
    if (this.#peer !== undefined) this.#holder.claim(this, this.#peer, isProved)
  }
}

function doNothing(): void {
  // Nobody listens.
}
