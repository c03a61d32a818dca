import { SentFrames } from '../../lib/reliable/channel/sent-frames.ts'
import { AckHistory } from '../../lib/reliable/recovery/ack-history.ts'
import { AckSection } from '../../lib/reliable/wire/ack-section.ts'
import { Congestion } from '../../lib/reliable/congestion/congestion.ts'
import { LossRecovery } from '../../lib/reliable/recovery/loss-recovery.ts'
import { Pacer } from '../../lib/reliable/congestion/pacer.ts'
import { RedundancyControl } from '../../lib/reliable/channel/redundancy.ts'
import { RttEstimator } from '../../lib/reliable/recovery/rtt.ts'
import { createStats } from '../../lib/session/stats.ts'
import { Random } from '../../lib/simulator/index.ts'
import type { Partition } from '../../lib/simulator/index.ts'

/** The path between a sender of nothing but bulk and a receiver that acks every packet. */
export interface PathOptions {
  readonly delayMs: number
  readonly bytesPerMs: number
  readonly queueBytes?: number
  readonly jitterMs?: number
  readonly loss?: number
  /** When nothing arrives; all of it comes at the end. */
  readonly pauses?: readonly Partition[]
  readonly seed?: number
  /** The round trip that the handshake is said to have taken. */
  readonly handshakeRttMs?: number
}

/** The size of every packet. */
export const PACKET_BYTES = 1_200

/** Something that happens at a time. */
interface Occasion {
  readonly at: number
  readonly run: () => void
}

/**
 * Loss recovery, congestion control and pacing on a modelled path, without packets that would have to be encoded: a sender
 * that has data, or has none, and the acks of what gets through. Everything can be changed while it runs.
 */
export class BulkSender {
  readonly stats = createStats()
  readonly rtt: RttEstimator
  readonly redundancy: RedundancyControl
  readonly congestion: Congestion
  readonly recovery: LossRecovery<SentFrames>
  readonly pacer = new Pacer(0)
  path: Required<PathOptions>
  /** Whether there is something to send. */
  hasData = true
  now = 0
  /** What got through, and how long its queue made each packet wait. */
  deliveredBytes = 0
  sentBytes = 0
  droppedPackets = 0
  queueMs = 0
  readonly #random: Random
  readonly #history = new AckHistory(0)
  readonly #occasions: Occasion[] = []
  #freeAt = 0

  constructor(options: PathOptions) {
    this.path = {
      queueBytes: Infinity,
      jitterMs: 0,
      loss: 0,
      pauses: [],
      seed: 1,
      handshakeRttMs: 2 * options.delayMs,
      ...options,
    }
    this.#random = new Random(this.path.seed)
    this.rtt = new RttEstimator(0, this.path.handshakeRttMs)
    this.redundancy = new RedundancyControl(0, 'auto', this.rtt)
    this.congestion = new Congestion(0, PACKET_BYTES, this.rtt)
    const { rtt, congestion, redundancy } = this
    this.recovery = new LossRecovery(
      0,
      { rtt, congestion, redundancy },
      {
        fates: { createSentFrames: () => new SentFrames(), onPacketAcked: () => {}, onPacketLost: () => {} },
        stats: this.stats,
      },
    )
  }

  /** Runs until a time; calls `observe` after everything that happens. */
  runUntil(untilMs: number, observe: () => void = () => {}): void {
    for (;;) {
      this.#transmit()
      observe()
      const occasion = this.#occasions[0]
      const at = Math.min(occasion?.at ?? Infinity, this.#wakeAt)
      if (at > untilMs) break
      this.now = Math.max(this.now, at)
      if (occasion !== undefined && occasion.at <= at) {
        this.#occasions.shift()
        occasion.run()
      } else {
        this.recovery.handleTimeout(this.now)
      }
    }
    this.now = untilMs
  }

  get #hasRoom(): boolean {
    return this.hasData && this.recovery.bytesInFlight < this.congestion.windowBytes
  }

  get #wakeAt(): number {
    return Math.min(this.recovery.deadline, this.#hasRoom ? this.pacer.nextAt(this.now) : Infinity)
  }

  #transmit(): void {
    while (this.recovery.probesDue > 0) this.#send()
    while (this.#hasRoom && this.pacer.mayRelease(this.now)) this.#send()
    if (!this.#hasRoom) this.pacer.rest()
    if (!this.hasData && this.recovery.bytesInFlight < this.congestion.windowBytes) {
      this.congestion.onAppLimited(this.recovery.bytesInFlight)
    }
  }

  #send(): void {
    const packetNumber = this.recovery.nextPacketNumber
    this.recovery.beginPacket(this.now)
    this.recovery.onPacketSent(this.now, PACKET_BYTES, true)
    this.pacer.onPacketSent(this.now, PACKET_BYTES, this.congestion.pacingRate)
    this.sentBytes += PACKET_BYTES
    const { delayMs, bytesPerMs, queueBytes, jitterMs, loss } = this.path
    this.queueMs = Math.max(0, this.#freeAt - this.now)
    if (this.queueMs * bytesPerMs > queueBytes) {
      this.droppedPackets += 1
      return
    }
    this.#freeAt = Math.max(this.#freeAt, this.now) + PACKET_BYTES / bytesPerMs
    if (this.#random.chance(loss)) return
    const arrivesAt = this.#freeAt + delayMs + this.#random.between(0, jitterMs)
    this.#at(this.#pauseEnd(arrivesAt), () => this.#receive(packetNumber))
  }

  #receive(packetNumber: number): void {
    this.deliveredBytes += PACKET_BYTES
    this.#history.add(packetNumber, this.now)
    const ack = new AckSection()
    ack.fill(this.#history, 0)
    this.#history.noteStated()
    const { delayMs, jitterMs, loss } = this.path
    if (this.#random.chance(loss)) return
    const arrivesAt = this.now + delayMs + this.#random.between(0, jitterMs)
    this.#at(this.#pauseEnd(arrivesAt), () => this.recovery.handleAck(this.now, ack))
  }

  /** When something arrives that would do so at this time if the path had no pauses. */
  #pauseEnd(at: number): number {
    const pause = this.path.pauses.find(({ fromMs, untilMs }) => at >= fromMs && at < untilMs)
    return pause?.untilMs ?? at
  }

  #at(at: number, run: () => void): void {
    const index = this.#occasions.findLastIndex((other) => other.at <= at)
    this.#occasions.splice(index + 1, 0, { at, run })
  }
}
