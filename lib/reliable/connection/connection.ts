import type { Sealer } from '../../security/sealer.ts'
import type { Delivery } from '../../session/delivery.ts'
import { Fifo } from '../../core/fifo.ts'
import type { RateLimiter } from '../../session/rate-limiter.ts'
import type { SendOutcome } from '../../session/session.ts'
import type { SessionSettings } from '../../session/settings.ts'
import type { SessionStats } from '../../session/stats.ts'
import { Traffic } from '../../session/traffic.ts'
import { AckHistory } from '../recovery/ack-history.ts'
import { AckSchedule } from '../recovery/ack-schedule.ts'
import { Channels } from '../channel/channels.ts'
import { ClockOffset } from './clock-offset.ts'
import { ControlFrames } from './control-frames.ts'
import type { SentFrames } from '../channel/sent-frames.ts'
import { LossRecovery } from '../recovery/loss-recovery.ts'
import { PacketReceiver, type ConnectionEvent } from './packet-receiver.ts'
import { PacketSender } from './packet-sender.ts'
import { PACKET_HEADER_BYTES } from '../wire/packet.ts'
import { Path } from './path.ts'
import { NOTHING_RECEIVED, type ReceivedPacket } from './received-packet.ts'
import type { Redundancy } from '../channel/redundancy.ts'
import { SendRhythm } from '../congestion/send-rhythm.ts'

/** How a connection is to behave, where it has a choice. */
export interface ConnectionTuning {
  /** How often small reliable messages are repeated before a loss is known. Default `'auto'`. */
  readonly redundancy?: Redundancy | undefined
  /** Which channels go first: 0 before 1, the default, before 2 and 3. */
  readonly priorities?: Readonly<Record<number, number>> | undefined
  /** The number of the first packet in each direction, the same at both ends. Default 0. */
  readonly firstPacketNumber?: number | undefined
  /** The sequence of the first message of each channel and delivery, the same at both ends. Default 0. */
  readonly firstSequence?: number | undefined
}

/** What a connection is made of. */
export interface ConnectionOptions extends ConnectionTuning {
  /** The limits; those that the handshake agreed on where the two ends differ. Times and liveness are the session's matter. */
  readonly settings: SessionSettings
  /** Seals what leaves and opens what arrives. */
  readonly sealer: Sealer
  /** Is filled in place. */
  readonly stats: SessionStats
  /** How much the other side may send. */
  readonly limiter: RateLimiter
  /** The round-trip time that the handshake took; `NaN`, the default, when it could not tell. */
  readonly handshakeRttMs?: number
  /** What names this connection when it is to go on after it was lost; `undefined`, the default, when it cannot. */
  readonly resumeId?: Uint8Array | undefined
}

/** What another handshake leaves to a connection that goes on. */
export interface Resumption {
  readonly sealer: Sealer
  /** The round-trip time that the handshake took; `NaN` when it could not tell. */
  readonly rttMs: number
  /** What names the connection from now on. */
  readonly resumeId: Uint8Array | undefined
}

/**
 * A connection of which this many packets were violations is closed. One would be proof enough that the other side does not keep to
 * the protocol; a few are borne, because its mistake may be small and its users are not to blame.
 */
const MAX_VIOLATIONS = 32

/**
 * One connection: messages in, packets out, and back. It knows neither addresses nor states: what it is told comes from the other
 * side, and what it writes goes there. Until the other side {@link hear | was heard} under the present keys nothing leaves by itself,
 * but only behind what the opening says.
 *
 * Drain order, as a `Session`'s: {@link handleDatagram} for what arrived, {@link handleTimeout} if {@link nextDeadline} has passed,
 * {@link pollEvent} until it has nothing, {@link pollTransmit} until it returns 0; again by {@link nextDeadline} at the latest. Nothing
 * that arrives makes it throw. Every `now` is in milliseconds of one monotonic clock.
 */
export class Connection {
  readonly #stats: SessionStats
  readonly #mtuBytes: number
  readonly #redundancyMode: Redundancy
  readonly #rhythm = new SendRhythm()
  #sealer: Sealer
  readonly #channels: Channels
  readonly #control: ControlFrames
  readonly #clock = new ClockOffset()
  readonly #recovery: LossRecovery<SentFrames>
  readonly #receiver: PacketReceiver
  readonly #sender: PacketSender
  readonly #events = new Fifo<ConnectionEvent>()
  readonly #traffic: Traffic
  readonly #formerViolations: number
  #path: Path
  #resumeId: Uint8Array | undefined
  #isHeard = false
  #wasEstablished = false
  #isResumed = false
  #isParked = false
  /** The latest time this connection was told; times of arrival may lie before it. */
  #now: number
  #tidiedAt: number
  /** When the packets arrived that the next ones answer; `NaN` when there were none. */
  #answeringAt = NaN

