import type { UDPipeError } from '../core/errors.ts'
import type { Peer } from './peer.ts'
import type { Address } from '../core/address.ts'
import type { Delivery } from '../session/delivery.ts'
import type { AdmissionAnswer } from '../options/admission-answer.ts'
import type { TicketInfo } from '../session/admission.ts'
import type { ReconnectInfo, UndeliveredMessage } from '../session/session.ts'

/** How a message came. */
export interface MessageInfo {
  readonly delivery: Delivery
  readonly channel: number
}

/** What is known of a peer that sends more than `maxMessagesPerSecond` or `maxBytesPerSecond`. */
export interface RateLimitInfo {
  /** How many of its packets were dropped for it so far. */
  readonly droppedPackets: number
  /** How much longer it may go on before its connection is closed, with the code `closeCodes.rateLimited`; 0 when that happens now. */
  readonly graceMs: number
}

/** How a connection came to stand. */
export interface ConnectInfo {
  /**
   * Whether it is one that was lost and goes on, with all that was queued and not confirmed. If not, a client is new to the server, or to
   * the server's program since it restarted: it may have to log in.
   */
  readonly isResumed: boolean
}

/** Why a connection ended. */
export interface DisconnectInfo {
  /** What the side that closed it gave to `close`, or one of `closeCodes`; 0 by default, and when nobody closed it. */
  readonly code: number
  readonly reason: string
  /** Whether it ended because one of the ends had heard nothing for its `timeoutMs`. */
  readonly timedOut: boolean
  /**
   * Whether this end, a client, dials again by itself: not where the server closed with `reconnect: false`, nor where it expelled its client
   * (`closeCodes`). At a server it is false, because nobody can know whether the client will
   * come back; it may, within `resumeWindowMs` of a timeout, and then `onConnect` fires again for the same peer.
   */
  readonly willReconnect: boolean
}

/**
 * What a program overrides. Every callback fires inside `step()`, does nothing by default (except {@link onError}), and may
 * send, close or change whatever it likes. An exception in one leaves `step()`; the events behind it fire in the next.
 */
export abstract class Callbacks<UserData = unknown> {
  /**
   * Server: a client with the right token said HELLO and has been given a private port.
   *
   * Nobody has proved yet to be that client, because a HELLO can be captured and said again; {@link onConnect} fires once it has.
   *
   * @param message what the client's HELLO carried for the user, its option `hello`; empty in the classic protocol
   * @param ip the address of the private port, as the server bound it
   * @param port the private port
   * @param clientIp where the HELLO came from
   * @param clientPort where the HELLO came from; later datagrams may come from another port of the same address
   * @param ticket what the backend says about the client, where the server has `connectTokenKey`
   * @returns nothing or `true` to let the client in; `false`, or `{ code, reason, reconnect }`, to send it away, of which its error tells
   *   the code and the reason; or a promise of either, which may take `admissionTimeoutMs`. Until then the handshake counts as half open,
   *   and the client's repeated HELLO starts nothing new.
   */
  onNewClient(
    message: Buffer,
    ip: string,
    port: number,
    clientIp: string,
    clientPort: number,
    ticket?: TicketInfo,
  ): AdmissionAnswer | PromiseLike<AdmissionAnswer>
  onNewClient(): AdmissionAnswer | PromiseLike<AdmissionAnswer> {
    return undefined
  }

  /**
   * A message arrived. The buffer is the receiver's to keep.
   *
   * It is a view of the datagram that brought it, and may begin at an odd offset: `new Float32Array(message.buffer, message.byteOffset)`
   * throws then. Read it with `message.readFloatLE(offset)` or a `DataView`, or copy it:
   * `new Float32Array(Uint8Array.from(message).buffer)`.
   */
  onNewMessage(message: Buffer, peer: Peer<UserData>, info: MessageInfo): void
  onNewMessage(): void {}

  /** Client: the server named a private port; CONNECT is on its way there. */
  onConnecting(peer: Peer<UserData>, ip: string, port: number): void
  onConnecting(): void {}

  /**
   * The connection stands: messages flow both ways. `ip` and `port` are the other side's. Fires again, for the same peer, when
   * a connection that was lost goes on or, on a client, another one takes its place. Where it does not go on, what is sent in here goes
   * before what waited.
   */
  onConnect(peer: Peer<UserData>, ip: string, port: number, info: ConnectInfo): void
  onConnect(): void {}

  /** A connection that stood has ended, for whatever reason. Fires once for each `onConnect`. */
  onDisconnect(peer: Peer<UserData>, info: DisconnectInfo): void
  onDisconnect(): void {}

  /**
   * Client: it dials again, in `delayMs`; {@link UDPipe.close} ends that. Follows `onDisconnect`, or the `onError` that tells of an attempt
   * that failed.
   */
  onReconnecting(info: ReconnectInfo): void
  onReconnecting(): void {}

  /** Either side closed the connection on purpose; `onDisconnect` follows. */
  onClose(peer: Peer<UserData>): void
  onClose(): void {}

  /** Nothing was heard for `stallTimeoutMs`: what is sent from now on waits. */
  onStalled(peer: Peer<UserData>): void
  onStalled(): void {}

  /** The other side is back, and what waited goes out in order. */
  onUnstalled(peer: Peer<UserData>): void
  onUnstalled(): void {}

  /**
   * A peer sends more than its rate allows, and what is beyond is dropped. Fires at most once a second. A peer that goes on
   * to send four times its rate is disconnected after five seconds; {@link Peer.close} ends it at once.
   */
  onRateLimited(peer: Peer<UserData>, info: RateLimitInfo): void
  onRateLimited(): void {}

  /**
   * Server: a client has come to another address, by another network or because a NAT forgot it, and has proved that it is there:
   * `peer.address` and `peer.port` are the new ones. What was measured of the old path, like the round-trip time, begins anew.
   */
  onMigrated(peer: Peer<UserData>, from: Address, to: Address): void
  onMigrated(): void {}

  /**
   * Server: a client with the right token was sent away because `maxClients` are here, or `maxClientsPerAddress` of its address.
   * `message` is its HELLO. Fires at most `maxRefusalsPerSecond` times a second.
   */
  onMaxClients(message: Buffer, ip: string, port: number): void
  onMaxClients(): void {}

  /** Server: a HELLO with a wrong token was sent away. `message` is the whole HELLO. Fires at most `maxRefusalsPerSecond` times a second. */
  onBadToken(message: Buffer, ip: string, port: number): void
  onBadToken(): void {}

  /** The other side asked for a sign of life, and got one. */
  onPing(peer: Peer<UserData>): void
  onPing(): void {}

  /** A PING was answered, `rttMs` milliseconds after it left. */
  onPong(peer: Peer<UserData>, rttMs: number): void
  onPong(): void {}

  /**
   * Messages that were accepted and that nobody confirmed: their connection is gone and nothing will send them again. On a
   * reliable peer a lost connection may or may not have delivered them; while it can still be resumed it is not gone. On a client,
   * `peer` is undefined for what was sent before the server's name was looked up in vain.
   */
  onUndelivered(messages: readonly UndeliveredMessage[], peer: Peer<UserData> | undefined): void
  onUndelivered(): void {}

  /** An error that belongs to no call. By default it becomes a warning of the process, so that it is not lost. */
  abstract onError(error: UDPipeError): void
}
