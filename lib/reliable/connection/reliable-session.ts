import type { Address } from '../../core/address.ts'
import { closeCodes } from '../../session/close-codes.ts'
import type { Delivery } from '../../session/delivery.ts'
import { Fifo } from '../../core/fifo.ts'
import { Lifecycle, type LifecycleState } from '../../session/lifecycle.ts'
import type { ProtocolName, SendOutcome, Session, SessionEvent, SessionState } from '../../session/session.ts'
import type { SessionSettings } from '../../session/settings.ts'
import type { SessionStats } from '../../session/stats.ts'
import type { ConnectionTuning } from './connection.ts'
import { transitions, type Transition } from './connection-state.ts'
import { DataLink } from './data-link.ts'
import { cutReason, requireCode } from '../wire/handshake.ts'
import { isPacket } from '../wire/packet.ts'
import { isPartingEvent, CloseHandshake } from './close-handshake.ts'
import { PeerAddress } from './peer-address.ts'

/** What both kinds of session are made with. */
export interface ReliableSessionOptions {
  readonly settings: SessionSettings
  readonly initialState: LifecycleState
  /** Where to look for the other side first. */
  readonly remote: Address
  readonly tuning: ConnectionTuning
  readonly role: keyof typeof deferenceShares
}

/**
 * How long each end leaves the next PING to the other, as a share of the ping interval: of two that asked at once, the server asks next.
 */
const deferenceShares = { client: 0.5, server: 0.25 } as const

/**
 * What the two ends of a reliable connection have in common: all of it but the opening.
 *
 * What travels in packets is its {@link DataLink}'s matter. The session's own is where packets come from and go to, and how it
 * all begins and ends. It obeys the drain order of {@link Session}, and can do without `handleTimeout` where no deadline has
 * passed. Its events exist only between the calls that cause them and the `pollEvent` of the same step.
 */
export abstract class ReliableSession implements Session {
  readonly protocol: ProtocolName = 'reliable'
  /** This session's own copy. */
  protected readonly settings: SessionSettings
  protected readonly events: Fifo<SessionEvent> = new Fifo<SessionEvent>()
  protected readonly link: DataLink
  readonly #lifecycle: Lifecycle<Transition>
  readonly #peer: PeerAddress
  readonly #closeHandshake: CloseHandshake
  /** The latest time this session was told; times of arrival may lie before it. */
  #now: number

