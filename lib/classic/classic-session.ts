import { isSameAddress, type Address } from '../core/address.ts'
import { closeCodes } from '../session/codes.ts'
import type { Delivery } from '../session/delivery.ts'
import { Fifo } from '../core/fifo.ts'
import type { LifecycleState } from '../session/lifecycle.ts'
import type { EndCause, ProtocolName, SendOutcome, Session, SessionEvent, SessionState } from '../session/session.ts'
import type { SessionSettings } from '../session/settings.ts'
import { TransmitRecord, type Transmit } from '../session/transmit.ts'
import { Liveness } from '../session/liveness.ts'
import { RateLimiter } from '../session/rate-limiter.ts'
import { createStats, type SessionStats } from '../session/stats.ts'
import { Traffic } from '../session/traffic.ts'
import { Exchange } from './exchange.ts'
import { Phase, type Input } from './phase.ts'
import { decodeWord, encodeWord, type Word } from './words.ts'

/**
 * What the two ends of a classic connection have in common: all of it but the opening.
 *
 * Its drain order is that of {@link Session}, and its memory is bounded as long as its owner keeps to it: events exist only
 * between the calls that cause them and the `pollEvent` of the same step, words that are due are counted and not listed, and
 * messages wait within the limits of the settings.
 */
export abstract class ClassicSession implements Session {
  readonly protocol: ProtocolName = 'classic'
  /** The classic words carry no times. */
  readonly clockOffsetMs: number = NaN
  /** The rates are those of the last `handleTimeout`. */
  readonly stats: SessionStats = createStats()
  protected readonly events: Fifo<SessionEvent> = new Fifo<SessionEvent>()
  protected readonly exchange: Exchange
  readonly #settings: SessionSettings
  readonly #phase: Phase
  readonly #traffic: Traffic
  readonly #transmit = new TransmitRecord()
  readonly #limiter: RateLimiter
  #liveness: Liveness
  /** The latest time that this session was told; a time of arrival may lie before it. */
  #now: number
  #remote: Address
  #hasPeer = false
  /** Whether a connection stood before, so that what waits was sent while there was none. */
  #wasAway = false
  #closeCode = 0
  #closeReason = ''
  /** Whether it is closed because of what the other side did, so that nothing of it is handed over any more. */
  #isExpelled = false

