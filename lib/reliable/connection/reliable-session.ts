import type { Address } from '../../core/address.ts'
import { closeCodes } from '../../session/codes.ts'
import type { Delivery } from '../../session/delivery.ts'
import { Fifo } from '../../core/fifo.ts'
import { Lifecycle, type LifecycleState } from '../../session/lifecycle.ts'
import type { ProtocolName, SendOutcome, Session, SessionEvent, SessionState } from '../../session/session.ts'
import type { SessionSettings } from '../../session/settings.ts'
import { TransmitRecord, type Transmit } from '../../session/transmit.ts'
import { Liveness } from '../../session/liveness.ts'
import { RateLimiter } from '../../session/rate-limiter.ts'
import { createStats, type SessionStats } from '../../session/stats.ts'
import { Connection, type ConnectionTuning, type Resumption } from './connection.ts'
import { transitions, type Transition } from './connection-state.ts'
import { cutReason, requireCode } from '../wire/handshake.ts'
import { limitSettings, type Limits } from '../wire/handshake-payload.ts'
import { isPacket } from '../wire/packet.ts'
import { CloseHandshake, isCloseEvent } from './close-handshake.ts'
import { Outbox } from './outbox.ts'
import { PeerAddress } from './peer-address.ts'
import { NOTHING_RECEIVED, type ReceivedPacket } from './received-packet.ts'

/** What both kinds of session are made with. */
export interface ReliableSessionOptions {
  readonly settings: SessionSettings
  readonly initialState: LifecycleState
  /** Where to look for the other side first. */
  readonly remote: Address
  readonly tuning: ConnectionTuning
  readonly role: keyof typeof deferenceShares
}

/** What the handshake leaves to the connection that it opens. */
export interface ConnectionStart extends Resumption {
  /** What the other side asks to be respected. */
  readonly limits: Limits
}

/**
 * How long each end leaves the next PING to the other, as a share of the ping interval: of two that asked at once, the server asks next.
 */
const deferenceShares = { client: 0.5, server: 0.25 } as const

/**
 * What the two ends of a reliable connection have in common: all of it but the opening.
 *
 * What travels in packets is its {@link Connection}'s matter, of which it has one after the other. The session's own is where packets
 * come from and go to, how long they may fail to come, and how it all begins and ends. It obeys the drain order of {@link Session}, and
 * can do without `handleTimeout` where no deadline has passed. Its events exist only between the calls that cause them and the
 * `pollEvent` of the same step.
 */
export abstract class ReliableSession implements Session {
  readonly protocol: ProtocolName = 'reliable'
  readonly stats: SessionStats = createStats()
  /** This session's own copy. */
  protected readonly settings: SessionSettings
  protected readonly events: Fifo<SessionEvent> = new Fifo<SessionEvent>()
  protected readonly lifecycle: Lifecycle<Transition>
  protected readonly peer: PeerAddress
  /** The connection there is: one that was lost as long as it may be resumed, one that is closed as long as it answers. */
  protected connection: Connection | undefined
  readonly #tuning: ConnectionTuning
  readonly #limiter: RateLimiter
  readonly #deferenceShare: number
  #liveness: Liveness
  /** Whether a connection stood before, so that what waits was sent while there was none. */
  #wasAway = false
  /** Whether the program is being told of a connection: what waits goes behind what it sends then. */
  #isOpening = false
  readonly #outbox: Outbox
  readonly #transmit = new TransmitRecord()
  readonly #closeHandshake: CloseHandshake
  /** The latest time this session was told; times of arrival may lie before it. */
  #now: number

