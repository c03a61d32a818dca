import type { Callbacks, DisconnectInfo, MessageInfo } from './callbacks.ts'
import type { Counters } from './counters.ts'
import type { UDPipeError } from './errors.ts'
import type { Link } from './link.ts'
import type { Options } from './options.ts'
import type { Peer } from './peer.ts'
import type { Address } from './session/address.ts'
import type { SessionSettings } from './session/settings.ts'
import type { Trace } from './trace.ts'
import type { Ingredients } from './protocols.ts'
import type { UdpSocket, UdpSocketOptions } from './transport/udp-socket.ts'

/** The server's or the client's end of a UDPipe. `step()` calls `receive`, `advance`, `dispatch` and `transmit`, in this order. */
export interface Endpoint {
  /** Whether it is over: every connection ended and every socket closed. */
  readonly isClosed: boolean
  /** When it needs to be stepped again at the latest; `Infinity` for never. */
  readonly nextDeadline: number
  /** The links whose peers a program can see. */
  links(): Iterable<Link>
  linkOf(peer: Peer): Link | undefined
  /** Whether the next turn of the event loop is likely to bring more of what arrived in this one. */
  takesMore(): boolean
  /** Hands what arrived to the sessions. */
  receive(): void
  /** Lets time pass; `awakeMs` is the clock that leaves out the main loop's pauses. */
  advance(now: number, awakeMs: number): void
  /** Fires the callbacks. */
  dispatch(now: number): void
  /** Sends what is due. */
  transmit(now: number): void
  /** Closes every connection and lets nobody in any more. */
  close(now: number, code: number, reason: string): void
  setTimeout(timeoutMs: number): void
  /** Adds what was dropped so far and is not in the UDPipe's own counters yet. */
  count(counters: Counters): void
}

/** What an endpoint and its links need of the UDPipe around them. */
export interface EndpointContext {
  readonly options: Options
  readonly settings: SessionSettings
  readonly counters: Counters
  readonly trace: Trace
  readonly callbacks: Callbacks
  readonly hooks: Hooks
  /** What every socket of this UDPipe is opened with. */
  readonly socketOptions: SocketOptions
  /** What the protocols' machines are handed. */
  readonly ingredients: Ingredients
  nextPeerId(): number
  /** Whether the program is called by us, in a callback, and not the other way round. */
  isStepping(): boolean
  /** Something was queued: outside `step()` it leaves at the end of this turn of the event loop. */
  requestFlush(): void
  /** Something arrived: whoever steps by itself should. */
  readonly wake: () => void
  /** Tells `onError`, in this `step()` or the next. */
  report(error: UDPipeError): void
}

/** What does not depend on which socket is opened. */
export type SocketOptions = Omit<UdpSocketOptions, 'host' | 'port' | 'onClose'>

/** The seed's protected methods: they stand between an endpoint and the callbacks, so that a program can override them. */
export interface Hooks {
  startUdp(port: number, host: string): UdpSocket
  timedOut(peer: Peer, info: DisconnectInfo): void
  newClient(message: Buffer, ip: string, port: number): void
  setPeer(peer: Peer, remote: Address): void
  unsetPeer(peer: Peer): void
  newMessage(message: Buffer, peer: Peer, remote: Address, info: MessageInfo): void
}

/** The bytes as a Buffer, without a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
