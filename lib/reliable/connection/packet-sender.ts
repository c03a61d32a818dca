import type { Sealer } from '../../security/sealer.ts'
import type { SessionStats } from '../../session/stats.ts'
import type { Traffic } from '../../session/traffic.ts'
import type { AckHistory } from '../recovery/ack-history.ts'
import type { AckSchedule } from '../recovery/ack-schedule.ts'
import { AckForm, AckSection } from '../wire/ack-section.ts'
import type { Channels } from '../channel/channels.ts'
import type { SentFrames } from '../channel/sent-frames.ts'
import type { ControlFrames } from './control-frames.ts'
import { PATH_DATA_BYTES } from '../wire/frame.ts'
import type { LossRecovery } from '../recovery/loss-recovery.ts'
import { PACKET_HEADER_BYTES, PacketWriter } from '../wire/packet.ts'
import type { Path } from './path.ts'

/** How far small messages may run ahead of the pacer: what they send, bulk waits for. */
const THIN_AHEAD_MS = 10

/** How much more than the window small messages may use, in datagrams: bulk in flight does not shut them out. */
const THIN_EXTRA_DATAGRAMS = 8

/** An ack rides along, owed or not, for so long after something arrived: the ack before may be lost. */
const ACK_REPEAT_MS = 100

/** From this loss rate on, what was lost is sent again twice: to lose it a second time would cost another round trip. */
const RESEND_TWICE_RATE = 0.02

/** Copies go before new messages while those take no more than this share of the packet. */
const QUEUE_SHARE_BESIDE_COPIES = 0.25

/** One of each for all connections: packets are written one after the other. */
const writer = new PacketWriter()
const ackSection = new AckSection()

/** The parts of a connection that a packet which leaves is made from. */
export interface SendingParts {
  readonly sealer: Sealer
  readonly mtuBytes: number
  readonly history: AckHistory
  readonly ackSchedule: AckSchedule
  readonly recovery: LossRecovery<SentFrames>
  readonly channels: Channels
  readonly control: ControlFrames
  readonly stats: SessionStats
  readonly traffic: Traffic
}

/**
 * Decides when a packet leaves and what is in it. First come acks and what is said of the connection itself, which nothing holds back;
 * then what was lost, then small messages, which run ahead of the pacer by a little and of the window by a few datagrams; then
 * bulk, as window and pacer allow; then, in the room that is left, copies.
 */
export class PacketSender {
  readonly #parts: SendingParts
  #path: Path
  #sealer: Sealer
  /** While stalled, messages wait: only acks and what is said of the connection itself leave. */
  isStalled = false

  constructor(parts: SendingParts, path: Path) {
    this.#parts = parts
    this.#path = path
    this.#sealer = parts.sealer
  }

  /** Packets take another path from now on. */
  startPath(path: Path): void {
    this.#path = path
  }

  /** Packets are sealed by another sealer from now on. */
  rekey(sealer: Sealer): void {
    this.#sealer = sealer
  }

