import type { Delivery } from './session/delivery.ts'
import type { ProtocolName, SessionState } from './session/session.ts'
import type { SessionStats } from './session/stats.ts'

/** How a message is to travel; what is left out is the channel's default. */
export interface SendOptions {
  readonly delivery?: Delivery
  /** 0 to 255, default 0: order is kept within a channel, and a loss on one never holds up another. */
  readonly channel?: number
  /** Sends it right now, with whatever else waits, instead of at the end of this step or turn. Default `false`. */
  readonly immediate?: boolean
}

/** What is told about the end of a connection. */
export interface CloseOptions {
  /** A number of the program's own, 0 to 65,535, of which those from 65,280 up are better left to `closeCodes`; default 0. */
  readonly code?: number
  readonly reason?: string
}

/** What a peer is made of: the connection behind it, as its endpoint sees it. */
export interface PeerLink {
  readonly protocol: ProtocolName
  readonly state: SessionState
  readonly remote: { readonly host: string; readonly port: number }
  readonly localPort: number
  readonly rttMs: number
  readonly clockOffsetMs: number
  readonly stats: Readonly<SessionStats>
  send(message: string | Uint8Array, options?: SendOptions): boolean
  ping(): void
  pause(): void
  resume(): void
  close(options?: CloseOptions): Promise<void>
}

/** The other side of one connection, as callbacks are handed it. */
export class Peer {
  /** Unlike that of any other peer of this UDPipe. */
  readonly id: number
  /** On a server with `connectTokenKey`, who the backend says that it is; else `undefined`. */
  readonly clientId: string | undefined
  /** Yours: whatever belongs with this peer. On a server with `connectTokenKey` it begins as the token's user data, a Buffer. */
  userData: unknown
  readonly #link: PeerLink

  /** @internal */
  constructor(id: number, link: PeerLink, clientId?: string, userData?: Buffer) {
    this.id = id
    this.clientId = clientId
    this.userData = userData
    this.#link = link
  }

  /** The other side's numeric address. */
  get address(): string {
    return this.#link.remote.host
  }

  /** The other side's port. */
  get port(): number {
    return this.#link.remote.port
  }

  /** The port at this side: on a server the peer's private port. */
  get localPort(): number {
    return this.#link.localPort
  }

  get state(): SessionState {
    return this.#link.state
  }

  get protocol(): ProtocolName {
    return this.#link.protocol
  }

  /** Smoothed round-trip time in milliseconds (RFC 6298); `NaN` until one was measured. */
  get rttMs(): number {
    return this.#link.rttMs
  }

  /** The other side's clock minus ours, in milliseconds; `NaN` where the protocol cannot tell. */
  get clockOffsetMs(): number {
    return this.#link.clockOffsetMs
  }

  /** What was counted so far: a copy. */
  get stats(): SessionStats {
    return { ...this.#link.stats }
  }

  /**
   * Sends a message to this peer; see `UDPipe.send`.
   *
   * @returns whether it was accepted; `false` when the queue is full, which `onError` is told once each time, and when the peer is leaving
   * @throws UDPipeError `ERR_MESSAGE_TOO_LARGE`, `ERR_MESSAGE_RESERVED`, `ERR_UNSUPPORTED`, `ERR_ARGUMENT_INVALID`, `ERR_PEER_CLOSED`
   */
  send(message: string | Uint8Array, options?: SendOptions): boolean {
    return this.#link.send(message, options)
  }

  /**
   * Asks this peer for a sign of life; the answer is `onPong`.
   *
   * @throws UDPipeError `ERR_PEER_CLOSED`
   */
  ping(): void {
    this.#link.ping()
  }

  /**
   * Takes nothing more of this peer until {@link resume}: neither messages nor the end of its connection are told meanwhile. Of reliable
   * messages the peer may send as much as its credit, then it has to wait; others are dropped as their queues fill up. PINGs are answered
   * all the time.
   */
  pause(): void {
    this.#link.pause()
  }

  /** Goes on after {@link pause}: what has arrived is told in the next step. */
  resume(): void {
    this.#link.resume()
  }

  /**
   * Closes this connection gracefully: what is queued goes first, within a limit.
   *
   * @returns a promise that resolves when the other side confirmed, or the limit passed
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`
   */
  close(options?: CloseOptions): Promise<void> {
    return this.#link.close(options)
  }
}