  protected constructor(now: number, options: ReliableSessionOptions) {
    const { settings, initialState, remote, tuning, role } = options
    this.settings = { ...settings }
    this.link = new DataLink(now, this.settings, this.events, tuning, deferenceShares[role])
    this.#lifecycle = new Lifecycle(transitions, now, initialState, settings.handshakeTimeoutMs)
    this.#peer = new PeerAddress(remote, this.events)
    this.#closeHandshake = new CloseHandshake({
      link: this.link,
      events: this.events,
      lifecycle: this.#lifecycle,
      peer: this.#peer,
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
  protected handleFirstPacket(_isStanding: boolean): void {}

  /** How long to wait for the other side to come back to a lost connection by itself; `undefined` for not at all. */
  protected get returnWindowMs(): number | undefined {
    return undefined
  }

  get state(): SessionState {
    return this.#lifecycle.shownState
  }

  get destination(): Address {
    return this.#peer.destination
  }

  get rttMs(): number {
    return this.link.rttMs
  }

  get clockOffsetMs(): number {
    return this.link.clockOffsetMs
  }

  get stats(): Readonly<SessionStats> {
    return this.link.stats
  }

  get nextDeadline(): number {
    if (this.events.length > 0) return this.#now
    if (this.#lifecycle.state === 'closed') return Infinity
    return Math.min(this.link.nextDeadline, this.openingDueAt, this.#stateDeadline)
  }

  send(now: number, message: Uint8Array, delivery: Delivery, channel: number): SendOutcome {
    this.advanceTo(now)
    if (this.state === 'closing' || this.#lifecycle.state === 'closed') return 'closed'
    return this.link.send(this.#now, message, delivery, channel)
  }

  /** Sends a PING at the next `pollTransmit`, if the connection stands. */
  ping(now: number): void {
    this.advanceTo(now)
    if (this.#isEstablished) this.link.ping(this.#now)
  }

  /**
   * Says CLOSE once what is queued is acknowledged, within three seconds. A reason of more than 256 bytes is cut.
   *
   * @throws RangeError when the code is not a whole number from 0 to 65535
   */
  close(now: number, code: number, reason: string): void {
    requireCode(code)
    this.advanceTo(now)
    switch (this.#lifecycle.state) {
      case 'connecting':
      case 'connected':
      case 'stalled':
        this.#closeHandshake.start(this.#now, code, cutReason(reason))
        return
      case 'waiting':
        // The other side may have said CLOSE just now, and waits for CLOSED.
        if (this.link.isHeard) this.#closeHandshake.drain(this.#now)
        else this.end()
        return
      case 'draining':
        // All is said already; only a CLOSED that is still due keeps it.
        if (this.link.nextDeadline > this.#now) this.end()
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
    this.link.advance(this.#now)
    switch (this.#lifecycle.state) {
      case 'connected':
      case 'stalled':
        this.#judgeSilence(maxSilenceMs)
        if (this.#isEstablished && this.link.isAeadLimitReached) this.close(this.#now, WORN_OUT_CODE, WORN_OUT_REASON)
        return
      case 'closing':
        this.#closeHandshake.advance(this.#now, maxSilenceMs)
        return
      case 'draining':
        if (this.#lifecycle.advance(this.#now, maxSilenceMs)) this.end()
        return
      case 'waiting':
        // A client's wait accuses nobody, so it is over by the clock.
        if (this.#lifecycle.advance(this.#now, this.returnWindowMs === undefined ? Infinity : maxSilenceMs))
          this.handleOpeningTimeout()
        return
      case 'dialing':
      case 'connecting':
        if (this.#lifecycle.advance(this.#now, maxSilenceMs)) this.handleOpeningTimeout()
        return
    }
  }

  pollEvent(): SessionEvent | undefined {
    for (;;) {
      const own = this.events.shift()
      if (own !== undefined) return own
      const event = this.link.poll()
      if (event === undefined) return undefined
      if (isPartingEvent(event)) this.#closeHandshake.handle(this.#now, event)
      else if (this.#closeHandshake.isOpen) return event
    }
  }

  pollTransmit(now: number, into: Uint8Array): number {
    this.advanceTo(now)
    this.#closeHandshake.say(this.#now)
    this.#peer.address()
    return this.transmitOpening(this.#now, into) || this.link.transmit(this.#now, into)
  }

  protected get now(): number {
    return this.#now
  }

  /** Whether a datagram comes from where this session's go. */
  protected isFromPeer(source: Address): boolean {
    return (this.#peer.isSet || this.link.isHeard) && this.#peer.is(source)
  }

  /** Takes a packet from where the peer is not, in a datagram of `datagramBytes`. */
  protected handleForeign(now: number, packet: Uint8Array, datagramBytes: number, source: Address): void
  protected handleForeign(): void {
    this.dropForeign()
  }

  protected dropForeign(): void {
    this.link.stats.droppedForeign += 1
  }

  /** Drops a datagram that is not well formed, or says nothing in this state. */
  protected dropMalformed(): void {
    this.link.stats.droppedMalformed += 1
  }

  /** Talks to another address from now on, or to nobody. */
  protected setPeer(remote: Address | undefined): void {
    this.#peer.set(remote)
  }

  /** The datagram that is being written goes to where the peer is not. */
  protected sendElsewhere(destination: Address): void {
    this.#peer.addressTo(destination)
  }

  /** The peer has proved to be at another address: all goes there from now on, and the way there has yet to be measured. */
  protected move(now: number, to: Address): void {
    const from = this.#peer.remote
    this.link.startPath(now)
    this.setPeer(to)
    // Whoever was told of the end has no peer any more that could move.
    if (this.#closeHandshake.isOpen) this.events.push({ type: 'migrated', from, to })
    this.hear(now)
  }

  /** The peer was heard. */
  protected hear(now: number): void {
    if (this.link.heard(now) && this.#lifecycle.state === 'stalled') this.#handleStallOver()
  }

  /** Enters a state that lasts `limitMs` at most. */
  protected enter(transition: Transition, limitMs: number): void {
    this.#lifecycle.enter(this.#now, transition, limitMs)
  }

  /** Has the present state last up to `limitMs` from now on. */
  protected wait(limitMs: number): void {
    this.#lifecycle.wait(this.#now, limitMs)
  }

  /**
   * Takes a packet that came in a datagram of `datagramBytes`, from the peer or, before there is one, from anywhere. Returns
   * whether it is a new one of the other side's.
   */
  protected handlePacket(now: number, packet: Uint8Array, datagramBytes: number, source: Address): boolean {
    const isFirst = !this.link.isHeard
    if (!this.link.receive(now, packet, datagramBytes)) {
      this.judgePeer()
      return false
    }
    // The other side is asking, and will take nothing for proved before it has its answer.
    if (this.link.lastWasChallenge) return true
    this.hear(now)
    if (isFirst) this.#handleFirstPacket(source)
    return true
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
    this.enter('retry', retryMs)
    if (this.link.resumeId === undefined) {
      this.link.giveUp(true)
      this.link.drop()
    } else {
      this.link.park(this.#now)
    }
    this.handleLeft()
    this.setPeer(undefined)
  }

  /** The other side, which had lost the connection, has resumed it from there, whether it was missed here or not. */
  protected handleReturn(source: Address): void {
    if (this.#isEstablished) this.#closeHandshake.tellEnd('timeout', 0, 'timed out at the other side', false)
    this.#enter('returned')
    this.setPeer(source)
    this.events.push({ type: 'connected', remote: source })
  }

  /** Ends the session for good. */
  protected end(): void {
    this.enter('over', Infinity)
    this.link.giveUp(false)
    this.link.drop()
    this.handleLeft()
    this.setPeer(undefined)
    this.events.push({ type: 'closed' })
  }

  get #isEstablished(): boolean {
    return this.#lifecycle.isEstablished
  }

  /** When the present state has lasted too long, if nothing happens until then. */
  get #stateDeadline(): number {
    if (this.#isEstablished) return this.link.silenceDeadline
    if (this.#lifecycle.state === 'closing') return this.#closeHandshake.dueAt(this.#now)
    return this.#lifecycle.limit
  }

  /** The latest time that this session was told is this one, or a later one. */
  protected advanceTo(now: number): void {
    if (now > this.#now) this.#now = now
  }

  #enter(transition: Transition): void {
    this.#lifecycle.enter(this.#now, transition)
  }

  #handleFirstPacket(source: Address): void {
    const isEstablished = this.#lifecycle.state === 'connecting'
    if (!this.#peer.isSet) this.setPeer(source)
    if (isEstablished) {
      this.#enter('established')
      this.events.push({ type: 'connected', remote: this.#peer.remote })
    }
    this.handleFirstPacket(isEstablished)
  }

  /** A packet was not taken: perhaps the other side has gone too far. */
  protected judgePeer(): void {
    const notice = this.link.takeRateNotice()
    if (notice !== undefined) this.events.push({ type: 'rate-limited', ...notice })
    if (!this.#isEstablished) return
    if (this.link.isRateExceeded) this.#closeHandshake.expel(this.#now, closeCodes.rateLimited, 'sent too much')
    else if (this.link.isBeyondTrust)
      this.#closeHandshake.expel(this.#now, closeCodes.violations, 'violated the protocol')
  }

  #handleStallOver(): void {
    this.#enter('heard')
    this.link.setStalled(this.#now, false)
    this.setPeer(this.#peer.remote)
    this.events.push({ type: 'unstalled' })
  }

  #judgeSilence(maxSilenceMs: number): void {
    // A stall can be followed by the end in one step.
    for (;;) {
      const silence = this.link.advanceSilence(this.#now, maxSilenceMs)
      if (silence === 'quiet') return
      if (silence === 'timed-out') {
        this.#handleTimedOut()
        return
      }
      this.#enter('silent')
      this.link.setStalled(this.#now, true)
      // The other side may come back from another address, and the system choose another way to it.
      this.setPeer(undefined)
      this.events.push({ type: 'stalled' })
    }
  }

  #handleTimedOut(): void {
    this.#closeHandshake.drainMessages()
    const retryMs = this.takeRetryMs()
    this.#closeHandshake.tellEnd('timeout', 0, 'timed out', retryMs !== undefined)
    this.leave(retryMs ?? this.returnWindowMs)
  }
}

/** With what a connection is closed whose keys are worn out. */
const WORN_OUT_CODE = 0
const WORN_OUT_REASON = 'the keys are worn out'
