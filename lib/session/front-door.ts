import type { Address } from '../core/address.ts'
import type { Admission, AdmissionListener, ReturnOffer, TicketInfo } from './admission.ts'
import type { Transmit } from './transmit.ts'
import type { ProtocolName } from './session.ts'

/** A newcomer whose HELLO proved the token, waiting to be let in or sent away. */
export interface ConnectionRequest {
  /** What the client's user sent along; empty in the classic protocol. */
  readonly payload: Uint8Array
  /** The whole HELLO datagram. */
  readonly hello: Uint8Array
  /** What the client's CONNECT will name; `undefined` in a protocol whose CONNECT names nothing. */
  readonly id?: Uint8Array | undefined
  readonly source: Address
  /** What the backend says about the client, where the server takes connect tokens. */
  readonly ticket?: TicketInfo | undefined
}

/** The longest payload that a client's user can send along with HELLO. */
export const MAX_HELLO_PAYLOAD_BYTES = 512

/** Requests that wait for their owner's answer at one time. */
export const MAX_UNANSWERED_REQUESTS = 1_024

/** What a front door tells its owner, oldest first. */
export type FrontDoorEvent =
  /** Answer with {@link FrontDoor.admit} or {@link FrontDoor.refuse}. */
  | { readonly type: 'request'; readonly request: ConnectionRequest }
  /**
   * A client comes back to a connection that it lost, and has been shown its port again; the offer is for the session that was made
   * from the admission with this id. Whether it is that client shows only when its CONNECT comes.
   */
  | { readonly type: 'returning'; readonly id: string; readonly offer: ReturnOffer }
  /** A client says HELLO anew before the connection stood that it was let in for: who hosts it is to abandon that session. */
  | { readonly type: 'superseded'; readonly id: string }
  /** A HELLO with a wrong token; it has been answered with GO AWAY! There are only as many of these a second as the limits say. */
  | { readonly type: 'bad-token'; readonly hello: Uint8Array; readonly source: Address }

/** What a front door counts. */
export interface FrontDoorStats {
  receivedHellos: number
  badTokens: number
  /** HELLOs that were asked for a cookie. */
  retries: number
  /** HELLOs that were dropped because there were too many, of all or of their address. */
  limitedHellos: number
  /** HELLOs with a wrong token or version that were neither answered nor told of, because there were too many. */
  suppressedRefusals: number
  admitted: number
  /** Connect tokens that had expired, had been used, or were for another server. */
  refusedTickets: number
  /** GO AWAY! to a client that was refused, or has another version, security or server key; not to one with a wrong token. */
  refused: number
  /** Clients that came back to a connection of theirs, and were shown its private port again. */
  returned: number
  /** Datagrams that are not a HELLO of this protocol. */
  droppedMalformed: number
  /** Answers that were due and did not fit in the outgoing queue. */
  droppedAnswers: number
  /** HELLOs that were not answered, because they are known from another address. */
  droppedForeign: number
}

/** Stats in which nothing has happened yet. */
export function createFrontDoorStats(): FrontDoorStats {
  return {
    receivedHellos: 0,
    badTokens: 0,
    retries: 0,
    limitedHellos: 0,
    suppressedRefusals: 0,
    admitted: 0,
    refusedTickets: 0,
    refused: 0,
    returned: 0,
    droppedMalformed: 0,
    droppedAnswers: 0,
    droppedForeign: 0,
  }
}

/**
 * The public port of one protocol, without a socket: it decides who has proved the token and answers CONNECT or GO AWAY!
 * Who opens the private port is its owner's matter, and so is who hosts the client there: an {@link Admission} is all that it
 * takes, and what becomes of it is told by its id. A repeated HELLO gets the answer that the first one got.
 *
 * Drain order: `handleDatagram`, then `pollEvent` until empty (answering each request), then `pollTransmit` until it returns nothing.
 */
export interface FrontDoor extends AdmissionListener {
  readonly protocol: ProtocolName
  readonly stats: Readonly<FrontDoorStats>

  /** Whether a datagram is a HELLO of this protocol, judged by its first bytes alone. */
  isHello(bytes: Uint8Array): boolean
  handleDatagram(now: number, bytes: Uint8Array, source: Address): void
  /** Lets a newcomer in: CONNECT names `endpoint`, the private port where the session made from the admission is to live. */
  admit(now: number, request: ConnectionRequest, endpoint: Address): Admission
  /** Sends a newcomer away; `isFinal`, false by default, asks it not to come again, where the protocol can say so. */
  refuse(now: number, request: ConnectionRequest, code: number, reason: string, isFinal?: boolean): void
  /** Changes the token that a HELLO must prove from now on. */
  setToken(token: string): void

  pollEvent(): FrontDoorEvent | undefined
  /** Writes the next answer that is due to the start of `into`; `undefined` when none is due. */
  pollTransmit(now: number, into: Uint8Array): Transmit | undefined
}
