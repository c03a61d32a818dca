import { isSameAddress, type Address } from '../session/address.ts'
import { closeCodes } from '../session/close-codes.ts'
import type { Delivery } from '../session/delivery.ts'
import { Fifo } from '../session/fifo.ts'
import { Patience } from '../session/patience.ts'
import type { EndCause, ProtocolName, SendOutcome, Session, SessionEvent, SessionState } from '../session/session.ts'
import type { SessionSettings } from '../session/settings.ts'
import type { SessionStats } from '../session/stats.ts'
import type { ConnectionEvent, ConnectionTuning } from './connection.ts'
import { nextState, type ConnectionState, type Transition } from './connection-state.ts'
import { DataLink } from './data-link.ts'
import { Farewell } from './farewell.ts'
import { cutReason, requireCode } from './handshake.ts'
import { isPacket } from './packet.ts'

/** What both kinds of session are made with. */
export interface ReliableSessionOptions {
  readonly settings: SessionSettings
  readonly initialState: ConnectionState
  /** Where to look for the other side first. */
  readonly remote: Address
  readonly tuning: ConnectionTuning
}

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
  #state: ConnectionState
  /** The latest time this session was told; times of arrival may lie before it. */
  #now: number
  #remote: Address
  /** Where the datagram that was just written goes. */
  #destination: Address
  #hasPeer = false
  /** How long the present state may last, for those that neither silence nor a farewell ends. */
  #patience: Patience
  #farewell: Farewell | undefined
  /** Whether the connection that is being closed had stood, so that its end has yet to be told of. */
  #hasStood = false
  /** Whether it is closed because of what the other side did, so that nothing of it is handed over any more. */
  #isExpelled = false

  protected constructor(now: number, { settings, initialState, remote, tuning }: ReliableSessionOptions) {
    this.settings = { ...settings }
    this.link = new DataLink(now, this.settings, this.events, tuning)
    this.#state = initialState
    this.#now = now
    this.#remote = remote
    this.#destination = remote
    this.#patience = new Patience(now, settings.handshakeTimeoutMs)
  }

  /** When a datagram of the opening is due; `Infinity` for never. */
  protected abstract readonly openingDueAt: number
  /** A datagram that is not a bare packet. */
  protected abstract handleHandshake(now: number, bytes: Uint8Array, source: Address): void
  /** The state before the connection stood has lasted too long, or long enough. */
  protected abstract handleOpeningTimeout(): void
  /** The first packet of the other side opened; `isStanding` is false where the connection is being closed already. */
  protected abstract handleFirstPacket(isStanding: boolean): void
  /** The attempt or connection that there was has been left behind. */
  protected abstract handleLeft(): void
  /** Writes the datagram of the opening that is due; 0 when none is. */
  protected abstract transmitOpening(now: number, into: Uint8Array): number
  /** How long to wait before the next attempt, which is thereby taken; `undefined` when there is to be none. */
  protected abstract takeRetryMs(): number | undefined

  /** How long to wait for the other side to come back to a lost connection by itself; `undefined` for not at all. */
  protected get returnWindowMs(): number | undefined {
    return undefined
  }

  get state(): SessionState {
    return this.#state === 'lingering' ? 'closing' : this.#state
  }

  get destination(): Address {
    return this.#destination
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
    if (this.#state === 'closed') return Infinity
    return Math.min(this.link.nextDeadline, this.openingDueAt, this.#stateDeadline)
  }

  send(now: number, message: Uint8Array, delivery: Delivery, channel: number): SendOutcome {
    this.advanceTo(now)
    if (this.state === 'closing' || this.#state === 'closed') return 'closed'
    return this.link.send(this.#now, message, delivery, channel)
  }

  /** Sends a PING at the next `pollTransmit`, if the connection stands. */
  ping(now: number): void {
    this.advanceTo(now)
    if (this.#isLinked) this.link.ping(this.#now)
  }

  /**
   * Says CLOSE once what is queued is acknowledged, within three seconds. A reason of more than 256 bytes is cut.
   *
   * @throws RangeError when the code is not a whole number from 0 to 65535
   */
  close(now: number, code: number, reason: string): void {
    requireCode(code)
    this.advanceTo(now)
    switch (this.#state) {
      case 'connecting':
      case 'connected':
      case 'stalled':
        this.#hasStood = this.#isLinked
        this.#enter('close')
        this.#farewell = new Farewell(this.#now, this.link, code, cutReason(reason))
        this.link.setStalled(this.#now, false)
        return
      case 'waiting':
        // The other side may have said CLOSE just now, and waits for CLOSED.
        if (this.link.isHeard) this.#linger()
        else this.end()
        return
      case 'lingering':
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
    switch (this.#state) {
      case 'connected':
      case 'stalled':
        this.#judgeSilence(maxSilenceMs)
        if (this.#isLinked && this.link.isWornOut) this.close(this.#now, WORN_OUT_CODE, WORN_OUT_REASON)
        return
      case 'closing':
        if (this.#farewell?.advance(this.#now, maxSilenceMs) === true) this.#finishClosing()
        return
      case 'lingering':
        if (this.#patience.advance(this.#now, maxSilenceMs)) this.end()
        return
      case 'waiting':
        // A client's wait accuses nobody, so it is over by the clock.
        if (this.#patience.advance(this.#now, this.returnWindowMs === undefined ? Infinity : maxSilenceMs))
          this.handleOpeningTimeout()
        return
      case 'dialing':
      case 'connecting':
        if (this.#patience.advance(this.#now, maxSilenceMs)) this.handleOpeningTimeout()
        return
    }
  }

  pollEvent(): SessionEvent | undefined {
    for (;;) {
      const own = this.events.shift()
      if (own !== undefined) return own
      const event = this.link.poll()
      if (event === undefined) return undefined
      if (isControl(event)) this.#handleControl(event)
      else if (this.#isOpen) return event
    }
  }

  pollTransmit(now: number, into: Uint8Array): number {
    this.advanceTo(now)
    this.#farewell?.say(this.#now)
    this.#destination = this.#remote
    return this.transmitOpening(this.#now, into) || this.link.transmit(this.#now, into)
  }

  protected get now(): number {
    return this.#now
  }

  /** Whether a datagram comes from where this session's go. */
  protected isFromPeer(source: Address): boolean {
    return (this.#hasPeer || this.link.isHeard) && isSameAddress(source, this.#remote)
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
    if (remote === undefined ? !this.#hasPeer : this.#hasPeer && isSameAddress(remote, this.#remote)) return
    this.#hasPeer = remote !== undefined
    this.#remote = remote ?? this.#remote
    this.events.push({ type: 'peer', remote })
  }

  /** The datagram that is being written goes to where the peer is not. */
  protected sendElsewhere(destination: Address): void {
    this.#destination = destination
  }

  /** The peer has proved to be at another address: all goes there from now on, and the way there has yet to be measured. */
  protected move(now: number, to: Address): void {
    const from = this.#remote
    this.link.startPath(now)
    this.setPeer(to)
    this.events.push({ type: 'migrated', from, to })
    this.hear(now)
  }

  /** The peer was heard. */
  protected hear(now: number): void {
    if (this.link.heard(now) && this.#state === 'stalled') this.#handleStallOver()
  }

  /** Enters a state that lasts `limitMs` at most. */
  protected enter(transition: Transition, limitMs: number): void {
    this.#enter(transition)
    this.#patience = new Patience(this.#now, limitMs)
  }

  /** Has the present state last up to `limitMs` from now on. */
  protected wait(limitMs: number): void {
    this.#patience = new Patience(this.#now, limitMs)
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
    if (this.#isLinked) this.#pushEnded('timeout', 0, 'timed out at the other side', false)
    this.#enter('returned')
    if (!this.#hasPeer || !isSameAddress(source, this.#remote)) this.setPeer(source)
    this.events.push({ type: 'connected', remote: this.#remote })
  }

  /** Ends the session for good. */
  protected end(): void {
    this.enter('over', Infinity)
    this.#farewell = undefined
    this.link.giveUp(false)
    this.link.drop()
    this.handleLeft()
    this.setPeer(undefined)
    this.events.push({ type: 'closed' })
  }

  get #isLinked(): boolean {
    return this.#state === 'connected' || this.#state === 'stalled'
  }

  /** Whether messages are handed over: after the other side's CLOSE none are. */
  get #isOpen(): boolean {
    return this.#isLinked || (this.#state === 'closing' && !this.#isExpelled)
  }

  /** When the present state has lasted too long, if nothing happens until then. */
  get #stateDeadline(): number {
    if (this.#isLinked) return this.link.silenceDeadline
    if (this.#state === 'closing') return this.#farewell?.dueAt(this.#now) ?? Infinity
    return this.#patience.nextDeadline
  }

  /** The latest time that this session was told is this one, or a later one. */
  protected advanceTo(now: number): void {
    if (now > this.#now) this.#now = now
  }

  #enter(transition: Transition): void {
    this.#state = nextState(this.#state, transition)
  }

  #handleFirstPacket(source: Address): void {
    const isStanding = this.#state === 'connecting'
    if (!this.#hasPeer) this.setPeer(source)
    if (isStanding) {
      this.#enter('established')
      this.events.push({ type: 'connected', remote: this.#remote })
    }
    this.handleFirstPacket(isStanding)
  }

  /** A packet was not taken: perhaps the other side has gone too far. */
  protected judgePeer(): void {
    const notice = this.link.takeRateNotice()
    if (notice !== undefined) this.events.push({ type: 'rate-limited', ...notice })
    if (!this.#isLinked) return
    if (this.link.isRateExceeded) this.#expel(closeCodes.rateLimited, 'sent too much')
    else if (this.link.isBeyondTrust) this.#expel(closeCodes.violations, 'violated the protocol')
  }

  /** Ends the connection at once. The other side is told so as after any close, but nothing else any more, nor is it listened to. */
  #expel(code: number, reason: string): void {
    this.#drainMessages()
    this.#pushEnded('closed-here', code, reason, false)
    this.#isExpelled = true
    this.#hasStood = false
    this.#enter('close')
    this.link.giveUp(false)
    this.link.setStalled(this.#now, true)
    this.#farewell = new Farewell(this.#now, this.link, code, reason, true)
  }

  #handleStallOver(): void {
    this.#enter('heard')
    this.link.setStalled(this.#now, false)
    this.setPeer(this.#remote)
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
    this.#drainMessages()
    const retryMs = this.takeRetryMs()
    this.#pushEnded('timeout', 0, 'timed out', retryMs !== undefined)
    this.leave(retryMs ?? this.returnWindowMs)
  }

  #handleControl(event: ControlEvent): void {
    this.#drainMessages()
    if (event.type === 'peer-close') this.#handleClose(event.code, event.reason)
    else if (this.#state === 'closing') this.#finishClosing()
    // While lingering, our own CLOSED goes out before the end.
    else if (this.#state === 'lingering') this.#patience = new Patience(this.#now, 0)
  }

  /** The other side leaves. If both do at once, each answers the other's CLOSE, and each has closed of its own accord. */
  #handleClose(code: number, reason: string): void {
    this.link.sendClosed(this.#now)
    if (this.#state === 'closing') {
      this.#pushClosedHere()
      this.#linger()
    } else if (this.#isLinked) {
      const retryMs = this.takeRetryMs()
      this.#pushEnded('closed-there', code, reason, retryMs !== undefined)
      if (retryMs === undefined) this.#linger()
      else this.#retreat(retryMs)
    }
  }

  #finishClosing(): void {
    this.#drainMessages()
    this.#pushClosedHere()
    this.end()
  }

  /** Waits before dialing again, while the old connection answers CLOSE again, in case our CLOSED was lost. */
  #retreat(retryMs: number): void {
    this.enter('retry', retryMs)
    this.#silence(true)
    this.setPeer(undefined)
  }

  /** Answers CLOSE again for a while, in case our CLOSED was lost. */
  #linger(): void {
    this.enter('linger', Math.min(MAX_LINGER_MS, Math.max(LINGER_MS, this.link.probeTimeoutMs * 3)))
    this.#farewell = undefined
    this.#silence(false)
  }

  /** Nothing but answers leaves the connection from now on. */
  #silence(isUnsentKept: boolean): void {
    this.link.giveUp(isUnsentKept)
    this.link.setStalled(this.#now, true)
  }

  /** Tells of what has arrived before the end that is told of next. */
  #drainMessages(): void {
    for (let event = this.link.poll(); event !== undefined; event = this.link.poll()) {
      if (!isControl(event) && this.#isOpen) this.events.push(event)
    }
  }

  /** A connection that never stood has no end to be told of. */
  #pushClosedHere(): void {
    if (!this.#hasStood || this.#farewell === undefined) return
    this.#pushEnded('closed-here', this.#farewell.code, this.#farewell.reason, false)
  }

  #pushEnded(cause: EndCause, code: number, reason: string, willReconnect: boolean): void {
    this.events.push({ type: 'ended', cause, code, reason, willReconnect })
  }
}

/** How long the other side's repeated CLOSE is answered after the end, or three times as long as an answer takes. */
const LINGER_MS = 1_000
/** A round trip that was measured across a pause of ours must not hold a port for long. */
const MAX_LINGER_MS = 5_000

/** With what a connection is closed whose keys are worn out. */
const WORN_OUT_CODE = 0
const WORN_OUT_REASON = 'the keys are worn out'

type ControlEvent = Extract<ConnectionEvent, { readonly type: 'peer-close' | 'peer-closed' }>

function isControl(event: ConnectionEvent): event is ControlEvent {
  return event.type === 'peer-close' || event.type === 'peer-closed'
}