  /** Throws a RangeError when the redundancy or a priority is a number out of its range. */
  constructor(now: number, options: ConnectionOptions) {
    const { settings, sealer, stats, limiter, handshakeRttMs = NaN, redundancy = 'auto' } = options
    const { mtuBytes } = settings
    this.#now = now
    this.#tidiedAt = now
    this.#stats = stats
    this.#mtuBytes = mtuBytes
    this.#redundancyMode = redundancy
    this.#path = this.#createPath(now, handshakeRttMs)
    this.#sealer = sealer
    const maxFrameBytes = mtuBytes - sealer.overheadBytes - PACKET_HEADER_BYTES
    const channels = new Channels({ ...settings, maxFrameBytes, firstSequence: options.firstSequence }, stats)
    for (const [channel, level] of Object.entries(options.priorities ?? {}))
      channels.setPriority(Number(channel), level)
    const control = new ControlFrames(this.#clock)
    const first = options.firstPacketNumber ?? 0
    const recovery = new LossRecovery(first, this.#path, { fates: channels, stats })
    const history = new AckHistory(first)
    const ackSchedule = new AckSchedule(mtuBytes)
    this.#traffic = new Traffic(now, stats)
    const shared = { sealer, history, ackSchedule, recovery, channels, control, stats, traffic: this.#traffic }
    this.#receiver = new PacketReceiver({ ...shared, limiter, events: this.#events }, this.#path)
    this.#sender = new PacketSender({ ...shared, mtuBytes }, this.#path)
    this.#channels = channels
    this.#control = control
    this.#recovery = recovery
    this.#formerViolations = stats.violations
    this.#resumeId = options.resumeId
    this.#countPath()
  }

  /** Whether a packet of the other side has opened under the present keys. */
  get isHeard(): boolean {
    return this.#isHeard
  }

  /** Whether it was lost, and goes on by another handshake. */
  get isResumed(): boolean {
    return this.#isResumed
  }

  /** Whether it takes messages still. */
  get isListening(): boolean {
    return this.#channels.isListening
  }

  /** What names it, if it can go on after it is lost: it was established, and still listens. */
  get resumeId(): Uint8Array | undefined {
    return this.#wasEstablished && this.#channels.isListening ? this.#resumeId : undefined
  }

  /** The other side's clock minus ours; `NaN` until measured. */
  get clockOffsetMs(): number {
    return this.#clock.offsetMs
  }

  /** How long an answer takes at the most, as a rule: a good interval for repeating what is not answered. */
  get probeTimeoutMs(): number {
    return this.#path.rtt.probeTimeoutMs
  }

  /** Whether nothing is queued and nothing reliable is unacked. */
  get isDrained(): boolean {
    return this.#channels.isDrained
  }

  /** Messages that wait to be written for the first time. */
  get queuedMessages(): number {
    return this.#channels.queuedMessages
  }

  /** The bytes of those messages; of a fragmented one those not written yet. */
  get queuedBytes(): number {
    return this.#channels.queuedBytes
  }

  /** Whether the other side has said so much that cannot be that there is no point in going on. */
  get isBeyondTrust(): boolean {
    return this.#stats.violations - this.#formerViolations >= MAX_VIOLATIONS
  }

  /** Whether the keys have sealed as many packets, or withstood as many forged ones, as they are good for. */
  get isAeadLimitReached(): boolean {
    const { confidentialityLimit, integrityLimit } = this.#sealer
    return this.#recovery.nextPacketNumber >= confidentialityLimit || this.#receiver.unopenedPackets >= integrityLimit
  }

  /** How long a packet is that {@link writePathChallenge} writes. */
  get pathChallengeBytes(): number {
    return this.#sender.pathChallengeBytes
  }

  /** When to call {@link handleTimeout} and {@link pollTransmit} again at the latest; `Infinity` for never. */
  get nextDeadline(): number {
    if (!this.#isHeard) return Infinity
    if (this.#events.length > 0) return this.#now
    const recoveryAt = this.#sender.isStalled ? Infinity : this.#recovery.deadline
    return Math.min(recoveryAt, this.#sender.dueAt(this.#now))
  }

  /** Takes a message to send, of which it makes a copy. */
  send(now: number, message: Uint8Array, delivery: Delivery, channel: number): SendOutcome {
    this.#advanceTo(now)
    return this.#channels.send(this.#now, message, delivery, channel)
  }

  /** Everything that was accepted and that nobody confirmed, oldest first. */
  undelivered(): ReturnType<Channels['undelivered']> {
    return this.#channels.undelivered(this.#now)
  }

  /** Sends a PING with the next packet. `isAwaited`: its PONG is an event. */
  ping(now: number, isAwaited: boolean): void {
    this.#advanceTo(now)
    this.#control.ping(isAwaited)
  }

  /** Says CLOSE with the next packet, once. The reason has at most 256 bytes of UTF-8. `isFinal`: the other side is not to dial again. */
  sendClose(now: number, code: number, reason: string, isFinal = false): void {
    this.#advanceTo(now)
    this.#control.close(code, reason, isFinal)
  }

  /** Says CLOSED with the next packet, once. */
  sendClosed(now: number): void {
    this.#advanceTo(now)
    this.#control.closed()
  }

  /** While stalled, messages wait: only acks and what is said of the connection itself leaves. */
  setStalled(now: number, isStalled: boolean): void {
    this.#advanceTo(now)
    if (this.#sender.isStalled && !isStalled) this.#path.congestion.onStallOver(this.#now)
    this.#sender.isStalled = isStalled
  }

  /** Takes no message any more: what arrives is not acknowledged, so that its sender knows. */
  stopListening(): void {
    this.#channels.stopListening()
  }

  /**
   * Packets take another path from now on: what was measured of the old one, and what follows from it, is forgotten, and the
   * congestion window begins anew. What is in flight is still waited for, and its acks say nothing of the new path.
   * `handshakeRttMs` is the round-trip time that a handshake there took, `NaN` by default.
   */
  startPath(now: number, handshakeRttMs?: number): void {
    this.#advanceTo(now)
    this.#path = this.#createPath(this.#now, handshakeRttMs ?? NaN)
    this.#recovery.startPath(this.#path)
    this.#sender.startPath(this.#path)
    this.#receiver.startPath(this.#path)
    this.#countPath()
    this.#stats.lossRate = NaN
  }

  /**
   * The other side was heard, and thereby has proved itself. Returns whether that is the first time under the present keys: from then
   * on packets leave by themselves.
   */
  hear(): boolean {
    if (this.#isHeard) return false
    if (this.#wasEstablished) this.#stats.resumptions += 1
    this.#isHeard = true
    this.#wasEstablished = true
    return true
  }

  /** The connection is lost for now: what is sent waits, and nothing of it leaves or arrives, until it is resumed. */
  park(now: number): void {
    this.#isHeard = false
    this.#isParked = true
    this.setStalled(now, true)
  }

  /**
   * Goes on under other keys, after another handshake, and over another path, as far as anybody knows. Packets are numbered on and on,
   * so that what arrived and what did not is settled with the next acks. The limits stay those that both ends agreed on at first.
   */
  resume(now: number, { sealer, rttMs, resumeId }: Resumption): void {
    this.#resumeId = resumeId
    this.#isResumed = true
    this.#rekey(now, sealer, rttMs)
  }

  /**
   * Takes what may be the other side's first packet under other keys, behind `prefixBytes` of its datagram: if it opens under them and
   * is new, they hold from now on.
   */
  resumeWith(now: number, packet: Uint8Array, sealer: Sealer, prefixBytes = 0): Readonly<ReceivedPacket> {
    this.#advanceTo(now)
    const received = this.#receiver.handle(now, packet, prefixBytes, false, sealer)
    if (received.verdict === 'accepted') this.#rekey(now, sealer, NaN)
    return this.#noteReceived(now, received)
  }

  /** The end: forgets its keys, and what it holds. */
  discard(): void {
    this.#sealer.wipe()
    this.#stats.heldBytes = 0
  }

  /**
   * Takes a packet that arrived at the time `now`, behind `prefixBytes` of its datagram. The bytes are the connection's to keep and to
   * hand out views of. Of one `isFromElsewhere`, which is not where the other side is known to be, nothing is acted on if it is not newer
   * than all so far.
   */
  handleDatagram(now: number, packet: Uint8Array, prefixBytes = 0, isFromElsewhere = false): Readonly<ReceivedPacket> {
    if (this.#isParked) {
      this.#stats.droppedMalformed += 1
      return NOTHING_RECEIVED
    }
    this.#advanceTo(now)
    // Where something arrives all the time no deadline passes, and nobody else may look.
    if (this.#now >= this.#tidiedAt + TIDY_INTERVAL_MS) this.#tidy()
    const received = this.#receiver.handle(now, packet, prefixBytes, isFromElsewhere)
    if (received.verdict === 'accepted' && received.isPathNew) this.startPath(now)
    return this.#noteReceived(now, received)
  }

  /** Whether the seal of a packet matches that turned out to be a duplicate. To be asked once. */
  opens(bytes: Uint8Array): boolean {
    return this.#receiver.opens(bytes)
  }

  /** Lets time pass. */
  handleTimeout(now: number): void {
    if (!this.#isHeard) return
    this.#advanceTo(now)
    this.#tidy()
    if (!this.#sender.isStalled) this.#recovery.handleTimeout(this.#now)
    this.#traffic.advance(this.#now)
  }

  /** The next event, or `undefined`. */
  pollEvent(): ConnectionEvent | undefined {
    const event = this.#events.shift() ?? this.#channels.pollMessage()
    if (event?.type !== 'message') return event
    this.#stats.receivedMessages += 1
    this.#stats.heldBytes = this.#channels.heldBytes
    return event
  }

  /** Writes the packet that is due to the start of `into`, no longer than that, and returns its length; 0 when none is. */
  pollTransmit(now: number, into: Uint8Array): number {
    return this.#isHeard ? this.#write(now, into) : 0
  }

  /** Writes the packet that is due behind `prefix`, and returns the length of both; 0 when none is. */
  pollTransmitBehind(prefix: Uint8Array, now: number, into: Uint8Array): number {
    const length = this.#write(now, into.subarray(prefix.length, this.#mtuBytes))
    if (length === 0) return 0
    into.set(prefix, 0)
    this.#stats.sentBytes += prefix.length
    return prefix.length + length
  }

  /**
   * Writes a packet to the start of `into` that asks whoever is where it goes to for a `PATH RESPONSE` with these eight bytes, and
   * returns its length. It may go to an address that nobody has proved to be at, so nothing else is in it.
   */
  writePathChallenge(now: number, data: Uint8Array, into: Uint8Array): number {
    this.#advanceTo(now)
    const length = this.#sender.writePathChallenge(this.#now, data, into)
    return length
  }

  #write(now: number, into: Uint8Array): number {
    this.#advanceTo(now)
    if (!Number.isNaN(this.#answeringAt)) {
      this.#path.congestion.onTurnaround(this.#now - this.#answeringAt)
      this.#answeringAt = NaN
    }
    const length = this.#sender.write(this.#now, into)
    this.#stats.congestionWindowBytes = this.#path.congestion.windowBytes
    return length
  }

  /** The keys of before are overwritten. */
  #rekey(now: number, sealer: Sealer, handshakeRttMs: number): void {
    this.#sealer.wipe()
    this.#sealer = sealer
    this.#sender.rekey(sealer)
    this.#receiver.rekey(sealer)
    this.#isHeard = false
    this.#isParked = false
    this.startPath(now, handshakeRttMs)
    this.setStalled(now, false)
  }

  /** Drops what has grown too old. */
  #tidy(): void {
    this.#tidiedAt = this.#now
    this.#channels.handleTimeout(this.#now)
    this.#stats.heldBytes = this.#channels.heldBytes
  }

  #noteReceived(now: number, received: Readonly<ReceivedPacket>): Readonly<ReceivedPacket> {
    if (received.verdict === 'accepted') this.#answeringAt = now
    this.#stats.heldBytes = this.#channels.heldBytes
    this.#countPath()
    return received
  }

  #createPath(now: number, handshakeRttMs: number): Path {
    const redundancy = this.#redundancyMode
    return new Path(now, { mtuBytes: this.#mtuBytes, redundancy, rhythm: this.#rhythm, handshakeRttMs })
  }

  #countPath(): void {
    this.#stats.rttMs = this.#path.rtt.smoothedMs
    this.#stats.rttVarianceMs = this.#path.rtt.varianceMs
    this.#stats.clockErrorMs = this.#clock.errorMs
  }

  #advanceTo(now: number): void {
    if (now > this.#now) this.#now = now
  }
}

/** What has grown too old is looked for at least this often while packets arrive. */
const TIDY_INTERVAL_MS = 1_000
