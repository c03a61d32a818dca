import type { SessionStats } from '../../session/stats.ts'
import type { AckSection } from '../wire/ack-section.ts'
import type { RttEstimator } from './rtt.ts'
import type { LossRate } from './loss-rate.ts'
import { PacketState, SentPackets, type PacketContents, type SentPacket } from './sent-packets.ts'
import { expandPacketNumber } from '../wire/sequence.ts'

/** What decides how much may be in flight: it is told of each packet on the path. */
export interface CongestionController {
  onPacketSent(now: number, packet: SentPacket, bytesInFlight: number): void
  onPacketAcked(now: number, packet: SentPacket): void
  onPacketLost(wasQueued: boolean): void
  onAckProcessed(now: number, bytesInFlight: number): void
}

/** What decides how often messages are repeated: it is told of losses, and whether they are congestion. */
export interface LossObserver {
  readonly lossRate: LossRate
  /** Whether a queue stands on the path. */
  readonly isQueueing: boolean
  startWaiting(now: number): void
  onPacketArrived(): void
  onPacketLost(wasQueued: boolean): void
  onCongestion(now: number): void
}

/** What is measured of the path that packets take. */
export interface MeasuredPath {
  readonly rtt: RttEstimator
  readonly congestion: CongestionController
  readonly redundancy: LossObserver
}

/** Told what became of what packets carried. */
export interface PacketFates<Frames> {
  /** What says what a packet carried; used for one packet after the other. */
  createSentFrames(): Frames
  onPacketAcked(sentFrames: Frames): void
  /** May turn out to be wrong: then `onPacketAcked` follows. */
  onPacketLost(sentFrames: Frames): void
}

/** A packet is lost when this many later ones arrived, until the path turns out to reorder by more (RFC 9002 §6.1.1). */
const FIRST_PACKET_THRESHOLD = 3
const MAX_PACKET_THRESHOLD = 256
/** After this many packets without a wrong guess the threshold comes down by one. */
const PACKETS_PER_THRESHOLD_STEP = 256

/** How much longer than usual a path that reorders can make one wait. */
const MAX_REORDERING_MS = 200

/** Or when a later one arrived and it is older than this many round trips (§6.1.2)... */
const TIME_THRESHOLD = 9 / 8
/** ...or than the round trip and its scatter, where that is more. */
const TIME_THRESHOLD_VARIANCES = 3
const GRANULARITY_MS = 1
/** ...or than this, where the round trip is not known. */
const UNMEASURED_LOSS_DELAY_MS = 100

/** How much longer each probe waits than the one before it, and how long one waits at most. */
const PROBE_BACKOFF = 1.5
const MAX_PROBE_INTERVAL_MS = 300
const MAX_BACKOFF_STEPS = 12

/** After this many probes without an answer the other side is taken to be out of reach. */
const SILENT_PROBES = 2

/** What the longest delay that an ack can state is read as, or a little less. */
const LONGEST_STATED_DELAY_MS = 250

/** How many probes leave at once when nothing was heard: one, and a second where datagrams are known to be lost. */
const PROBES = 1
const PROBES_UNDER_LOSS = 2
const LOSSY_RATE = 0.02

/** The spurious-loss window: for how many round trips a lost packet may still turn up, and within what bounds. */
const SPURIOUS_LOSS_ROUND_TRIPS = 1
const MIN_SPURIOUS_LOSS_MS = 20
const MAX_SPURIOUS_LOSS_MS = 500

/**
 * What was sent, and what became of it: acks, losses, probes (RFC 9002 §6, RFC 8985).
 *
 * A packet is lost when packets sent sufficiently later were acked. When nothing is acked at all, a probe asks; it carries the
 * oldest unacked messages again, and declares nothing lost. A packet that was declared lost is remembered for about another round trip,
 * in which its ack may still come in: only after that it counts in the loss rate, so reordering does not.
 */
