import type { ConnectionRequest } from '../session/front-door.ts'
import type { SessionEvent } from '../session/session.ts'
import type { SessionDriver } from './session-driver.ts'

/** Looks on as a UDPipe hosts its sessions, and hears of each thing before the program does: for simulations. */
export interface HostObserver {
  /** A session begins; on a server, that of the client that sent this request. */
  onOpen(driver: SessionDriver, request: ConnectionRequest | undefined): void
  /** A session told something. */
  onEvent(driver: SessionDriver, event: SessionEvent): void
  /** A session is over, and its socket is gone. */
  onOver(driver: SessionDriver): void
}
