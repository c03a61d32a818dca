import type { Address } from '../core/address.ts'
import type { Datagram } from './inbox.ts'

/** Where datagrams arrive, to be read when the owner wants to, and where they leave. */
export interface DatagramPort {
  /** Where it is bound. */
  readonly address: Address
  readonly isClosed: boolean
  readonly counters: DropCounters
  /** Called when nothing waited and something arrived; from the event loop, so never from within another call. */
  onReadable: () => void

  /** Takes the oldest datagram that waits. The record is valid until the next call, its `bytes` and `source` for ever. */
  receive(): Datagram | undefined
  /** The memory to write the next datagram to, from its start; ask anew for each datagram. */
  acquire(): Uint8Array
  /**
   * Sends the first `lengthBytes` of what {@link acquire} returned, now or with the next {@link flush}. Returns whether they were taken.
   */
  send(lengthBytes: number, destination: Address): boolean
  /** Has everything leave that was sent so far: the sender has no more for now. A port may gather datagrams until then. */
  flush(): void
  close(): void
}

/** What was dropped at a {@link DatagramPort}. */
export interface DropCounters {
  /** Datagrams that were dropped because too many waited to be received. */
  readonly droppedInbox: number
  /** Datagrams that were dropped because too many waited to be sent. */
  readonly droppedSend: number
}

/** What a link talks through: a socket of its own, or its share of one. */
export interface LinkSocket extends DatagramPort {
  /** Talks to this address from now on. */
  setPeer(peer: Address): void
  /** Talks to nobody in particular for now. */
  unsetPeer(): void
  /**
   * The peer may come back by another HELLO, which came from `source` and was answered there only: what names its id, too, belongs here
   * from now on.
   */
  addConnectId(id: Uint8Array, source: Address): void
}

/** A client that is to be let in, as its HELLO shows it. */
export interface Visitor {
  /** Where the HELLO came from. */
  readonly source: Address
  /** The whole HELLO. */
  readonly hello: Uint8Array
  /** What its CONNECT will name; `undefined` in a protocol whose CONNECT names nothing. */
  readonly id?: Uint8Array | undefined
}

/** Where the sockets come from that clients are moved to. */
export interface LinkSockets {
  /**
   * Opens the socket of a visitor.
   *
   * @throws UDPipeError `ERR_NO_FREE_PORT`
   */
  open(visitor: Visitor): LinkSocket
}