export class LossRecovery<Frames extends PacketContents> {
  readonly #packets: SentPackets<Frames>
  #rtt: RttEstimator
  #congestion: CongestionController
  #redundancy: LossObserver
  readonly #fates: PacketFates<Frames>
  readonly #stats: SessionStats
  readonly #first: number
  #largestAcked: number
  /** Below this number nothing is in flight. */
  #firstInFlight: number
  /** Packets below this number took a path that was left: they tell nothing of the present one, and take no room on it. */
  #firstOnPath: number
  #packetsInFlight = 0
  #bytesInFlight = 0
  #packetThreshold = FIRST_PACKET_THRESHOLD
  #packetsSinceWrongGuess = 0
  /** How much longer than usual this path makes one wait for packets that were overtaken. */
  #reorderingMs = 0
  /** When the next packet is to be declared lost if nothing changes. */
  #lossAt = Infinity
  #lastSentAt = -Infinity
  #probeCount = 0
  #probesDue = 0
  #wrongGuesses = 0

  constructor(
    first: number,
    path: MeasuredPath,
    parts: { readonly fates: PacketFates<Frames>; readonly stats: SessionStats },
  ) {
    this.#packets = new SentPackets(first, () => parts.fates.createSentFrames())
    this.#rtt = path.rtt
    this.#congestion = path.congestion
    this.#redundancy = path.redundancy
    this.#fates = parts.fates
    this.#stats = parts.stats
    this.#first = first
    this.#largestAcked = first - 1
    this.#firstInFlight = first
    this.#firstOnPath = first
  }

  /** How much of what was sent on the present path is in flight. */
  get bytesInFlight(): number {
    return this.#bytesInFlight
  }

  /** The number that the next packet bears. */
  get nextPacketNumber(): number {
    return this.#packets.next
  }

  /** How many probes are to leave now. */
  get probesDue(): number {
    return this.#probesDue
  }

  /** How many packets were declared lost that were not. */
  get wrongGuesses(): number {
    return this.#wrongGuesses
  }