  /** When {@link write} has something to write, if nothing else happens; `Infinity` for never. */
  dueAt(now: number): number {
    const { ackSchedule, control } = this.#parts
    if (control.isDue) return now
    this.#path.redundancy.update(now)
    return this.isStalled ? ackSchedule.dueAt : Math.min(ackSchedule.dueAt, this.#messagesDueAt(now))
  }

  /** Writes the packet that is due to the start of `into`, no longer than that, and returns its length; 0 when none is. */
  write(now: number, into: Uint8Array): number {
    return this.#write(now, into, true)
  }

  #write(now: number, into: Uint8Array, mayRepeatAck: boolean): number {
    const { ackSchedule, control, channels, recovery } = this.#parts
    this.#path.redundancy.update(now)
    const mayThin = !this.isStalled && this.#hasRoomForThin && this.#thinAt <= now
    const mayBulk = !this.isStalled && this.#hasRoomForBulk && channels.hasBulk(now) && this.#path.pacer.mayRelease(now)
    const mustProbe = !this.isStalled && recovery.probesDue > 0
    const mayCopy = mayThin && this.#copiesAt <= now
    const isDue = control.isDue || ackSchedule.dueAt <= now || mayBulk || mustProbe || mayCopy
    if (!isDue && !(mayThin && channels.hasThin(now))) return this.#rest(now)

    const { sentFrames } = recovery.beginPacket(now)
    const ack = this.#chooseAck(now, mayBulk, mayRepeatAck)
    writer.begin(into, this.#usableBytes(into), recovery.nextPacketNumber, ack)
    const goodbyes = control.write(now, writer)
    const before = writer.frameCount
    // Written in the order in which they were sent, messages need shorter frames; but copies must not crowd out what is new.
    const isRoomy = !mayBulk && channels.queuedBytes < writer.remaining * QUEUE_SHARE_BESIDE_COPIES
    const mayRide = mayCopy || (mayThin && channels.hasThin(now))
    if (mayRide && isRoomy) this.#writeCopies(now, sentFrames, writer.remaining / 2)
    if (mayThin || mayBulk) this.#writeMessages(now, sentFrames, mayBulk && ack?.form !== AckForm.ranges)
    if (mayRide) this.#writeCopies(now, sentFrames, writer.remaining)
    if (mustProbe) this.#writeProbe(now, sentFrames)
    if (writer.frameCount > before || ackSchedule.isAwaited) control.writeExchange(now, writer)
    const isAckEliciting = writer.frameCount > goodbyes
    // An ack that is only repeated is no reason for a packet, and makes room for what is due.
    if (writer.isEmpty && !ackSchedule.isOwed)
      return ack === undefined ? this.#rest(now) : this.#write(now, into, false)
    return this.#finish(now, into, sentFrames, ack, isAckEliciting)
  }

  /** How long a packet is that has nothing but a PATH CHALLENGE in it. */
  get pathChallengeBytes(): number {
    return PACKET_HEADER_BYTES + 1 + PATH_DATA_BYTES + this.#sealer.overheadBytes
  }

  /** Writes such a packet to the start of `into`, and returns its length. */
  writePathChallenge(now: number, data: Uint8Array, into: Uint8Array): number {
    const { recovery } = this.#parts
    const { sentFrames } = recovery.beginPacket(now)
    writer.begin(into, this.#usableBytes(into), recovery.nextPacketNumber)
    writer.pathChallenge(data)
    return this.#finish(now, into, sentFrames, undefined, false)
  }

  #messagesDueAt(now: number): number {
    const { channels, recovery } = this.#parts
    if (recovery.probesDue > 0) return now
    let dueAt = Infinity
    if (this.#hasRoomForThin) {
      const wantedAt = channels.hasThin(now) ? now : this.#copiesAt
      dueAt = Math.max(now, wantedAt, this.#thinAt)
    }
    if (this.#hasRoomForBulk && channels.hasBulk(now)) dueAt = Math.min(dueAt, this.#path.pacer.nextAt(now))
    return dueAt
  }

  get #hasRoomForBulk(): boolean {
    return this.#parts.recovery.bytesInFlight < this.#path.congestion.windowBytes
  }

  get #hasRoomForThin(): boolean {
    const { recovery, mtuBytes } = this.#parts
    return recovery.bytesInFlight < this.#path.congestion.windowBytes + THIN_EXTRA_DATAGRAMS * mtuBytes
  }

  /** When small messages may leave. */
  get #thinAt(): number {
    return this.#path.pacer.releaseAt - THIN_AHEAD_MS
  }

