import type { Sealer } from '../../security/sealer.ts'
import type { Delivery } from '../../session/delivery.ts'
import type { Fifo } from '../../core/fifo.ts'
import { Liveness } from '../../session/liveness.ts'
import type { SendOutcome, SessionEvent, UndeliveredMessage } from '../../session/session.ts'
import type { SessionSettings } from '../../session/settings.ts'
import { RateLimiter, type RateNotice } from '../../session/rate-limiter.ts'
import { createStats, type SessionStats } from '../../session/stats.ts'
import { Connection, type ConnectionEvent, type ConnectionTuning, type PacketVerdict } from './connection.ts'
import { limitSettings, type Limits } from '../wire/handshake-payload.ts'
import { Outbox } from './outbox.ts'

/** What silence has led to: nothing, a stall, the end. */
export type Silence = 'quiet' | 'stalled' | 'timed-out'

/** What the handshake leaves to the connection that it opens. */
export interface LinkStart {
  readonly sealer: Sealer
  /** What the other side asks to be respected. */
  readonly limits: Limits
  /** The round-trip time that the handshake took; `NaN` when it could not tell. */
  readonly rttMs: number
  /** What names this connection when it is to go on after it was lost; `undefined` when it cannot. */
  readonly resumeId?: Uint8Array | undefined
}

/**
 * A connection of which so many packets were violations is closed. One would be proof enough that the other side does not keep to
 * the protocol; a few are borne, because its mistake may be small and its users are not to blame.
 */
const MAX_VIOLATIONS = 32

/**
 * What passes between two ends, over one connection after the other, and what waits while there is none. It knows no states
 * and no addresses: those are the session's.
 */
export class DataLink {
  readonly stats: SessionStats = createStats()
  readonly #settings: SessionSettings
  readonly #tuning: ConnectionTuning
  readonly #events: Fifo<SessionEvent>
  readonly #outbox: Outbox
  #connection: Connection | undefined
  #sealer: Sealer | undefined
  #mtuBytes: number
  readonly #deferenceShare: number
  #liveness: Liveness
  readonly #limiter: RateLimiter
  /** How many violations there were before this connection. */
  #formerViolations = 0
  #isHeard = false
  #wasEstablished = false
  /** Whether the connection was lost, and nothing may come of it until it is resumed. */
  #isParked = false
  #resumeId: Uint8Array | undefined
  /** Whether what this connection could not deliver has been dealt with. */
  #isGivenUp = false

  /**
   * What could not be delivered is pushed to `events`. The settings may change their timeout. `deferenceShare`: see {@link Liveness}.
   */
  constructor(
    now: number,
    settings: SessionSettings,
    events: Fifo<SessionEvent>,
    tuning: ConnectionTuning,
    deferenceShare = 0,
  ) {
    this.#settings = settings
    this.#events = events
    this.#tuning = tuning
    this.#outbox = new Outbox(settings, this.stats)
    this.#mtuBytes = settings.mtuBytes
    this.#deferenceShare = deferenceShare
    this.#liveness = this.#startLiveness(now)
    this.#limiter = new RateLimiter(now, settings)
  }

  /** Whether a packet of the other side has opened. */
  get isHeard(): boolean {
    return this.#isHeard
  }

  /** Whether the connection that there is, or was last, has ever stood. */
  get wasEstablished(): boolean {
    return this.#wasEstablished
  }

  get rttMs(): number {
    return this.#connection?.rttMs ?? this.stats.rttMs
  }

  get clockOffsetMs(): number {
    return this.#connection?.clockOffsetMs ?? NaN
  }

  /** Whether nothing was heard for long enough to call it a stall. */
  get isSilent(): boolean {
    return this.#liveness.isStalled
  }

  /** Whether the packet that was received last was the newest so far. */
  get lastWasNewest(): boolean {
    return this.#connection?.lastWasNewest ?? false
  }

  /** Whether the packet that was received last has a PATH CHALLENGE. */
  get lastWasChallenge(): boolean {
    return this.#connection?.lastWasChallenge ?? false
  }

  /** The number that the packet which was received last bears, be it true or not; `NaN` when it was none. */
  get lastPacketNumber(): number {
    return this.#connection?.lastPacketNumber ?? NaN
  }

  /** What the packet that was received last answers a PATH CHALLENGE with, if it does. */
  get pathResponse(): Uint8Array | undefined {
    return this.#connection?.pathResponse
  }

  /** How long a datagram is that {@link transmitPathChallenge} writes. */
  get pathChallengeBytes(): number {
    return this.#connection?.pathChallengeBytes ?? Infinity
  }

  /** How long an answer takes at the most, as a rule. */
  get probeTimeoutMs(): number {
    return this.#connection?.probeTimeoutMs ?? 0
  }

  /** Whether nothing is queued and nothing reliable is unacked. */
  get isDrained(): boolean {
    return this.#connection?.isDrained ?? true
  }

