import type { Address } from '../core/address.ts'
import type { Session } from './session.ts'
import type { Limits } from './settings.ts'

/**
 * A client that a front door has let in, as plain data: `structuredClone` and a worker's `postMessage` take it, and whoever
 * hosts the client, in this thread or another, makes its session from it. All bytes in it have memory of their own.
 *
 * It carries the keys of the connection, so it is as secret as they are. Who sends a copy elsewhere keeps none: either the memory
 * of the keys is transferred with it, or {@link wipeKeys} overwrites what stays behind.
 */
export type Admission = ClassicAdmission | ReliableAdmission

/** What every admission says. */
export interface AdmissionFacts {
  /** By which the door is told what becomes of it: unique among all that the front doors of one server let in. */
  readonly id: string
  /** Where HELLO came from. */
  readonly source: Address
  /** What the client's user sent along; empty in the classic protocol. */
  readonly payload: Uint8Array
  /** What the backend says about the client, where the server takes connect tokens. */
  readonly ticket: TicketInfo | undefined
}

/** What a session of the classic protocol begins with. */
export interface ClassicAdmission extends AdmissionFacts {
  readonly protocol: 'classic'
}

/** What a session of the reliable protocol begins with. */
export interface ReliableAdmission extends AdmissionFacts {
  readonly protocol: 'reliable'
  /** What tells the client's HELLO from every other; its CONNECT names it. */
  readonly helloId: Uint8Array
  /** What CONNECT named for the client to come back by; `undefined` when it cannot. */
  readonly resumeId: Uint8Array | undefined
  /** What the client asks to be respected. */
  readonly limits: Limits
  /** What the session seals and opens with. */
  readonly keys: SealerKeys
}

/** What a connect token says about its client. */
export interface TicketInfo {
  readonly clientId: string
  readonly userData: Uint8Array
}

/** What one end of a connection seals and opens packets with, as plain bytes; how long they are is the security's matter. */
export interface SealerKeys {
  /** For what this end sends. */
  readonly send: Uint8Array
  /** For what it receives. */
  readonly receive: Uint8Array
}

/** Overwrites keys that nothing will be made from, or of which a copy has gone elsewhere. */
export function wipeKeys({ send, receive }: SealerKeys): void {
  send.fill(0)
  receive.fill(0)
}

/**
 * A handshake that brings a lost connection back if the client completes it, as plain data, for the session of that connection.
 * It carries keys, as an {@link Admission} does.
 */
export interface ReturnOffer {
  /** What tells the client's HELLO from every other; its CONNECT names it. */
  readonly helloId: Uint8Array
  /** What the client may name to come back by, once more. */
  readonly resumeId: Uint8Array
  readonly keys: SealerKeys
  /** Where HELLO came from. */
  readonly source: Address
  /** Whether CONNECT may come from {@link source} only, because the port is shared. */
  readonly isSourceBound: boolean
}

/** The server's end of a connection, made from an {@link Admission}, as whoever hosts it sees it. */
export interface ServerSession extends Session {
  /** Whether its client ever came. */
  readonly wasEstablished: boolean
  /** What the client may name to come back by, as of the handshake that it completed last; `undefined` when it cannot. */
  readonly resumeId: Uint8Array | undefined

  /** Nobody will come to this port any more: ends the session, if nobody has yet. */
  abandon(now: number): void
  /** Takes a return offer, and its keys with it; only where the protocol has such. One that comes too late is wiped. */
  offerReturn?(offer: ReturnOffer): void
}

/**
 * What a front door is told of those that it let in, by the ids of their admissions, by whoever hosts them. What is told of an id
 * that it does not know, or not any more, is passed over.
 */
export interface AdmissionListener {
  /** The client came to its private port. */
  handleEstablished(id: string): void
  /** The client completed the handshake of a {@link ReturnOffer}: of all that it might come back by, this is left. */
  handleReturned(id: string, resumeId: Uint8Array): void
  /** The connection is being closed: its client comes back to it no more, and may ask for another. */
  handleEnding(id: string): void
  /** The session is over, and all that was kept of it may go. */
  forget(id: string): void
}
