import type { ProtocolName, SessionState } from '../session/session.ts'
import type { SessionStats } from '../session/stats.ts'
import type { CloseOptions, SendOptions } from '../options/send-options.ts'
import { formatAddress } from '../core/address.ts'
import { UDPipeError } from '../core/errors.ts'
import { show } from '../core/show.ts'

/** What a peer is made of: the connection behind it, as its endpoint sees it. */
export interface PeerDriver {
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

/** What is known of a client from the HELLO that it was let in with. */
export interface PeerOrigin {
  readonly clientId: string | undefined
  readonly userData: Buffer | undefined
  readonly hello: Buffer | undefined
}

/** The other side of one connection, as callbacks are handed it. `UserData` is what your program keeps in {@link userData}. */
export class Peer<UserData = unknown> {
  static {
    Object.defineProperty(this.prototype, Symbol.for('nodejs.util.inspect.custom'), { value: inspectPeer })
  }

  /** Unlike that of any other peer of this UDPipe. */
  readonly id: number
  /** On a server with `connectTokenKey`, who the backend says that it is; else `undefined`. */
  readonly clientId: string | undefined
  /**
   * Yours: whatever belongs with this peer. It begins as `undefined`, and on a server with `connectTokenKey` as the token's user data, a
   * Buffer: with a type of your own, assign it in `onConnect` before you read it.
   */
  userData: UserData
  /**
   * On a server, what the HELLO carried that this client was let in with: its option `hello`. Empty when it carried nothing, `undefined` on
   * a client. A client that comes back to its connection is not asked anew.
   */
  readonly hello: Buffer | undefined
  readonly #driver: PeerDriver

  /** @internal */
  constructor(id: number, driver: PeerDriver, { clientId, userData, hello }: Partial<PeerOrigin> = {}) {
    this.id = id
    this.clientId = clientId
    this.userData = userData as UserData
    this.hello = hello
    this.#driver = driver
  }

  /** The other side's numeric address. */
  get address(): string {
    return this.#driver.remote.host
  }

  /** The other side's port. */
  get port(): number {
    return this.#driver.remote.port
  }

  /** The port at this side: on a server the peer's private port. */
  get localPort(): number {
    return this.#driver.localPort
  }

  get state(): SessionState {
    return this.#driver.state
  }

  get protocol(): ProtocolName {
    return this.#driver.protocol
  }

  /** Smoothed round-trip time in milliseconds (RFC 6298); `NaN` until one was measured. */
  get rttMs(): number {
    return this.#driver.rttMs
  }

  /**
   * The other side's clock minus ours, in milliseconds; `NaN` until measured, and where the protocol cannot tell. The clocks are those of the
   * option `clock` at either end, `performance.now()` by default. `stats.clockErrorMs` says how far it may be wrong.
   */
  get clockOffsetMs(): number {
    return this.#driver.clockOffsetMs
  }

  /**
   * What the other side's clock shows when ours shows `localMs`: see {@link clockOffsetMs}, whose error is this one's.
   *
   * @param localMs a time of our clock, `performance.now()` by default
   * @returns milliseconds of the other side's clock; `NaN` until it was measured
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`
   */
  remoteTime(localMs: number): number {
    return requireTime('remoteTime(localMs)', localMs) + this.#driver.clockOffsetMs
  }

  /**
   * What our clock shows when the other side's shows `remoteMs`: the inverse of {@link remoteTime}.
   *
   * @param remoteMs a time of the other side's clock
   * @returns milliseconds of our clock; `NaN` until the other one was measured
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`
   */
  localTime(remoteMs: number): number {
    return requireTime('localTime(remoteMs)', remoteMs) - this.#driver.clockOffsetMs
  }

  /** What was counted so far: a copy. */
  get stats(): SessionStats {
    return { ...this.#driver.stats }
  }

  /**
   * Sends a message to this peer; see `UDPipe.send`.
   *
   * @returns whether it was accepted; `false` when the queue is full, which `onError` is told once each time, and when the peer is leaving
   * @throws UDPipeError `ERR_MESSAGE_TOO_LARGE`, `ERR_MESSAGE_RESERVED`, `ERR_UNSUPPORTED`, `ERR_ARGUMENT_INVALID`,
   *   `ERR_OPTION_UNKNOWN`, `ERR_PEER_CLOSED`; not that it is closed before `onDisconnect` has told of it, and in it: then it returns `false`
   */
  send(message: string | Uint8Array, options?: SendOptions): boolean {
    return this.#driver.send(message, options)
  }

  /**
   * Asks this peer for a sign of life; the answer is `onPong`.
   *
   * @throws UDPipeError `ERR_PEER_CLOSED`
   */
  ping(): void {
    this.#driver.ping()
  }

  /**
   * Takes nothing more of this peer until {@link resume}: neither messages nor the end of its connection are told meanwhile. Of reliable
   * messages the peer may send as much as its credit, then it has to wait; others are dropped as their queues fill up. PINGs are answered
   * all the time.
   */
  pause(): void {
    this.#driver.pause()
  }

  /** Goes on after {@link pause}: what has arrived is told in the next step. */
  resume(): void {
    this.#driver.resume()
  }

  /**
   * Closes this connection gracefully: what is queued goes first, within a limit.
   *
   * @returns a promise that resolves when the other side confirmed, or the limit passed
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`, `ERR_OPTION_UNKNOWN`
   */
  close(options?: CloseOptions): Promise<void> {
    return this.#driver.close(options)
  }
}

/** What `console.log(peer)` shows. Declarations that are made file by file take no method of such a name. */
Object.defineProperty(Peer.prototype, Symbol.for('nodejs.util.inspect.custom'), { value: inspectPeer })

function inspectPeer(this: Peer, _depth: number, options: object, inspect?: Inspect): unknown {
  const { id, clientId, state, rttMs } = this
  const address = formatAddress({ host: this.address, port: this.port })
  const shown = { id, ...(clientId !== undefined && { clientId }), address, state, rttMs }
  return inspect === undefined ? shown : `Peer ${inspect(shown, options)}`
}

type Inspect = (value: unknown, options: object) => string

function requireTime(call: string, ms: unknown): number {
  if (typeof ms === 'number' && Number.isFinite(ms)) return ms
  throw new UDPipeError('ERR_ARGUMENT_INVALID', `${call} takes milliseconds, a number; it was ${show(ms)}.`)
}
