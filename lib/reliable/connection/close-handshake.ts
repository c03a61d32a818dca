import type { Fifo } from '../../core/fifo.ts'
import type { Lifecycle } from '../../session/lifecycle.ts'
import type { CloseReason, EndCause, SessionEvent } from '../../session/session.ts'
import { CloseSender } from './close-sender.ts'
import type { Connection } from './connection.ts'
import type { Transition } from './connection-state.ts'
import type { Outbox } from './outbox.ts'
import type { ConnectionEvent } from './packet-receiver.ts'
import type { PeerAddress } from './peer-address.ts'

/** What the other side says of the end, among the events of a connection. */
export type CloseEvent = Extract<ConnectionEvent, { readonly type: 'peer-close' | 'peer-closed' }>

/** Whether an event of the connection is about its end, and not for the program. */
export function isCloseEvent(event: ConnectionEvent): event is CloseEvent {
  return event.type === 'peer-close' || event.type === 'peer-closed'
}

/** What a session and its close handshake share, and what only the session can do. */
export interface ClosingSession {
  readonly outbox: Outbox
  readonly events: Fifo<SessionEvent>
  readonly lifecycle: Lifecycle<Transition>
  readonly peer: PeerAddress
  /** Tells of what has arrived before the end that is told of next. */
  tellArrived(): void
  /** How long to wait before the next attempt, which is thereby taken; `undefined` when there is to be none. */
  takeRetryMs(): number | undefined
  /** Ends the session for good. */
  end(): void
}

/** How the two ends of a connection part, whichever of them wants to, and what the program is told of it. */
export class CloseHandshake {
  readonly #session: ClosingSession
  #sender: CloseSender | undefined
  /** Of the connection that is being closed from here: its end, as long as it has yet to be told of. */
  #untold: CloseReason | undefined

  constructor(session: ClosingSession) {
    this.#session = session
  }

  /** Whether messages are handed over: none are before the connection stands, nor once its end was told. */
  get isOpen(): boolean {
    const { lifecycle } = this.#session
    return lifecycle.isEstablished || (lifecycle.state === 'closing' && this.#untold !== undefined)
  }

  /** While the connection is being closed: when to call {@link say} or {@link advance}; `now` for at once. */
  dueAt(now: number): number {
    return this.#sender?.dueAt(now) ?? Infinity
  }

  /** Closes a connection, once what is queued is acknowledged. One that never stood has no end to be told of, nor anything else. */
  start(now: number, connection: Connection, why: CloseReason): void {
    const { lifecycle } = this.#session
    if (lifecycle.isEstablished) this.#untold = why
    else connection.stopListening()
    lifecycle.enter(now, 'close')
    this.#sender = new CloseSender(now, connection, why)
    connection.setStalled(now, false)
  }

  /**
   * Ends a connection at once, and for good: a client that was expelled is not to dial again. The other side is told so as after any
   * close, but nothing else any more, nor is it listened to.
   */
  expel(now: number, connection: Connection, code: number, reason: string): void {
    this.#session.tellArrived()
    this.#tellEnd('closed-here', code, reason, false)
    this.#session.lifecycle.enter(now, 'close')
    this.#silence(now, connection, false)
    this.#sender = new CloseSender(now, connection, { code, reason, isFinal: true }, true)
  }

  /** Says CLOSE with the connection's next packet, when it is due. */
  say(now: number): void {
    if (this.#session.lifecycle.state === 'closing') this.#sender?.say(now)
  }

  /** While the connection is being closed: lets time pass, at most `maxElapsedMs` of it. */
  advance(now: number, maxElapsedMs: number): void {
    if (this.#sender?.advance(now, maxElapsedMs) === true) this.#finish()
  }

  /** Takes what the other side says of the end of a connection. */
  handle(now: number, connection: Connection, event: CloseEvent): void {
    const { lifecycle } = this.#session
    this.#session.tellArrived()
    if (event.type === 'peer-close') this.#handleClose(now, connection, event)
    else if (lifecycle.state === 'closing') this.#finish()
    // While draining, our own CLOSED goes out before the end.
    else if (lifecycle.state === 'draining') lifecycle.wait(now, 0)
  }

  /** Answers CLOSE again for a while, in case our CLOSED was lost (RFC 9000 §10.2). */
  drain(now: number, connection: Connection): void {
    const limitMs = Math.min(MAX_DRAINING_MS, Math.max(DRAINING_MS, connection.probeTimeoutMs * 3))
    this.#session.lifecycle.enter(now, 'drain', limitMs)
    this.#silence(now, connection, false)
  }

  /** The other side leaves. If both do at once, each answers the other's CLOSE, and each has closed of its own accord. */
  #handleClose(now: number, connection: Connection, { code, reason, isFinal }: CloseReason): void {
    const { lifecycle } = this.#session
    connection.sendClosed(now)
    if (lifecycle.state === 'closing') {
      this.#tellClosedHere()
      this.drain(now, connection)
    } else if (lifecycle.isEstablished) {
      const retryMs = isFinal ? undefined : this.#session.takeRetryMs()
      this.#tellEnd('closed-there', code, reason, retryMs !== undefined)
      if (retryMs === undefined) this.drain(now, connection)
      else this.#retreat(now, connection, retryMs)
    }
  }

  #finish(): void {
    this.#session.tellArrived()
    this.#tellClosedHere()
    this.#session.end()
  }

  /** Waits before dialing again, while the old connection answers CLOSE again, in case our CLOSED was lost. */
  #retreat(now: number, connection: Connection, retryMs: number): void {
    const { lifecycle, peer } = this.#session
    lifecycle.enter(now, 'retry', retryMs)
    this.#silence(now, connection, true)
    peer.set(undefined)
  }

  /** Nothing but answers leaves the connection from now on, and nothing that arrives is handed over. */
  #silence(now: number, connection: Connection, isUnsentKept: boolean): void {
    this.#session.outbox.detach(isUnsentKept)
    connection.stopListening()
    connection.setStalled(now, true)
  }

  #tellClosedHere(): void {
    if (this.#untold !== undefined) this.#tellEnd('closed-here', this.#untold.code, this.#untold.reason, false)
    this.#untold = undefined
  }

  /** Tells of the end of a connection that stood. */
  #tellEnd(cause: EndCause, code: number, reason: string, willReconnect: boolean): void {
    this.#session.events.push({ type: 'ended', cause, code, reason, willReconnect })
  }
}

/** How long the other side's repeated CLOSE is answered after the end, or three times as long as an answer takes. */
const DRAINING_MS = 1_000
/** A round trip that was measured across a pause of ours must not hold a port for long. */
const MAX_DRAINING_MS = 5_000
