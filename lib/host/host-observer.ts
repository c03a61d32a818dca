import type { CloseOptions, SendOptions } from '../options/send-options.ts'
import type { ConnectionRequest } from '../session/front-door.ts'
import type { Session, SessionEvent } from '../session/session.ts'

/** A session that a UDPipe hosts, as who looks on may use it. */
export interface HostedSession {
  readonly session: Session
  readonly localPort: number
  /** See `Peer.send`. */
  sendBytes(bytes: Uint8Array, options: SendOptions): boolean
  ping(): void
  close(options?: CloseOptions): Promise<void>
  /** The session was told something from elsewhere, and may have events and datagrams. */
  wake(): void
}

/** Looks on as a UDPipe hosts its sessions, and hears of each thing before the program does: for simulations. */
export interface HostObserver {
  /** A session begins; on a server, that of the client that sent this request. */
  onOpen(hosted: HostedSession, request: ConnectionRequest | undefined): void
  /** A session told something. */
  onEvent(hosted: HostedSession, event: SessionEvent): void
  /** A session is over, and its socket is gone. */
  onOver(hosted: HostedSession): void
}