  /** When {@link handleTimeout} has something to do. */
  get deadline(): number {
    return Math.min(this.#lossAt, this.#probeAt, this.#expiresAt)
  }

  /** The record of the packet that is being written, for its sentFrames. */
  beginPacket(now: number): SentPacket<Frames> {
    if (this.#packets.isFull) this.#abandonOldest(now)
    return this.#packets.peekNext()
  }

  /** The packet that was begun leaves. `isAckEliciting`: the other side will ack it. */
  onPacketSent(now: number, bytes: number, isAckEliciting: boolean): void {
    const packet = this.#packets.add(now, bytes, isAckEliciting ? PacketState.inFlight : PacketState.untracked)
    if (!isAckEliciting) return
    this.#congestion.onPacketSent(now, packet, this.#bytesInFlight)
    if (this.#packetsInFlight === 0) this.#redundancy.startWaiting(now)
    this.#packetsInFlight += 1
    this.#bytesInFlight += bytes
    this.#lastSentAt = now
    if (this.#probesDue > 0) this.#probesDue -= 1
  }

  /** Packets take another path from now on. Those in flight are still waited for. */
  startPath({ rtt, congestion, redundancy }: MeasuredPath): void {
    this.#rtt = rtt
    this.#congestion = congestion
    this.#redundancy = redundancy
    this.#firstOnPath = this.#packets.next
    this.#bytesInFlight = 0
    this.#packetThreshold = FIRST_PACKET_THRESHOLD
    this.#packetsSinceWrongGuess = 0
    this.#reorderingMs = 0
    this.#probeCount = 0
  }

  /** Works through what the other side says that it received. Returns `false`, having done nothing, when it cannot be true. */
  handleAck(now: number, ack: AckSection): boolean {
    const largest = expandPacketNumber(ack.largest, this.#packets.next - 1)
    if (largest >= this.#packets.next || largest < this.#first) return false
    this.#sampleRtt(now, largest, ack.delayMs)
    let hasAcked = false
    for (let i = 0; i < ack.rangeCount; i += 1) {
      const newest = largest - (ack.newest[i] ?? 0)
      const oldest = Math.max(largest - (ack.oldest[i] ?? 0), this.#packets.oldest)
      if (newest < oldest) break
      for (let number = newest; number >= oldest; number -= 1) {
        if (this.#handleAcked(now, this.#packets.at(number))) hasAcked = true
      }
    }
    this.#largestAcked = Math.max(this.#largestAcked, largest)
    if (!hasAcked) return true
    this.#probeCount = 0
    this.#probesDue = 0
    this.#redundancy.startWaiting(now)
    this.#detectLosses(now)
    if (largest >= this.#firstOnPath) this.#congestion.onAckProcessed(now, this.#bytesInFlight)
    this.#expire(now)
    return true
  }

  /** Something arrived from the other side. If it had fallen silent, that is the moment to ask again. */
  handleHeard(): void {
    if (this.#probeCount < SILENT_PROBES || this.#packetsInFlight === 0) return
    this.#probesDue = Math.max(this.#probesDue, PROBES)
    this.#probeCount = 0
  }

  /** Lets time pass. */
  handleTimeout(now: number): void {
    if (now >= this.#lossAt) this.#detectLosses(now)
    if (now >= this.#probeAt) {
      this.#probesDue = this.#redundancy.lossRate.rate > LOSSY_RATE ? PROBES_UNDER_LOSS : PROBES
      this.#probeCount = Math.min(this.#probeCount + 1, MAX_BACKOFF_STEPS)
    }
    if (now >= this.#expiresAt) this.#expire(now)
  }

  /** When a probe is due. It waits as long as the next loss to be declared has a time of its own. */
  get #probeAt(): number {
    if (this.#packetsInFlight === 0 || this.#probesDue > 0 || this.#lossAt < Infinity) return Infinity
    const intervalMs = this.#rtt.probeTimeoutMs * PROBE_BACKOFF ** this.#probeCount
    return this.#lastSentAt + Math.min(intervalMs, Math.max(this.#rtt.probeTimeoutMs, MAX_PROBE_INTERVAL_MS))
  }

  /** When the oldest packet, being lost, is no longer waited for. */
  get #expiresAt(): number {
    const { oldest, next } = this.#packets
    if (oldest === next) return Infinity
    const packet = this.#packets.at(oldest)
    return packet.state === PacketState.lost ? packet.lostAt + this.#spuriousLossMs : Infinity
  }

  get #spuriousLossMs(): number {
    const roundTripMs = this.#rtt.hasSample ? this.#rtt.smoothedMs * SPURIOUS_LOSS_ROUND_TRIPS : 0
    return Math.min(MAX_SPURIOUS_LOSS_MS, Math.max(MIN_SPURIOUS_LOSS_MS, roundTripMs))
  }

  /**
   * The largest number may be that of a packet which nobody waited for: then there is no sample, unless it would be the first.
   * The longest delay that an ack can state means any longer one too: then there is none either.
   */
  #sampleRtt(now: number, largest: number, ackDelayMs: number): void {
    if (ackDelayMs >= LONGEST_STATED_DELAY_MS) return
    const oldest = Math.max(this.#packets.oldest, this.#firstOnPath)
    for (let number = largest; number >= oldest; number -= 1) {
      const packet = this.#packets.at(number)
      if (packet.state === PacketState.inFlight) {
        this.#rtt.sample(now, now - packet.sentAt, ackDelayMs)
        return
      }
      if (this.#rtt.hasSample) return
    }
  }

  /** Returns whether that was news. */
  #handleAcked(now: number, packet: SentPacket<Frames>): boolean {
    if (packet.state === PacketState.inFlight) {
      this.#leaveFlight(packet)
      this.#relaxThreshold()
    } else if (packet.state === PacketState.lost) {
      this.#handleWrongGuess(now, packet)
    } else {
      return false
    }
    packet.state = PacketState.acked
    if (this.#isOnPath(packet)) this.#congestion.onPacketAcked(now, packet)
    this.#fates.onPacketAcked(packet.sentFrames)
    return true
  }

  /** A packet that was declared lost arrived: from now on packets that were overtaken are waited for longer. */
  #handleWrongGuess(now: number, packet: SentPacket<Frames>): void {
    this.#wrongGuesses += 1
    if (!this.#isOnPath(packet)) return
    this.#packetsSinceWrongGuess = 0
    const distance = this.#largestAcked - packet.packetNumber
    this.#packetThreshold = Math.min(MAX_PACKET_THRESHOLD, Math.max(this.#packetThreshold, distance + 1))
    const lateMs = now - packet.sentAt - this.#lossDelayMs
    if (lateMs > 0) this.#reorderingMs = Math.min(MAX_REORDERING_MS, this.#reorderingMs + lateMs)
  }

  #relaxThreshold(): void {
    this.#packetsSinceWrongGuess += 1
    if (this.#packetsSinceWrongGuess % PACKETS_PER_THRESHOLD_STEP !== 0) return
    this.#packetThreshold = Math.max(FIRST_PACKET_THRESHOLD, this.#packetThreshold - 1)
    this.#reorderingMs /= 2
  }

  /** How old a packet has to be to be lost, when a later one has arrived. */
  get #lossDelayMs(): number {
    const { hasSample, smoothedMs, varianceMs, latestMs } = this.#rtt
    if (!hasSample) return UNMEASURED_LOSS_DELAY_MS
    const usualMs = Math.max(smoothedMs, latestMs) * TIME_THRESHOLD
    return Math.max(usualMs, smoothedMs + TIME_THRESHOLD_VARIANCES * varianceMs, GRANULARITY_MS) + this.#reorderingMs
  }

  #detectLosses(now: number): void {
    const delayMs = this.#lossDelayMs
    this.#lossAt = Infinity
    this.#firstInFlight = Math.max(this.#firstInFlight, this.#packets.oldest)
    for (let number = this.#firstInFlight; number < this.#largestAcked; number += 1) {
      const packet = this.#packets.at(number)
      if (packet.state === PacketState.inFlight) {
        const isLate = packet.sentAt + delayMs <= now
        if (isLate || this.#largestAcked - number >= this.#packetThreshold) this.#declareLost(now, packet)
        else this.#lossAt = Math.min(this.#lossAt, packet.sentAt + delayMs)
      }
      if (number === this.#firstInFlight && packet.state !== PacketState.inFlight) this.#firstInFlight += 1
    }
  }

  #declareLost(now: number, packet: SentPacket<Frames>): void {
    packet.state = PacketState.lost
    packet.lostAt = now
    this.#leaveFlight(packet)
    if (this.#isOnPath(packet)) {
      packet.wasQueued = this.#redundancy.isQueueing
      if (packet.wasQueued) this.#redundancy.onCongestion(now)
      this.#congestion.onPacketLost(packet.wasQueued)
    }
    this.#fates.onPacketLost(packet.sentFrames)
  }

  #leaveFlight(packet: SentPacket<Frames>): void {
    this.#packetsInFlight -= 1
    if (this.#isOnPath(packet)) this.#bytesInFlight -= packet.bytes
  }

  #isOnPath({ packetNumber }: SentPacket): boolean {
    return packetNumber >= this.#firstOnPath
  }

  /** Forgets the oldest packets whose fate is certain, in their order. */
  #expire(now: number): void {
    while (this.#packets.oldest < this.#packets.next) {
      const packet = this.#packets.at(this.#packets.oldest)
      if (packet.state === PacketState.inFlight) return
      if (packet.state === PacketState.lost && packet.lostAt + this.#spuriousLossMs > now) return
      this.#expireOldest(packet)
    }
  }

  #expireOldest(packet: SentPacket<Frames>): void {
    if (packet.state === PacketState.lost) {
      this.#stats.lostPackets += 1
      this.#stats.lostBytes += packet.bytes
    }
    if (this.#isOnPath(packet)) this.#measureLoss(packet)
    this.#packets.retireOldest()
  }

  #measureLoss(packet: SentPacket<Frames>): void {
    if (packet.state === PacketState.acked) this.#redundancy.onPacketArrived()
    // A queue that grew too quickly to be noticed in time may show by now.
    else if (packet.state === PacketState.lost)
      this.#redundancy.onPacketLost(packet.wasQueued || this.#redundancy.isQueueing)
    this.#stats.lossRate = this.#redundancy.lossRate.measured
  }

  /** Makes room where nothing was acked for thousands of packets. */
  #abandonOldest(now: number): void {
    const packet = this.#packets.at(this.#packets.oldest)
    if (packet.state === PacketState.inFlight) this.#declareLost(now, packet)
    this.#expireOldest(packet)
  }
}
