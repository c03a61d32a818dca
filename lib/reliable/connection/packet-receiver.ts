import type { Sealer } from '../../security/sealer.ts'
import type { Fifo } from '../../core/fifo.ts'
import type { RateLimiter } from '../../session/rate-limiter.ts'
import type { SessionStats } from '../../session/stats.ts'
import type { Traffic } from '../../session/traffic.ts'
import type { AckHistory } from '../recovery/ack-history.ts'
import type { AckSchedule } from '../recovery/ack-schedule.ts'
import type { Channels } from '../channel/channels.ts'
import type { ControlFrames } from './control-frames.ts'
import { DeliveryCode, FrameType, type Frame } from '../wire/frame.ts'
import type { SentFrames } from '../channel/sent-frames.ts'
import type { LossRecovery } from '../recovery/loss-recovery.ts'
import { isPacket, PACKET_HEADER_BYTES, PacketReader, readPacketNumber } from '../wire/packet.ts'
import type { Path } from './path.ts'
import { ReceivedPacket, type PacketVerdict } from './received-packet.ts'
import type { SessionEvent } from '../../session/session.ts'
import { expandPacketNumber } from '../wire/sequence.ts'

/** What a connection tells its session, oldest first. */
export type ConnectionEvent =
  | Extract<SessionEvent, { readonly type: 'message' | 'ping' | 'pong' }>
  /** The other side said CLOSE. */
  | { readonly type: 'peer-close'; readonly code: number; readonly reason: string; readonly isFinal: boolean }
  /** The other side said CLOSED. */
  | { readonly type: 'peer-closed' }

/** What became of a packet's frames. */
const FramesVerdict = {
  /** All of them were taken. */
  taken: 0,
  /** There was no room for one, so that the packet is not acked and comes again. */
  refused: 1,
  /** One says what a peer that keeps to the protocol never says. */
  violation: 2,
} as const
type FramesVerdict = (typeof FramesVerdict)[keyof typeof FramesVerdict]

/** To look up this many packets of an ack is as much work as a message. */
const ACK_PACKETS_PER_MESSAGE = 256

/** One for all connections: packets are read one after the other, and none of it is needed when the next one is. */
const reader = new PacketReader()

/** The parts of a connection that a packet which arrives concerns. */
export interface ReceivingParts {
  readonly sealer: Sealer
  readonly history: AckHistory
  readonly ackSchedule: AckSchedule
  readonly recovery: LossRecovery<SentFrames>
  readonly channels: Channels
  readonly control: ControlFrames
  readonly limiter: RateLimiter
  readonly events: Fifo<ConnectionEvent>
  readonly stats: SessionStats
  readonly traffic: Traffic
}

/** Opens the packets that arrive and hands out what is in them. */
export class PacketReceiver {
  readonly #parts: ReceivingParts
  #path: Path
  #sealer: Sealer
  readonly #received = new ReceivedPacket()
  #unopenedPackets = 0
  /** Of the packet at hand: whether it is to be acked, and whether the other side waits for that. */
  #isAckEliciting = false
  #isAwaited = false
  /** The types of its frames that are told as an event: once, however many of them there are. */
  #toldTypes = 0

  constructor(parts: ReceivingParts, path: Path) {
    this.#parts = parts
    this.#path = path
    this.#sealer = parts.sealer
  }

  /** Packets take another path from now on. */
  startPath(path: Path): void {
    this.#path = path
  }

  /** Whether a packet's seal matches: of a duplicate, nobody has looked so far. To be asked once. */
  opens(bytes: Uint8Array): boolean {
    const { history } = this.#parts
    const packetNumber = expandPacketNumber(readPacketNumber(bytes), history.largest)
    return this.#sealer.open(packetNumber, bytes, PACKET_HEADER_BYTES) >= 0
  }

  /** How many packets did not open under the sealer that holds. */
  get unopenedPackets(): number {
    return this.#unopenedPackets
  }

  /** Packets are opened by another sealer from now on. */
  rekey(sealer: Sealer): void {
    this.#sealer = sealer
    this.#unopenedPackets = 0
  }

  /**
   * Takes a packet that arrived at the time `now`, behind `prefixBytes` of its datagram. Of one `isFromElsewhere`, which is not where the
   * other side is known to be, nothing is acted on if it is not newer than all so far, and it is not counted if it does not open. It may
   * be tried with another sealer than the one that holds.
   */
  handle(
    now: number,
    bytes: Uint8Array,
    prefixBytes: number,
    isFromElsewhere: boolean,
    sealer: Sealer = this.#sealer,
  ): Readonly<ReceivedPacket> {
    this.#received.clear()
    const verdict = this.#judge(now, bytes, prefixBytes, isFromElsewhere, sealer)
    this.#received.verdict = verdict
    if (verdict !== 'accepted' && !(isFromElsewhere && verdict === 'unopened')) this.#countDropped(verdict)
    return this.#received
  }