  /** Starts in `state`, which lasts for the handshake's timeout at most, without a peer. */
  protected constructor(now: number, settings: SessionSettings, state: LifecycleState, remote: Address) {
    this.#settings = { ...settings }
    this.exchange = new Exchange(this.#settings, this.stats, this.events)
    this.#phase = new Phase(now, state, settings.handshakeTimeoutMs)
    this.#traffic = new Traffic(now, this.stats)
    this.#limiter = new RateLimiter(now, this.#settings)
    this.#liveness = new Liveness(now, this.#settings)
    this.#now = now
    this.#remote = remote
  }

  /** Takes a datagram that arrived from the peer at the time `now`, before the connection stands. */
  protected abstract handleOpening(now: number, bytes: Uint8Array, source: Address): void
  /** The present state, one before the connection stands, has lasted as long as it may. */
  protected abstract handleOpeningTimeout(): void
  /** Takes a word that arrived while the connection stands. Returns whether it was one of the opening, come once more. */
  protected abstract handleOpeningWord(word: Word): boolean
  /** Takes another attempt at a connection: how long to wait before it, `undefined` when there is none. */
  protected abstract takeRetryMs(): number | undefined

  get state(): SessionState {
    return this.#phase.shownState
  }

  get remote(): Address {
    return this.#remote
  }

  get rttMs(): number {
    return this.stats.rttMs
  }

  get nextDeadline(): number {
    if (this.events.length > 0 || this.exchange.isReady(this.#phase.isFlowing)) return this.#now
    return this.#phase.isEstablished ? this.#liveness.nextDeadline : this.#phase.nextDeadline
  }

  /**
   * Takes a message, always `'unreliable'` on channel 0. An empty one is `'unsupported'`: `pollTransmit` could not tell it
   * from nothing.
   */
  send(now: number, message: Uint8Array, delivery: Delivery, channel: number): SendOutcome {
    this.#advanceTo(now)
    if (this.state === 'closing' || this.state === 'closed') return 'closed'
    return this.exchange.send(message, delivery, channel)
  }

  /** Says PING at the next `pollTransmit`, once however often it was asked for, if the connection stands. */
  ping(now: number): void {
    this.#advanceTo(now)
    if (this.#phase.isEstablished) this.exchange.due.oweOnce('PING')
  }

  /** CLOSE is a bare word: it cannot say that it is final. */
  close(now: number, code: number, reason: string): void {
    this.#advanceTo(now)
    this.exchange.outbox.release()
    switch (this.#phase.state) {
      case 'connected':
      case 'stalled':
        this.#startClosing(code, reason)
        return
      case 'connecting':
        // The other side may already have taken us in: it is told once, without waiting long for its answer.
        if (this.#hasPeer) this.#drain(LEAVING_MS, encodeWord('CLOSE'))
        else this.end()
        return
      case 'waiting':
        if (this.exchange.due.isEmpty) this.end()
        else this.#drainAnswering()
        return
      case 'draining':
        // All is said already; only a CLOSED that is still due keeps it.
        if (this.exchange.due.isEmpty) this.end()
        return
      case 'dialing':
        this.end()
        return
    }
  }

  setTimeout(timeoutMs: number): void {
    this.#settings.timeoutMs = timeoutMs
  }

  handleDatagram(now: number, bytes: Uint8Array, source: Address): void {
    this.#advanceTo(now)
    const isLateClose = this.#isLateClose(bytes, source)
    if (!isLateClose && !this.isFromPeer(source)) {
      this.stats.droppedForeign += 1
      return
    }
    this.#traffic.received(bytes.length)
    if (!this.#limiter.admits(now, bytes.length)) this.#handleExcess()
    else if (isLateClose) this.#handleLateClose(now)
    else if (this.#phase.isEstablished || this.#phase.state === 'closing') this.handleLinked(now, bytes)
    else if (this.#phase.state === 'draining') this.#handleDraining(bytes)
    else this.handleOpening(now, bytes, source)
  }

  handleTimeout(now: number, maxSilenceMs: number): void {
    this.#advanceTo(now)
    this.#traffic.advance(this.#now)
    if (this.#phase.isEstablished) {
      this.#judgeSilence(maxSilenceMs)
      return
    }
    // A wait accuses nobody, so it is over by the clock; but a CLOSED that is still due to the old peer goes first.
    const isWaiting = this.#phase.state === 'waiting'
    const isOver = this.#phase.advance(this.#now, isWaiting ? Infinity : maxSilenceMs)
    if (!isOver || (isWaiting && !this.exchange.due.isEmpty)) return
    if (this.state === 'closing') this.#finishClosing()
    else this.handleOpeningTimeout()
  }

  /** What waited for the connection goes behind what the program sends when it is told of it. */
  pollEvent(): SessionEvent | undefined {
    const event = this.events.shift()
    if (event?.type === 'connected') this.exchange.outbox.open()
    else this.exchange.outbox.release()
    return event
  }

  /** CLOSE, like all that is repeated, goes after everything else. */
  pollTransmit(now: number, into: Uint8Array): Transmit | undefined {
    this.#advanceTo(now)
    const bytes = this.exchange.poll(this.#now, this.#phase.isFlowing) ?? this.#phase.poll(this.#now)
    if (bytes === undefined) return undefined
    into.set(bytes)
    this.#traffic.sent(bytes.length)
    return this.#transmit.set(bytes.length, this.#remote)
  }

  /** Whether a datagram comes from where this session expects the other side. */
  protected isFromPeer(source: Address): boolean {
    return this.#hasPeer && isSameAddress(source, this.#remote)
  }

  /** When the other side was heard for the last time, as far as this end was awake to hear it. */
  protected get heardAt(): number {
    return this.#now - this.#liveness.silenceMs
  }

  /** Counts a datagram that says nothing in this state. */
  protected dropMalformed(): void {
    this.stats.droppedMalformed += 1
  }

  /** Talks to another address from now on, or to nobody. */
  protected setPeer(remote: Address | undefined): void {
    if (remote === undefined && !this.#hasPeer) return
    this.#hasPeer = remote !== undefined
    this.#remote = remote ?? this.#remote
    this.events.push({ type: 'peer', remote })
  }

  /** Enters a state that lasts `limitMs` at most, and in which `repeated` is said up to `attempts` times. */
  protected enter(input: Input, limitMs: number, repeated?: Uint8Array, attempts?: number): void {
    this.#phase.enter(this.#now, input, limitMs, repeated, attempts)
    this.exchange.due.clear()
  }

  /** The connection stands. */
  protected establish(): void {
    this.enter('established', Infinity)
    this.#liveness = new Liveness(this.#now, this.#settings)
    if (this.#wasAway && !this.#settings.queueWhileAway) this.exchange.giveUp()
    this.#wasAway = true
    this.exchange.begin()
    this.events.push({ type: 'connected', remote: this.#remote, isResumed: false })
  }

  /** Leaves a lost attempt or connection behind: to dial again after `retryMs`, or for good. */
  protected leave(retryMs: number | undefined): void {
    if (retryMs === undefined) {
      this.end()
    } else {
      this.enter('retry', retryMs)
      this.setPeer(undefined)
    }
  }

  /** Ends the session for good. */
  protected end(): void {
    this.enter('over', Infinity)
    this.exchange.giveUp()
    this.setPeer(undefined)
    this.events.push({ type: 'closed' })
  }

  /** Takes a datagram from the peer while the connection stands, or while it is being closed. */
  protected handleLinked(now: number, bytes: Uint8Array): void {
    if (this.#phase.isEstablished && this.#liveness.heard(now)) {
      this.#phase.enter(now, 'heard', Infinity)
      this.events.push({ type: 'unstalled' })
    }
    const word = decodeWord(bytes)
    if (word === 'CLOSE') this.#handleClose()
    else if (word === 'CLOSED') this.#handleClosed()
    else if (this.#isExpelled) this.dropMalformed()
    else if (word === undefined || !this.handleOpeningWord(word)) this.exchange.receive(now, bytes, word)
  }

  /** More arrived than the other side may send. */
  #handleExcess(): void {
    this.stats.droppedRateLimited += 1
    const notice = this.#limiter.takeNotice()
    if (notice !== undefined) this.events.push({ type: 'rate-limited', ...notice })
    if (!this.#phase.isEstablished || !this.#limiter.isExceeded) return
    this.#startClosing(closeCodes.rateLimited, 'sent too much')
    this.#emitClosedHere()
    this.#isExpelled = true
    this.exchange.giveUp()
  }

  #advanceTo(now: number): void {
    if (now > this.#now) this.#now = now
  }

  #judgeSilence(maxSilenceMs: number): void {
    // A stall can be followed by the end in one step.
    for (;;) {
      switch (this.#liveness.advance(this.#now, maxSilenceMs)) {
        case 'quiet':
          return
        case 'ping-due':
          this.exchange.due.oweOnce('PING')
          break
        case 'stalled':
          this.#phase.enter(this.#now, 'silent', Infinity)
          this.events.push({ type: 'stalled' })
          break
        case 'timed-out':
          this.leave(this.#loseConnection('timeout', 'timed out'))
          return
      }
    }
  }

  /** The other side leaves. Where both do at once, each answers the other's CLOSE, and each has closed of its own accord. */
  #handleClose(): void {
    if (this.#phase.state === 'closing') {
      this.#emitClosedHere()
      this.#drainAnswering()
      return
    }
    const retryMs = this.#loseConnection('closed-there', '')
    if (retryMs === undefined) {
      this.#drainAnswering()
    } else {
      this.leave(retryMs)
      this.exchange.due.oweOnce('CLOSED')
    }
  }

  #handleClosed(): void {
    if (this.#phase.state === 'closing') this.#finishClosing()
    else this.dropMalformed()
  }

  #handleDraining(bytes: Uint8Array): void {
    if (decodeWord(bytes) === 'CLOSED') this.end()
    else this.dropMalformed()
  }

  /** Whether CLOSE came once more from whom we have closed with: our CLOSED was lost. */
  #isLateClose(bytes: Uint8Array, source: Address): boolean {
    return this.#phase.hasEnded && isSameAddress(source, this.#remote) && decodeWord(bytes) === 'CLOSE'
  }

  /** Answers no longer than the state lasts, so that nobody's CLOSE keeps us from dialing again. */
  #handleLateClose(now: number): void {
    if (now < this.#phase.limit) this.exchange.due.oweOnce('CLOSED')
  }

  /** What waits for a stalled link is given up; what waits for the next `pollTransmit` goes out before CLOSE. */
  #startClosing(code: number, reason: string): void {
    if (this.#phase.state === 'stalled') this.exchange.giveUp()
    this.#closeCode = code
    this.#closeReason = reason
    this.enter('close', CLOSE_LIMIT_MS, encodeWord('CLOSE'), CLOSE_ATTEMPTS)
  }

  #finishClosing(): void {
    if (this.#phase.state === 'closing') this.#emitClosedHere()
    this.end()
  }

  /** All is said, but the other side may miss it: its CLOSE is answered for as long as this state lasts. */
  #drain(limitMs: number, repeated?: Uint8Array): void {
    this.enter('drain', limitMs, repeated, 1)
    this.exchange.giveUp()
  }

  #drainAnswering(): void {
    this.#drain(DRAINING_MS)
    this.exchange.due.oweOnce('CLOSED')
  }

  /** Once: of a peer that was expelled it was told before CLOSED came. */
  #emitClosedHere(): void {
    if (this.#isExpelled) return
    const [code, reason] = [this.#closeCode, this.#closeReason]
    this.events.push({ type: 'ended', cause: 'closed-here', code, reason, willReconnect: false })
  }

  /** Says that the connection has ended without our will. Returns how long to wait before dialing again, if at all. */
  #loseConnection(cause: EndCause, reason: string): number | undefined {
    const retryMs = this.takeRetryMs()
    this.events.push({ type: 'ended', cause, code: 0, reason, willReconnect: retryMs !== undefined })
    return retryMs
  }
}

/** CLOSE is said this often, and the last one has its time to be answered: 200 + 300 + 450 + 675 + 1000 ms. */
const CLOSE_ATTEMPTS = 5
const CLOSE_LIMIT_MS = 2_625

/** How long the other side's repeated CLOSE is answered after the end. */
const DRAINING_MS = 1_000

/** How long a client that leaves a half-open handshake waits for CLOSED. */
const LEAVING_MS = 200
