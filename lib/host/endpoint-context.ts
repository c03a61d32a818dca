import type { Callbacks, DisconnectInfo, MessageInfo } from './callbacks.ts'
import type { Counters } from './counters.ts'
import type { UDPipeError } from '../core/errors.ts'
import type { Options } from '../options/options.ts'
import type { Peer } from './peer.ts'
import type { ProtocolDependencies } from './protocols.ts'
import type { Address } from '../core/address.ts'
import type { SessionSettings } from '../session/settings.ts'
import type { Trace } from './trace.ts'
import type { LinkSocket } from '../port/datagram-port.ts'
import type { Platform } from '../port/platform.ts'
import type { PortFactory, PortSettings } from '../port/port-factory.ts'
import type { HostObserver } from './host-observer.ts'

/** What an endpoint and its links need of the UDPipe around them. */
export interface EndpointContext {
  readonly platform: Platform
  readonly options: Options
  readonly settings: SessionSettings
  readonly counters: Counters
  readonly trace: Trace
  readonly callbacks: Callbacks
  readonly hooks: Hooks
  /** Who looks on, if anybody does. */
  readonly observer: HostObserver | undefined
  /** What every socket of this UDPipe is opened with. */
  readonly portSettings: PortSettings
  readonly ports: PortFactory
  /** What the protocols' machines are handed. */
  readonly dependencies: ProtocolDependencies
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

/** The seed's protected methods: they stand between an endpoint and the callbacks, so that a program can override them. */
export interface Hooks {
  startUdp(port: number, host: string): LinkSocket
  timedOut(peer: Peer, info: DisconnectInfo): void
  newClient(message: Buffer, ip: string, port: number): void
  setPeer(peer: Peer, remote: Address): void
  unsetPeer(peer: Peer): void
  newMessage(message: Buffer, peer: Peer, remote: Address, info: MessageInfo): void
}
