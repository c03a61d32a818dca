import type { CloseReason } from '../session/session.ts'
import type { Counters } from './counters.ts'
import type { SessionDriver } from './session-driver.ts'
import type { Peer } from './peer.ts'

/** The server's or the client's end of a UDPipe. `step()` calls `receive`, `advance`, `dispatch` and `transmit`, in this order. */
export interface Endpoint {
  /** Whether it is over: every connection ended and every socket closed. */
  readonly isClosed: boolean
  /** Whether there will be no connection any more, as the callbacks are told, though something may still be left to say. */
  readonly isEnding: boolean
  /** When it needs to be stepped again at the latest; `Infinity` for never. */
  readonly nextDeadline: number
  /** The links whose peers a program can see. */
  drivers(): Iterable<SessionDriver>
  driverOf(peer: Peer): SessionDriver | undefined
  driverWith(peerId: number): SessionDriver | undefined
  /** Whether the next turn of the event loop is likely to bring more of what arrived in this one. */
  hasBacklog(): boolean
  /** Hands what arrived to the sessions. */
  receive(): void
  /** Lets time pass; `awakeMs` is the clock that leaves out the main loop's pauses. */
  advance(now: number, awakeMs: number): void
  /** Fires the callbacks. */
  dispatch(now: number): void
  /** Sends what is due. */
  transmit(now: number): void
  /** Closes every connection and lets nobody in any more. */
  close(now: number, why: CloseReason): void
  setTimeout(timeoutMs: number): void
  /** Adds what was dropped so far and is not in the UDPipe's own counters yet. */
  count(counters: Counters): void
}