  protected constructor(now: number, options: ReliableSessionOptions) {
    const { settings, initialState, remote, tuning, role } = options
    this.settings = { ...settings }
    this.#tuning = tuning
    this.lifecycle = new Lifecycle(transitions, now, initialState, settings.handshakeTimeoutMs)
    this.peer = new PeerAddress(remote, this.events)
    this.#limiter = new RateLimiter(now, this.settings)
    this.#deferenceShare = deferenceShares[role]
    this.#liveness = this.#startLiveness(now)
    this.#outbox = new Outbox(this.settings, this.stats, this.events)
    this.#closeHandshake = new CloseHandshake({
      outbox: this.#outbox,
      events: this.events,
      lifecycle: this.lifecycle,
      peer: this.peer,
      tellArrived: () => this.#tellArrived(),
      takeRetryMs: () => this.takeRetryMs(),
      end: () => this.end(),
    })
    this.#now = now
  }

  /** When a datagram of the opening is due; `Infinity` for never. */
  protected abstract readonly openingDueAt: number
  /** A datagram that is not a bare packet. */
  protected abstract handleHandshake(now: number, bytes: Uint8Array, source: Address): void
  /** The state before the connection stood has lasted too long, or long enough. */
  protected abstract handleOpeningTimeout(): void
  /** The attempt or connection that there was has been left behind. */
  protected abstract handleLeft(): void
  /** Writes the datagram of the opening that is due; 0 when none is. */
  protected abstract transmitOpening(now: number, into: Uint8Array): number
  /** How long to wait before the next attempt, which is thereby taken; `undefined` when there is to be none. */
  protected abstract takeRetryMs(): number | undefined

  /** The first packet of the other side opened; `isEstablished` is false where the connection is being closed already. */
  protected handleFirstPacket(_isEstablished: boolean): void {}

  /** How long to wait for the other side to come back to a lost connection by itself; `undefined` for not at all. */
  protected get returnWindowMs(): number | undefined {
    return undefined
  }

  get state(): SessionState {
    return this.lifecycle.shownState
  }

  get remote(): Address {
    return this.peer.remote
  }

  get rttMs(): number {
    return this.stats.rttMs
  }

  get clockOffsetMs(): number {
    return this.connection?.clockOffsetMs ?? NaN
  }

  get nextDeadline(): number {
    if (this.events.length > 0) return this.#now
    if (this.lifecycle.state === 'closed') return Infinity
    return Math.min(this.connection?.nextDeadline ?? Infinity, this.openingDueAt, this.#stateDeadline)
  }

  send(now: number, message: Uint8Array, delivery: Delivery, channel: number): SendOutcome {
    this.advanceTo(now)
    if (this.state === 'closing' || this.lifecycle.state === 'closed') return 'closed'
    return this.#outbox.send(this.#now, message, delivery, channel)
  }

  /** Sends a PING at the next `pollTransmit`, if the connection stands. */
  ping(now: number): void {
    this.advanceTo(now)
    if (this.lifecycle.isEstablished) this.connection?.ping(this.#now, true)
  }

  /**
   * Says CLOSE once what is queued is acknowledged, within three seconds. A reason of more than 256 bytes is cut. `isFinal` asks a client
   * not to dial again.
   *
   * @throws RangeError when the code is not a whole number from 0 to 65535
   */
  close(now: number, code: number, reason: string, isFinal = false): void {
    requireCode(code)
    this.advanceTo(now)
    const connection = this.connection
    switch (this.lifecycle.state) {
      case 'connecting':
      case 'connected':
      case 'stalled':
        if (connection === undefined) return
        this.#outbox.release(this.#now, connection)
        this.#closeHandshake.start(this.#now, connection, { code, reason: cutReason(reason), isFinal })
        return
      case 'waiting':
        // The other side may have said CLOSE just now, and waits for CLOSED.
        if (connection?.isHeard === true) this.#closeHandshake.drain(this.#now, connection)
        else this.end()
        return
      case 'draining':
        // All is said already; only a CLOSED that is still due keeps it.
        if ((connection?.nextDeadline ?? Infinity) > this.#now) this.end()
        return
      case 'dialing':
        this.end()
        return
    }
  }

  setTimeout(timeoutMs: number): void {
    this.settings.timeoutMs = timeoutMs
  }

  handleDatagram(now: number, bytes: Uint8Array, source: Address): void {
    this.advanceTo(now)
    if (!isPacket(bytes)) this.handleHandshake(now, bytes, source)
    else if (this.isFromPeer(source)) this.handlePacket(now, bytes, bytes.length, source)
    else this.handleForeign(now, bytes, bytes.length, source)
  }

  handleTimeout(now: number, maxSilenceMs: number): void {
    this.advanceTo(now)
    this.connection?.handleTimeout(this.#now)
    switch (this.lifecycle.state) {
      case 'connected':
      case 'stalled':
        this.#judgeSilence(maxSilenceMs)
        if (this.lifecycle.isEstablished && this.connection?.isAeadLimitReached === true)
          this.close(this.#now, AEAD_LIMIT_CODE, AEAD_LIMIT_REASON)
        return
      case 'closing':
        this.#closeHandshake.advance(this.#now, maxSilenceMs)
        return
      case 'draining':
        if (this.lifecycle.advance(this.#now, maxSilenceMs)) this.end()
        return
      case 'waiting':
        // A client's wait accuses nobody, so it is over by the clock.
        if (this.lifecycle.advance(this.#now, this.returnWindowMs === undefined ? Infinity : maxSilenceMs))
          this.handleOpeningTimeout()
        return
      case 'dialing':
      case 'connecting':
        if (this.lifecycle.advance(this.#now, maxSilenceMs)) this.handleOpeningTimeout()
        return
    }
  }

  pollEvent(): SessionEvent | undefined {
    if (this.#isOpening) this.#release()
    for (;;) {
      const own = this.events.shift()
      if (own?.type === 'connected') this.#open()
      if (own !== undefined) return own
      const event = this.connection?.pollEvent()
      if (this.connection === undefined || event === undefined) return undefined
      if (isCloseEvent(event)) this.#closeHandshake.handle(this.#now, this.connection, event)
      else if (this.isOpen) return event
    }
  }

  pollTransmit(now: number, into: Uint8Array): Transmit | undefined {
    this.advanceTo(now)
    this.#closeHandshake.say(this.#now)
    this.peer.address()
    const length = this.transmitOpening(this.#now, into) || (this.connection?.pollTransmit(this.#now, into) ?? 0)
    this.#outbox.count()
    return this.#transmit.set(length, this.peer.destination)
  }

  protected get now(): number {
    return this.#now
  }

  /** Whether messages and what concerns the connection are told of: not before it stands, nor once its end was told. */
  protected get isOpen(): boolean {
    return this.#closeHandshake.isOpen
  }

  /** When the other side was heard for the last time, as far as this end was awake to hear it. */
  protected get heardAt(): number {
    return this.#now - this.#liveness.silenceMs
  }

  /** Whether nothing was heard for long enough to call it a stall. */
  protected get isSilent(): boolean {
    return this.#liveness.isStalled
  }

  /** Opens a connection in place of the one there was. What waits is handed to it once the program knows that it stands. */
  protected openConnection(now: number, { limits, rttMs, ...start }: ConnectionStart): Connection {
    this.dropConnection(true)
    this.connection = new Connection(now, {
      ...this.#tuning,
      ...start,
      settings: limitSettings(this.settings, limits),
      stats: this.stats,
      limiter: this.#limiter,
      handshakeRttMs: rttMs,
    })
    return this.connection
  }

  /** Forgets the connection there is. What it never sent waits for the next one, if `isUnsentKept`. */
  protected dropConnection(isUnsentKept: boolean): void {
    this.#outbox.detach(isUnsentKept)
    this.connection?.discard()
    this.connection = undefined
  }

  /** Whether a datagram comes from where this session's go. */
  protected isFromPeer(source: Address): boolean {
    return (this.peer.isSet || this.connection?.isHeard === true) && this.peer.is(source)
  }

  /** Takes a packet from where the peer is not, in a datagram of `datagramBytes`. */
  protected handleForeign(now: number, packet: Uint8Array, datagramBytes: number, source: Address): void
  protected handleForeign(): void {
    this.stats.droppedForeign += 1
  }

  /** The peer was heard. Returns whether that is the first time under the present keys. */
  protected hear(now: number): boolean {
    if (this.connection?.hear() === true) {
      this.#liveness = this.#startLiveness(now)
      return true
    }
    if (this.#liveness.heard(now) && this.lifecycle.state === 'stalled') this.#handleStallOver()
    return false
  }

  /** Takes a packet that came in a datagram of `datagramBytes`, from the peer or, before there is one, from anywhere. */
  protected handlePacket(
    now: number,
    packet: Uint8Array,
    datagramBytes: number,
    source: Address,
  ): Readonly<ReceivedPacket> {
    const connection = this.connection
    if (connection === undefined) {
      this.stats.droppedMalformed += 1
      return NOTHING_RECEIVED
    }
    const received = connection.handleDatagram(now, packet, datagramBytes - packet.length)
    if (received.verdict !== 'accepted') this.judgePeer()
    // With a challenge the other side is asking, and will take nothing for proved before it has its answer.
    else if (!received.hasPathChallenge && this.hear(now)) this.#handleFirstPacket(source)
    return received
  }

  /**
   * Leaves a lost attempt or connection behind: to dial again, or give up waiting for the other side, after `retryMs`, or for
   * good. A connection that can be resumed is kept.
   */
  protected leave(retryMs: number | undefined): void {
    if (retryMs === undefined) {
      this.end()
      return
    }
    this.lifecycle.enter(this.#now, 'retry', retryMs)
    if (this.connection?.resumeId === undefined) this.dropConnection(true)
    else this.connection.park(this.#now)
    this.handleLeft()
    this.peer.set(undefined)
  }

  /** Tells of the end of a connection that was not heard for too long. */
  protected tellTimedOut(reason: string, willReconnect: boolean): void {
    this.events.push({ type: 'ended', cause: 'timeout', code: 0, reason, willReconnect })
  }

  /** Ends the session for good. */
  protected end(): void {
    this.lifecycle.enter(this.#now, 'over', Infinity)
    this.dropConnection(false)
    this.handleLeft()
    this.peer.set(undefined)
    this.events.push({ type: 'closed' })
  }

  /** When the present state has lasted too long, if nothing happens until then. */
  get #stateDeadline(): number {
    if (this.lifecycle.isEstablished) return this.#liveness.nextDeadline
    if (this.lifecycle.state === 'closing') return this.#closeHandshake.dueAt(this.#now)
    return this.lifecycle.limit
  }

  /** The latest time that this session was told is this one, or a later one. */
  protected advanceTo(now: number): void {
    if (now > this.#now) this.#now = now
  }

  #handleFirstPacket(source: Address): void {
    const isEstablished = this.lifecycle.state === 'connecting'
    if (!this.peer.isSet) this.peer.set(source)
    if (isEstablished) {
      this.lifecycle.enter(this.#now, 'established')
      this.#tellConnected(this.connection?.isResumed === true)
    }
    this.handleFirstPacket(isEstablished)
  }

  #tellConnected(isResumed: boolean): void {
    if (this.#wasAway && !isResumed && !this.settings.queueWhileAway) this.#outbox.giveUp()
    this.#wasAway = true
    this.events.push({ type: 'connected', remote: this.peer.remote, isResumed })
  }

  /** The program is told next that the connection stands: what it sends goes out now. */
  #open(): void {
    if (this.connection?.isListening !== true || this.state === 'closing') return
    this.#outbox.open(this.connection)
    this.#isOpening = true
  }

  /** The program has been told: what waited goes behind what it has sent. */
  #release(): void {
    this.#isOpening = false
    if (this.connection?.isListening === true) this.#outbox.release(this.#now, this.connection)
  }

  /** A packet was not taken: perhaps the other side has gone too far. */
  protected judgePeer(): void {
    const notice = this.#limiter.takeNotice()
    if (notice !== undefined) this.events.push({ type: 'rate-limited', ...notice })
    const connection = this.connection
    if (!this.lifecycle.isEstablished || connection === undefined) return
    if (this.#limiter.isExceeded)
      this.#closeHandshake.expel(this.#now, connection, closeCodes.rateLimited, 'sent too much')
    else if (connection.isBeyondTrust)
      this.#closeHandshake.expel(this.#now, connection, closeCodes.violations, 'violated the protocol')
  }

  #startLiveness(now: number): Liveness {
    return new Liveness(now, this.settings, this.#deferenceShare)
  }

  #judgeSilence(maxSilenceMs: number): void {
    // A stall can be followed by the end in one step.
    for (;;) {
      switch (this.#liveness.advance(this.#now, maxSilenceMs)) {
        case 'quiet':
          return
        case 'ping-due':
          this.connection?.ping(this.#now, false)
          break
        case 'stalled':
          this.#handleStalled()
          break
        case 'timed-out':
          this.#handleTimedOut()
          return
      }
    }
  }

  #handleStalled(): void {
    this.lifecycle.enter(this.#now, 'silent')
    this.connection?.setStalled(this.#now, true)
    // The other side may come back from another address, and the system choose another way to it.
    this.peer.set(undefined)
    this.events.push({ type: 'stalled' })
  }

  #handleStallOver(): void {
    this.lifecycle.enter(this.#now, 'heard')
    this.connection?.setStalled(this.#now, false)
    this.peer.set(this.peer.remote)
    this.events.push({ type: 'unstalled' })
  }

  #handleTimedOut(): void {
    this.#tellArrived()
    const retryMs = this.takeRetryMs()
    this.tellTimedOut('timed out', retryMs !== undefined)
    this.leave(retryMs ?? this.returnWindowMs)
  }

  /** Tells of what has arrived before the end that is told of next. */
  #tellArrived(): void {
    for (let event = this.connection?.pollEvent(); event !== undefined; event = this.connection?.pollEvent()) {
      if (!isCloseEvent(event) && this.isOpen) this.events.push(event)
    }
  }
}

/** With what a connection is closed whose keys have sealed or withstood all that they may (RFC 9001 §6.6). */
const AEAD_LIMIT_CODE = 0
const AEAD_LIMIT_REASON = 'the keys are worn out'