  /** Whether the other side went on sending more than its rate allows. */
  get isRateExceeded(): boolean {
    return this.#limiter.isExceeded
  }

  /** Whether the other side has said so much that cannot be that there is no point in going on. */
  get isBeyondTrust(): boolean {
    return this.stats.violations - this.#formerViolations >= MAX_VIOLATIONS
  }

  /** Whether the keys are worn out, so that the connection is to be ended. */
  get isAeadLimitReached(): boolean {
    return this.#connection?.isAeadLimitReached ?? false
  }

  /** When packets are due, once the other side was heard: before that, they are the opening's. */
  get nextDeadline(): number {
    return this.#isHeard ? (this.#connection?.nextDeadline ?? Infinity) : Infinity
  }

  /** When silence leads to something. */
  get silenceDeadline(): number {
    return this.#liveness.nextDeadline
  }

  /** What names the connection, if it can go on after it is lost; `undefined` when there is none, or it never stood. */
  get resumeId(): Uint8Array | undefined {
    return this.#wasEstablished && !this.#isGivenUp ? this.#resumeId : undefined
  }

  /** Opens a connection and hands it what waits. */
  open(now: number, { sealer, limits, rttMs, resumeId }: LinkStart): void {
    const settings = limitSettings(this.#settings, limits)
    this.drop()
    this.#mtuBytes = settings.mtuBytes
    this.#wasEstablished = false
    this.#resumeId = resumeId
    // What the last connection measured says nothing of this one.
    this.stats.rttMs = NaN
    this.stats.rttVarianceMs = NaN
    this.#formerViolations = this.stats.violations
    this.#replaceSealer(sealer)
    this.#connection = new Connection(now, {
      ...this.#tuning,
      settings,
      sealer,
      stats: this.stats,
      limiter: this.#limiter,
      handshakeRttMs: rttMs,
    })
    this.#pushUndelivered(this.#outbox.handOver(now, this.#connection))
  }

  /** The connection is lost for now: what is sent waits, and nothing of it leaves or arrives, until it is resumed. */
  park(now: number): void {
    this.#isHeard = false
    this.#isParked = true
    this.#connection?.setStalled(now, true)
  }

  /** Goes on with the connection that was lost, after another handshake; both ends keep the limits that they agreed on at first. */
  resume(now: number, { sealer, rttMs, resumeId }: LinkStart): void {
    this.#isHeard = false
    this.#isParked = false
    this.#resumeId = resumeId
    this.#replaceSealer(sealer)
    this.#connection?.resume(now, sealer, rttMs)
  }

  /**
   * Goes on with the connection if a packet, which came in a datagram of `datagramBytes`, is one of the other side's under these
   * keys. Returns whether it is; if not, it is dropped and counted, and nothing else has happened.
   */
  resumeWith(now: number, packet: Uint8Array, datagramBytes: number, sealer: Sealer): boolean {
    const verdict = this.#connection?.resumeWith(now, packet, sealer) ?? 'unopened'
    this.#countPacket(verdict, datagramBytes - packet.length)
    if (verdict !== 'accepted') return false
    this.#replaceSealer(sealer)
    this.#isHeard = false
    this.#isParked = false
    this.heard(now)
    return true
  }

  /** Forgets the connection that there was, and its keys. */
  drop(): void {
    this.#replaceSealer(undefined)
    this.#connection = undefined
    this.stats.heldBytes = 0
    this.#isHeard = false
    this.#resumeId = undefined
    this.#isParked = false
    this.#isGivenUp = false
    this.#outbox.count()
  }

  /** Takes a message for this connection, or for the next one. */
  send(now: number, message: Uint8Array, delivery: Delivery, channel: number): SendOutcome {
    if (this.#connection === undefined || this.#isGivenUp) return this.#outbox.push(now, message, delivery, channel)
    return this.#connection.send(now, message, delivery, channel)
  }

  /** Sends a PING; its answer is a `'pong'` event. */
  ping(now: number): void {
    this.#connection?.ping(now, true)
  }

  setStalled(now: number, isStalled: boolean): void {
    this.#connection?.setStalled(now, isStalled)
  }

  /** Takes no message of this connection any more, and acknowledges none. */
  stopListening(): void {
    this.#connection?.stopListening()
  }

  sendClose(now: number, code: number, reason: string): void {
    this.#connection?.sendClose(now, code, reason)
  }

  sendClosed(now: number): void {
    this.#connection?.sendClosed(now)
  }

  /**
   * Takes a packet that came in a datagram of `datagramBytes`. Returns whether it opened and is new, so that the other side
   * was heard; what is not is dropped and counted.
   */
  receive(now: number, packet: Uint8Array, datagramBytes: number): boolean {
    const verdict = this.#isParked ? 'unopened' : (this.#connection?.handleDatagram(now, packet) ?? 'unopened')
    this.#countPacket(verdict, datagramBytes - packet.length)
    return verdict === 'accepted'
  }

  /** What the program is to be told of the other side's rate; `undefined` when that is nothing. */
  takeRateNotice(): RateNotice | undefined {
    return this.#limiter.takeNotice()
  }

  /**
   * Takes a packet from where the other side is not known to be. Returns whether it opened and is newer than all so far; otherwise
   * nothing has come of it.
   */
  receiveFromElsewhere(now: number, packet: Uint8Array, datagramBytes: number): boolean {
    const verdict = this.#connection?.handleDatagram(now, packet, true) ?? 'unopened'
    if (verdict === 'accepted') this.stats.receivedBytes += datagramBytes - packet.length
    return verdict === 'accepted'
  }

  /** Whether the seal of a packet matches that was received before. To be asked once. */
  opens(packet: Uint8Array): boolean {
    return this.#connection?.opens(packet) ?? false
  }

  /** What was measured of the path to the other side says nothing of the one that is taken from now on, beginning with a PING. */
  startPath(now: number): void {
    this.#connection?.startPath(now)
    this.#connection?.ping(now, false)
  }

  /** The other side was heard at the time `now`. Returns whether that ended a stall. */
  heard(now: number): boolean {
    if (this.#isHeard) return this.#liveness.heard(now)
    if (this.#wasEstablished) this.stats.resumptions += 1
    this.#isHeard = true
    this.#wasEstablished = true
    this.#liveness = this.#startLiveness(now)
    return false
  }

  /** Lets time pass for the connection, once the other side was heard. */
  advance(now: number): void {
    if (this.#isHeard) this.#connection?.handleTimeout(now)
  }

  /** Lets silence grow by `maxSilenceMs` at most, asks for a sign of life when one is due, and says what it has led to. */
  advanceSilence(now: number, maxSilenceMs: number): Silence {
    for (;;) {
      const verdict = this.#liveness.advance(now, maxSilenceMs)
      if (verdict !== 'ping-due') return verdict
      this.#connection?.ping(now, false)
    }
  }

  /** The connection's next event. */
  poll(): ConnectionEvent | undefined {
    return this.#connection?.pollEvent()
  }

  /** Writes the packet that is due, and returns its length; 0 when none is. */
  transmit(now: number, into: Uint8Array): number {
    const length = this.#isHeard ? (this.#connection?.pollTransmit(now, into) ?? 0) : 0
    // A connection that was given up goes on to count what it can no longer send.
    if (this.#isGivenUp) this.#outbox.count()
    return length
  }

  /** Writes the next packet, even one with nothing to say, behind `prefix`. */
  transmitBehind(prefix: Uint8Array, now: number, into: Uint8Array): number {
    this.#connection?.probe(now)
    return this.transmitDueBehind(prefix, now, into)
  }

  /** Writes the packet that is due behind `prefix`, and returns the length of both; 0 when none is. */
  transmitDueBehind(prefix: Uint8Array, now: number, into: Uint8Array): number {
    if (this.#connection === undefined) return 0
    const length = this.#connection.pollTransmit(now, into.subarray(prefix.length, this.#mtuBytes))
    if (length === 0) return 0
    into.set(prefix, 0)
    this.stats.sentBytes += prefix.length
    return prefix.length + length
  }

  /** Writes a packet with nothing in it but a PATH CHALLENGE that carries `data`, and returns its length. */
  transmitPathChallenge(data: Uint8Array, now: number, into: Uint8Array): number {
    return this.#connection?.writePathChallenge(now, data, into) ?? 0
  }

  /**
   * Deals with what can no longer be delivered. What was never sent waits for the next connection, if `isUnsentKept`; the rest
   * is handed back.
   */
  giveUp(isUnsentKept: boolean): void {
    const messages = this.#connection === undefined || this.#isGivenUp ? [] : this.#outbox.takeBack(this.#connection)
    this.#isGivenUp = this.#connection !== undefined
    if (!isUnsentKept) messages.push(...this.#outbox.takeAll())
    this.#pushUndelivered(messages)
  }

  #startLiveness(now: number): Liveness {
    return new Liveness(now, this.#settings, this.#deferenceShare)
  }

  /** `prefixBytes` is what preceded the packet in its datagram. */
  #countPacket(verdict: PacketVerdict, prefixBytes: number): void {
    if (verdict === 'unopened') this.stats.droppedMalformed += 1
    else if (verdict !== 'duplicate') this.stats.receivedBytes += prefixBytes
  }

  /** The keys of before are overwritten. */
  #replaceSealer(sealer: Sealer | undefined): void {
    this.#sealer?.wipe()
    this.#sealer = sealer
  }

  #pushUndelivered(messages: readonly UndeliveredMessage[]): void {
    if (messages.length > 0) this.#events.push({ type: 'undelivered', messages })
  }
}