  #countDropped(verdict: PacketVerdict): void {
    const { stats } = this.#parts
    switch (verdict) {
      case 'duplicate':
        stats.droppedDuplicates += 1
        return
      case 'limited':
        stats.droppedRateLimited += 1
        return
      case 'unopened':
        stats.droppedMalformed += 1
        return
      case 'malformed':
        // Its seal shows that the other side wrote it as it is.
        stats.droppedMalformed += 1
        stats.violations += 1
        return
    }
  }

  #judge(now: number, bytes: Uint8Array, prefixBytes: number, isFromElsewhere: boolean, sealer: Sealer): PacketVerdict {
    const { history, limiter, recovery, traffic } = this.#parts
    const received = this.#received
    if (!isPacket(bytes)) return 'unopened'
    const packetNumber = expandPacketNumber(readPacketNumber(bytes), history.largest)
    const isNewest = packetNumber > history.largest
    if (isFromElsewhere && !isNewest) return 'overtaken'
    received.packetNumber = packetNumber
    received.isNewest = isNewest
    // Anybody can send a copy of a packet again, so a copy costs as little as can be, and is not held against the other side.
    if (!history.isNew(packetNumber)) return 'duplicate'
    const length = sealer.open(packetNumber, bytes, PACKET_HEADER_BYTES)
    if (length < 0) {
      // A forged packet wears out those keys only that it was tried with.
      if (sealer === this.#sealer) this.#unopenedPackets += 1
      return 'unopened'
    }
    traffic.received(prefixBytes + bytes.length)
    if (!limiter.admits(now, bytes.length)) return 'limited'
    if (!reader.decode(bytes, length)) return 'malformed'
    if (reader.hasAck && !recovery.handleAck(now, reader.ack)) return 'malformed'
    const verdict = this.#handleFrames(now, packetNumber)
    this.#chargeWork()
    if (verdict === FramesVerdict.violation) return 'malformed'
    if (verdict === FramesVerdict.taken) this.#acknowledge(now, packetNumber, bytes.length)
    recovery.handleHeard()
    return 'accepted'
  }

  /** The packet counted as a message before it was opened: here it is shown to be more. */
  #chargeWork(): void {
    const { channels, limiter } = this.#parts
    const { ack, hasAck } = reader
    const furtherMessages = Math.max(0, channels.takeArrivedMessages() - 1)
    const ackWork = hasAck ? Math.floor(ack.reach / ACK_PACKETS_PER_MESSAGE) : 0
    if (furtherMessages + ackWork > 0) limiter.charge(furtherMessages + ackWork)
  }

  #acknowledge(now: number, packetNumber: number, bytes: number): void {
    const { history, ackSchedule } = this.#parts
    history.add(packetNumber, now)
    if (!this.#isAckEliciting) return
    ackSchedule.onPacketReceived(now, bytes, this.#isAwaited, this.#path.redundancy.nextNewAt(now))
  }

  #handleFrames(now: number, packetNumber: number): FramesVerdict {
    let verdict: FramesVerdict = FramesVerdict.taken
    this.#isAckEliciting = false
    this.#isAwaited = false
    this.#toldTypes = 0
    while (reader.nextFrame()) {
      const { frame } = reader
      switch (this.#parts.channels.handleFrame(now, packetNumber, frame)) {
        case 'accepted':
          this.#isAckEliciting = true
          this.#isAwaited ||= isAwaited(frame)
          break
        case 'refused':
          verdict = FramesVerdict.refused
          break
        case 'violation':
          return FramesVerdict.violation
        case 'unhandled':
          this.#handleControl(now, frame)
          break
      }
    }
    return verdict
  }

  #handleControl(now: number, frame: Frame): void {
    const { control, events } = this.#parts
    switch (frame.type) {
      case FrameType.ping:
        // Its PONG takes the ack along.
        this.#isAckEliciting = true
        control.handlePing(now, frame)
        if (this.#isFirst(frame)) events.push({ type: 'ping' })
        return
      case FrameType.pong: {
        const rttMs = control.handlePong(now, frame)
        if (!Number.isNaN(rttMs)) events.push({ type: 'pong', rttMs })
        return
      }
      case FrameType.close:
        if (!this.#isFirst(frame)) return
        events.push({ type: 'peer-close', code: frame.code, reason: frame.reason(), isFinal: frame.isFinal })
        return
      case FrameType.closed:
        if (this.#isFirst(frame)) events.push({ type: 'peer-closed' })
        return
      case FrameType.pathChallenge:
        this.#received.hasPathChallenge = true
        this.#received.isPathNew = control.handleChallenge(frame)
        return
      case FrameType.pathResponse:
        this.#received.pathResponse = frame.payload()
        return
    }
  }

  /** Whether no frame of this type was told of this packet's: one that is full of them would make hundreds of events. */
  #isFirst({ type }: Frame): boolean {
    const bit = 1 << (type & 0x1f)
    const isFirst = (this.#toldTypes & bit) === 0
    this.#toldTypes |= bit
    return isFirst
  }
}

/** Whether a frame's sender waits for the ack, in order to send it again without. */
function isAwaited({ type, delivery }: Frame): boolean {
  return type !== FrameType.data || (delivery !== DeliveryCode.sequenced && delivery !== DeliveryCode.unreliable)
}
