import type { Address } from '../core/address.ts'
import type { Delivery } from './delivery.ts'
import type { RateNotice } from './rate-limiter.ts'
import type { SessionStats } from './stats.ts'
import type { Transmit } from './transmit.ts'

/** The protocols that this library speaks. */
export type ProtocolName = 'classic' | 'reliable'

/**
 * Where a session is in its life.
 *
 * - `'dialing'`: a client says HELLO to the front door and waits for its answer.
 * - `'connecting'`: the private port is known; CONNECT is on its way.
 * - `'connected'`: messages flow.
 * - `'stalled'`: the other side has been silent for a while; what is sent waits.
 * - `'closing'`: CLOSE was said and CLOSED is awaited.
 * - `'waiting'`: a client that lost its server, or was refused, waits before it dials again; a server waits for a client
 *   that it lost to come back.
 * - `'closed'`: over; nothing comes out of this session any more.
 */
export type SessionState = 'dialing' | 'connecting' | 'connected' | 'stalled' | 'closing' | 'waiting' | 'closed'

/** What became of a message that was handed to {@link Session.send}: only `'accepted'` ones travel. */
export type SendOutcome = 'accepted' | 'queue-full' | 'too-large' | 'reserved' | 'unsupported' | 'closed'

/** How a client dials again. */
export interface ReconnectInfo {
  /** 1 for the first attempt since a connection stood, or since the first of all failed. */
  readonly attempt: number
  /** How long it waits before that, in milliseconds; 0 where another server of a connect token is tried at once. */
  readonly delayMs: number
}

/** Why an established connection ended. */
export type EndCause = 'closed-here' | 'closed-there' | 'timeout'

/** What the end of a connection is told with. */
export interface CloseReason {
  /** 0 to 65,535: one of the program's own, or of `closeCodes`. */
  readonly code: number
  readonly reason: string
  /** Whether a client that hears it is not to dial again. */
  readonly isFinal: boolean
}

/** What a session tells its owner, oldest first, through {@link Session.pollEvent}. */
export type SessionEvent =
  /** The address this session talks to has changed; `undefined` when it talks to nobody for now. */
  | { readonly type: 'peer'; readonly remote: Address | undefined }
  /** A client was shown its private port. */
  | { readonly type: 'connecting'; readonly remote: Address }
  /** The connection stands; `isResumed` where it is one that was lost and goes on. */
  | { readonly type: 'connected'; readonly remote: Address; readonly isResumed: boolean }
  | {
      readonly type: 'message'
      /** A view that is the receiver's to keep. */
      readonly message: Uint8Array
      readonly delivery: Delivery
      readonly channel: number
    }
  | { readonly type: 'ping' }
  | { readonly type: 'pong'; readonly rttMs: number }
  | { readonly type: 'stalled' }
  | { readonly type: 'unstalled' }
  /** The other side sends more than its rate allows; what is beyond is dropped. At most once a second. */
  | ({ readonly type: 'rate-limited' } & RateNotice)
  /** The other side has moved and proved it: all goes to its new address. A `'peer'` event went before. */
  | { readonly type: 'migrated'; readonly from: Address; readonly to: Address }
  /** A connection that stood has ended. A client that will reconnect stays, in the state `'waiting'`. */
  | {
      readonly type: 'ended'
      readonly cause: EndCause
      readonly code: number
      readonly reason: string
      readonly willReconnect: boolean
    }
  /** A client was told GO AWAY! */
  | { readonly type: 'refused'; readonly code: number; readonly reason: string; readonly willReconnect: boolean }
  /** A client's handshake got no answer within its time. */
  | { readonly type: 'unanswered'; readonly willReconnect: boolean }
  /** A client dials no more until it is given another connect token, see {@link Session.provideToken}. */
  | { readonly type: 'token-needed' }
  /** Messages that a lost connection may or may not have delivered, or that a closed one could not send. */
  | { readonly type: 'undelivered'; readonly messages: readonly UndeliveredMessage[] }
  /** The last event: the session is over and its socket may go. */
  | { readonly type: 'closed' }

/** A connect token as its client reads it. */
export interface ConnectToken {
  readonly expiresAtMs: number
  readonly servers: readonly Address[]
  /** The secret of the one connection that it is for. */
  readonly psk: Uint8Array
  /** What goes into HELLO, and only a server can read. */
  readonly ticket: Uint8Array
}

/** A message that was accepted and that nobody confirmed. */
export interface UndeliveredMessage {
  readonly message: Uint8Array
  readonly delivery: Delivery
  readonly channel: number
}

/**
 * One connection as a state machine without a socket, a clock or a random source of its own.
 *
 * Every `now` is in milliseconds of one monotonic clock; only the arrival time of a datagram may lie before what the session was
 * told last. Drain order, after any call that changes the session:
 *
 * 1. `handleDatagram` for everything that arrived, each with the time it arrived at its socket;
 * 2. `handleTimeout` once;
 * 3. `pollEvent` until it has nothing (what the events' receiver sends is queued);
 * 4. `pollTransmit` until it returns nothing; each datagram goes where it says;
 * 5. call again by `nextDeadline` at the latest.
 *
 * Nothing that arrives can make these methods throw.
 */
export interface Session {
  readonly protocol: ProtocolName
  readonly state: SessionState
  /** Where the other side is, or was last, or is looked for. */
  readonly remote: Address
  /** Smoothed round-trip time; `NaN` until one was measured. */
  readonly rttMs: number
  /** The other side's clock minus ours, in milliseconds; `NaN` where the protocol cannot tell. */
  readonly clockOffsetMs: number
  readonly stats: Readonly<SessionStats>
  /** What a client that has told that it will reconnect means to do; `undefined` before, and on a server. */
  readonly redialing?: ReconnectInfo | undefined
  /** When to call {@link handleTimeout} and {@link pollTransmit} again at the latest; `Infinity` for never. */
  readonly nextDeadline: number

  /** Takes a message to send, of which it makes a copy. */
  send(now: number, message: Uint8Array, delivery: Delivery, channel: number): SendOutcome
  /** Asks the other side for a sign of life; the answer is a `'pong'` event. */
  ping(now: number): void
  /**
   * Ends the connection gracefully and for good: what is queued goes first, within a limit. `isFinal`, false by default, has a client at
   * the other side end as well, where the protocol can say so, instead of dialing again.
   */
  close(now: number, code: number, reason: string, isFinal?: boolean): void
  /** Changes the silence that ends the connection. */
  setTimeout(timeoutMs: number): void

  /**
   * Gives a client the connect token that it asked for, or none because there is none. Only where the protocol has such tokens.
   *
   * @throws RangeError when HELLO has no room for it
   */
  provideToken?(now: number, token: ConnectToken | undefined): void

  /**
   * Takes a datagram that arrived at this session's socket at the time `now`.
   * The bytes are the session's to keep and to hand out views of.
   */
  handleDatagram(now: number, bytes: Uint8Array, source: Address): void
  /**
   * Lets time pass. `maxSilenceMs` bounds how much silence this call may add, so that a loop that was late does not
   * take its own pause for the other side's silence.
   */
  handleTimeout(now: number, maxSilenceMs: number): void

  /** The next event, or `undefined`. */
  pollEvent(): SessionEvent | undefined
  /** Writes the next datagram that is due to the start of `into`; `undefined` when none is due. */
  pollTransmit(now: number, into: Uint8Array): Transmit | undefined
}