  /** When a packet with nothing but copies is to leave. */
  get #copiesAt(): number {
    const { channels } = this.#parts
    const { redundancy } = this.#path
    if (redundancy.policy.copies <= 1) return Infinity
    const dueAt = channels.nextCopyAt(redundancy.policy)
    if (dueAt === Infinity) return Infinity
    return redundancy.carrierAt(dueAt, channels.nextCopyAt(redundancy.latePolicy))
  }

  /** Copies ride along where there is room and the window is not full. */
  #writeCopies(now: number, sentFrames: SentFrames, budgetBytes: number): void {
    const { channels } = this.#parts
    const { redundancy } = this.#path
    if (redundancy.policy.copies <= 1) return
    const written = channels.writeCopies(now, writer, sentFrames, budgetBytes, redundancy.policy)
    channels.writeCopies(now, writer, sentFrames, budgetBytes - written, redundancy.latePolicy)
  }

  #writeMessages(now: number, sentFrames: SentFrames, allowBulk: boolean): void {
    const { channels } = this.#parts
    const { redundancy } = this.#path
    const isLossy = redundancy.lossRate.rate >= RESEND_TWICE_RATE && !redundancy.isCongested(now)
    channels.resendWrites = isLossy ? 2 : 1
    channels.writeNew(now, writer, sentFrames, allowBulk)
  }

  /** Asks for an ack: with the oldest messages that await one, or else with a PING. */
  #writeProbe(now: number, sentFrames: SentFrames): void {
    const { channels, control } = this.#parts
    const bytes = channels.writeProbe(now, writer, sentFrames, writer.remaining)
    if (bytes === 0) control.writePing(now, writer)
  }

  /**
   * The ack to begin the packet with. One that needs ranges may leave no room for a fragment: if it is owed it goes first,
   * if not it stays out.
   */
  #chooseAck(now: number, mayBulk: boolean, mayRepeat: boolean): AckSection | undefined {
    const { history, ackSchedule } = this.#parts
    const isRepeated = mayRepeat && now - ackSchedule.lastReceivedAt <= ACK_REPEAT_MS
    if (history.isEmpty || !(ackSchedule.isOwed || isRepeated)) return undefined
    ackSection.fill(history, now - history.largestArrivedAt)
    return mayBulk && !ackSchedule.isOwed && ackSection.form === AckForm.ranges ? undefined : ackSection
  }

  #usableBytes(into: Uint8Array): number {
    return Math.min(into.length, this.#parts.mtuBytes) - this.#sealer.overheadBytes
  }

  #finish(
    now: number,
    into: Uint8Array,
    sentFrames: SentFrames,
    ack: AckSection | undefined,
    isAckEliciting: boolean,
  ): number {
    const { recovery, history, ackSchedule, stats, traffic } = this.#parts
    const { congestion, pacer, redundancy } = this.#path
    const length = writer.finish()
    const sealed = this.#sealer.seal(writer.packetNumber, into, PACKET_HEADER_BYTES, length)
    if (ack !== undefined) {
      history.noteStated()
      ackSchedule.onAckSent(now)
    }
    recovery.onPacketSent(now, sealed, isAckEliciting)
    if (isAckEliciting) pacer.onPacketSent(now, sealed, congestion.pacingRate)
    redundancy.onPacketSent(now, newThinBytes(sentFrames), sentFrames.copyBytes)
    traffic.sent(sealed)
    if (sentFrames.resentBytes > 0) stats.retransmittedPackets += 1
    stats.retransmittedBytes += sentFrames.resentBytes
    if (sentFrames.copyBytes > 0) stats.redundantPackets += 1
    stats.redundantBytes += sentFrames.copyBytes
    return sealed
  }

  /** Nothing leaves. Where that is for want of anything to send, the path is not to be judged by it. */
  #rest(now: number): 0 {
    const { channels, recovery } = this.#parts
    const { congestion, pacer } = this.#path
    if (this.isStalled || !this.#hasRoomForBulk || !channels.hasBulk(now)) pacer.rest()
    if (this.#hasRoomForBulk && !channels.hasBulk(now)) congestion.onAppLimited(recovery.bytesInFlight)
    return 0
  }
}

/** How many bytes of small messages a packet carries for the first time. */
function newThinBytes({ newBytes, resentBytes, bulkBytes }: SentFrames): number {
  return newBytes > 0 ? Math.max(0, newBytes + resentBytes - bulkBytes) : 0
}
