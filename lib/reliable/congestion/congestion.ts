import { DeliveryRate } from './delivery-rate.ts'
import { Round } from '../recovery/round.ts'
import type { RttEstimator } from '../recovery/rtt.ts'
import type { SentPacket } from '../recovery/sent-packets.ts'
import { Startup } from './startup.ts'
import { WindowedBest } from '../recovery/windowed-best.ts'

/** What may be in flight before anything is known of the path, in datagrams; spread over the first round trip. */
const INITIAL_WINDOW_DATAGRAMS = 32

/** What may always be in flight, in packets of the size that they lately had. */
const MIN_WINDOW_PACKETS = 2
const PACKET_SIZE_MEMORY = 16

/** The round trip that is assumed where the handshake measured none. */
const ASSUMED_RTT_MS = 50

/** While starting up, packets leave a little faster than the window comes round, so that the window is what limits. */
const STARTUP_GAIN = 1.25
/** Acks come in clumps: the rate of a round trip of which fewer packets were acked is chance. */
const TRAIN_PACKETS = 6

/** Pacing against the rate of delivery in the phases of cruising, each a round trip long: probe, drain what that queued, keep. */
const CRUISE_GAINS = [1.25, 0.75, 1, 1, 1, 1, 1, 1] as const
const PROBE_PHASE = 0
const DRAIN_PHASE = 1
const FIRST_KEEP_PHASE = 2
const LAST_KEEP_PHASE = CRUISE_GAINS.length - 1
const VERDICT_PHASE = FIRST_KEEP_PHASE
/**
 * A probe that finds this much more, and by at least a packet a round trip, starts over from there, with so much more in flight.
 * Where the path holds a few packets, one that falls into this round trip instead of the next is no more than chance.
 */
const PROBE_SUCCESS = 1.15
const RESTART_GAIN = 1.25

/** What may be in flight while cruising, against what the path holds; the rest of a probe's surplus queues. */
const CRUISE_WINDOW_GAIN = 1.25
/** And this many packets, for acks that come for two at once. */
const WINDOW_SLACK_PACKETS = 2
/** And what the path delivers in this time: where the round trip is shorter than the turns of two event loops, these are what it takes. */
const WINDOW_SLACK_MS = 1.5

/** How fast a queue is drained. */
const DRAIN_GAIN = 0.6
/** For this many round trips at most, */
const DRAIN_ROUND_TRIPS = 3
/** and so often in a row: a queue that still stands then is not ours, and is left alone for a while. */
const DRAINS_IN_VAIN = 3
const FOREIGN_QUEUE_MS = 5_000
/** A queue is drained when it takes more than this share of the round trip, and at least so long, more than jitter explains. */
const QUEUE_SHARE = 0.2
const QUEUE_MIN_MS = 4
const SCATTERS = 2

/** A thin stream that loses more than this share of its last packets to a queue is more than the path carries. */
const OVERLOAD_SHARE = 0.1
const OVERLOAD_MEMORY = 32

/** How many round trips the greatest rate counts. */
const RATE_ROUNDS = 10

/** The minimum round trip is measured anew, with little in flight, when it was not seen for this long. */
const MIN_RTT_STALE_MS = 8_000
const PROBE_RTT_WINDOW_GAIN = 0.5

const modes = { startup: 0, drain: 1, cruise: 2, probeRtt: 3 } as const
type Mode = (typeof modes)[keyof typeof modes]

/**
 * How much may be in flight and how fast it leaves, from a model of the path: the rate at which it delivers (the greatest lately
 * measured) and the time that it takes without a queue (the least lately measured), as BBR has it (draft-cardwell-iccrg-bbr).
 * What the path holds is their product; more than that only queues. Random loss does not enter the model, so it costs no speed; a
 * queue that stands does, and is drained.
 *
 * Samples taken while the program had nothing to send never lower the estimate, and a stream that is thin against it never
 * notices that there is a limit.
 */
export class Congestion {
  readonly #rtt: RttEstimator
  readonly #deliveryRate: DeliveryRate
  readonly #rate = new WindowedBest('max', RATE_ROUNDS)
  /** The greatest of this round trip and the one before. */
  readonly #recentRate = new WindowedBest('max', 1)
  #mode: Mode = modes.startup
  readonly #startup: Startup
  readonly #round: Round
  /** While draining, the one to cruise on with. */
  #phase: number = FIRST_KEEP_PHASE
  #phaseStartedAt: number
  #probeStartRate = Infinity
  #modeStartedAt: number
  #drainsInVain = 0
  #foreignQueueUntil = -Infinity
  #rttProbedAt: number
  #turnaroundMs = 0
  /** How long packets are on average. */
  #packetBytes: number
  /** The share of the last packets that were lost to a queue. */
  #overload = 0
  /** The last round trip in which the window was put to use. */
  #limitedInRound = -Infinity
  /** Whether something was learned since the two below were computed. */
  #isOutdated = true
  #windowBytes = 0
  #pacingRate = 0

  constructor(now: number, mtuBytes: number, rtt: RttEstimator) {
    this.#rtt = rtt
    this.#deliveryRate = new DeliveryRate(now)
    this.#startup = new Startup(rtt, INITIAL_WINDOW_DATAGRAMS * mtuBytes)
    this.#packetBytes = mtuBytes
    this.#round = new Round(now)
    this.#phaseStartedAt = this.#modeStartedAt = this.#rttProbedAt = now
  }

  /** How many bytes may be in flight. */
  get windowBytes(): number {
    if (this.#isOutdated) this.#bringUpToDate()
    return this.#windowBytes
  }

  /** How fast packets leave, in bytes per millisecond. */
  get pacingRate(): number {
    if (this.#isOutdated) this.#bringUpToDate()
    return this.#pacingRate
  }

  /** Both are asked for several times a packet, and change only with what is learned of the path. */
  #bringUpToDate(): void {
    this.#isOutdated = false
    this.#windowBytes = Math.max(MIN_WINDOW_PACKETS * this.#packetBytes, this.#targetBytes)
    this.#pacingRate = this.#targetRate
  }

  get #targetRate(): number {
    const floor = this.#packetBytes / this.#pathMs
    switch (this.#mode) {
      case modes.startup: {
        const gain = this.#round.number === 0 ? 1 : STARTUP_GAIN
        return Math.max(floor, (gain * this.#startup.windowBytes) / this.#pathMs)
      }
      case modes.drain:
        return Math.max(floor, DRAIN_GAIN * this.#rateOrFloor)
      case modes.probeRtt:
        return Math.max(floor, this.#rateOrFloor)
      case modes.cruise:
        return Math.max(floor, (CRUISE_GAINS[this.#phase] ?? 1) * this.#rateOrFloor)
    }
  }

  /** A packet that will be acked leaves; before it `bytesInFlight` were in flight. */
  onPacketSent(now: number, packet: SentPacket, bytesInFlight: number): void {
    this.#deliveryRate.onPacketSent(now, packet, bytesInFlight)
    if (packet.bytes !== this.#packetBytes) {
      this.#packetBytes += (packet.bytes - this.#packetBytes) / PACKET_SIZE_MEMORY
      this.#isOutdated = true
    }
    if (bytesInFlight + packet.bytes >= this.windowBytes / 2) this.#limitedInRound = this.#round.number
  }

  /** Nothing more is to be sent, although more might be. */
  onAppLimited(bytesInFlight: number): void {
    this.#deliveryRate.onAppLimited(bytesInFlight)
  }

  onPacketAcked(now: number, packet: SentPacket): void {
    this.#isOutdated = true
    this.#deliveryRate.onPacketAcked(now, packet)
    this.#round.ackedPackets += 1
    this.#overload -= this.#overload / OVERLOAD_MEMORY
    if (this.#mode === modes.startup && this.#wasWindowLimited) this.#startup.onBytesAcked(packet.bytes)
  }

  /** `wasQueued`: a queue stood on the path. */
  onPacketLost(wasQueued: boolean): void {
    this.#round.lostPackets += 1
    if (wasQueued) this.#overload += (1 - this.#overload) / OVERLOAD_MEMORY
  }

  /** A step answers what arrived `turnaroundMs` ago: the path seems that much longer to a main loop that steps rarely. */
  onTurnaround(turnaroundMs: number): void {
    if (turnaroundMs === this.#turnaroundMs) return
    this.#turnaroundMs += (turnaroundMs - this.#turnaroundMs) / 8
    this.#isOutdated = true
  }

  /** Nothing came through for a while, and does again: that no round trip was measured meanwhile is no reason to hold back now. */
  onStallOver(now: number): void {
    this.#rttProbedAt = now
  }

  /** An ack was worked through. */
  onAckProcessed(now: number, bytesInFlight: number): void {
    this.#isOutdated = true
    const rate = this.#deliveryRate.takeSample(this.#rtt.minimumMs)
    const isRoundStart = this.#round.isOverFor(this.#deliveryRate.priorDelivered)
    if (isRoundStart) this.#round.number += 1
    if (rate > 0) this.#recentRate.update(this.#round.number, rate)
    if (rate > 0 && (!this.#deliveryRate.isAppLimited || rate >= this.#rate.value))
      this.#rate.update(this.#round.number, rate)
    if (
      this.#mode !== modes.startup &&
      this.#startup.endedInError(this.#deliveryRate.newestSentAt, this.#queueLimitMs)
    ) {
      this.#enterStartup(now, this.#startup.windowBytes)
    }
    switch (this.#mode) {
      case modes.startup:
        this.#startUp(now, isRoundStart)
        break
      case modes.drain:
        this.#drain(now, bytesInFlight)
        break
      case modes.cruise:
        this.#cruise(now, bytesInFlight)
        break
      case modes.probeRtt:
        if (now - this.#modeStartedAt > 2 * this.#pathMs) this.#enterCruise(now, FIRST_KEEP_PHASE)
        break
    }
    if (isRoundStart) this.#round.start(now, this.#deliveryRate.delivered)
  }

  /** The time that a packet and its ack take, without the queue but with jitter and with the pauses of both main loops. */
  get #pathMs(): number {
    if (!this.#rtt.hasSample) return ASSUMED_RTT_MS
    return Math.max(0.1, this.#rtt.minimumMs + this.#rtt.jitterMs) + this.#rtt.typicalAckDelayMs + this.#turnaroundMs
  }

  get #rateOrFloor(): number {
    return this.#rate.value > 0 ? this.#rate.value : this.#startup.windowBytes / this.#pathMs
  }

  get #pathBytes(): number {
    return this.#rateOrFloor * this.#pathMs
  }

  get #targetBytes(): number {
    switch (this.#mode) {
      case modes.startup:
        return this.#startup.windowBytes
      case modes.drain:
        return this.#pathBytes
      case modes.probeRtt:
        return PROBE_RTT_WINDOW_GAIN * this.#pathBytes
      case modes.cruise:
        return CRUISE_WINDOW_GAIN * this.#pathBytes + this.#slackBytes
    }
  }

  get #slackBytes(): number {
    return WINDOW_SLACK_MS * this.#rateOrFloor + WINDOW_SLACK_PACKETS * this.#packetBytes
  }

  /** Whether it is the window, and not the program, that limits what is sent. */
  get #wasWindowLimited(): boolean {
    return this.#round.number - this.#limitedInRound <= 1
  }

  /** Whether the queues on the path are ours to drain: we fill the window, or lose far more to them than others' would cost. */
  get #ownsQueue(): boolean {
    return this.#wasWindowLimited || this.#overload > OVERLOAD_SHARE
  }

  #startUp(now: number, isRoundStart: boolean): void {
    if (this.#overload > OVERLOAD_SHARE && this.#hasQueue && this.#recentRate.value > 0) {
      this.#rate.reset(this.#round.number, this.#recentRate.value)
      this.#enterDrain(now, LAST_KEEP_PHASE)
      return
    }
    if (!this.#wasWindowLimited) return
    if (this.#startup.endsEarly(now, this.#round)) {
      this.#rate.reset(this.#round.number, this.#trainRate(now))
      this.#enterDrain(now, LAST_KEEP_PHASE)
      return
    }
    if (!isRoundStart || this.#deliveryRate.isAppLimited) return
    if (this.#startup.endsOnPlateau(this.#rate.value)) this.#enterDrain(now, LAST_KEEP_PHASE)
  }

  /**
   * The rate at which this round trip's acks came in. At the end of a start it is the better guess: samples that reach back
   * to a slower round trip still say less.
   */
  #trainRate(now: number): number {
    if (this.#rate.value > 0 && this.#round.ackedPackets < TRAIN_PACKETS) return this.#rate.value
    const trainRate = this.#round.rate(now, this.#deliveryRate.delivered)
    const plausible = Math.min(trainRate, this.#startup.windowBytes / this.#pathMs)
    return this.#rate.value > 0 ? Math.max(this.#rate.value, plausible) : plausible
  }

  #enterDrain(now: number, nextPhase: number): void {
    this.#mode = modes.drain
    this.#modeStartedAt = now
    this.#phase = nextPhase
  }

  #drain(now: number, bytesInFlight: number): void {
    const isOver = now - this.#modeStartedAt > DRAIN_ROUND_TRIPS * this.#pathMs
    if (bytesInFlight <= this.#pathBytes || isOver) this.#enterCruise(now, this.#phase)
  }

  #enterCruise(now: number, phase: number): void {
    this.#mode = modes.cruise
    this.#modeStartedAt = now
    this.#phase = phase
    this.#phaseStartedAt = now
    this.#probeStartRate = Infinity
  }

  #cruise(now: number, bytesInFlight: number): void {
    // What was done about a queue shows a round trip later.
    if (now - this.#modeStartedAt > 1.5 * this.#rtt.smoothedMs && this.#handleQueue(now)) return
    if (now - Math.max(this.#rtt.minimumAt, this.#rttProbedAt) > MIN_RTT_STALE_MS) {
      this.#mode = modes.probeRtt
      this.#modeStartedAt = this.#rttProbedAt = now
      return
    }
    const isOver = now - this.#phaseStartedAt > this.#pathMs
    const isDrained = this.#phase === DRAIN_PHASE && bytesInFlight <= this.#pathBytes
    if (isOver || isDrained) this.#nextPhase(now)
  }

  /** Drains a queue that stands on the path, unless it is not ours. Returns whether it does. */
  #handleQueue(now: number): boolean {
    if (!this.#hasQueue) this.#drainsInVain = 0
    if (!this.#hasQueue || !this.#ownsQueue || now < this.#foreignQueueUntil) return false
    this.#drainsInVain += 1
    if (this.#drainsInVain > DRAINS_IN_VAIN) {
      this.#drainsInVain = 0
      this.#foreignQueueUntil = now + FOREIGN_QUEUE_MS
      return false
    }
    if (this.#recentRate.value > 0) this.#rate.reset(this.#round.number, this.#recentRate.value)
    this.#enterDrain(now, FIRST_KEEP_PHASE)
    return true
  }

  #nextPhase(now: number): void {
    // What a probe found out is known when all that it sent was acked.
    if (this.#phase === VERDICT_PHASE && this.#hasFoundMore && this.#wasWindowLimited) {
      // The path carries much more than it did.
      this.#enterStartup(now, this.#pathBytes * RESTART_GAIN)
      return
    }
    this.#phase = (this.#phase + 1) % CRUISE_GAINS.length
    this.#phaseStartedAt = now
    if (this.#phase === PROBE_PHASE) this.#probeStartRate = this.#rateOrFloor
  }

  get #hasFoundMore(): boolean {
    return this.#rate.value > this.#probeStartRate * PROBE_SUCCESS + this.#packetBytes / this.#pathMs
  }

  /** Finds out how much the path carries, beginning with so much in flight. */
  #enterStartup(now: number, windowBytes: number): void {
    this.#mode = modes.startup
    this.#modeStartedAt = now
    this.#startup.begin(windowBytes, this.#rate.value)
  }

  /** A queue that takes longer than this is drained, if jitter does not explain it. */
  get #queueLimitMs(): number {
    return Math.max(QUEUE_MIN_MS, this.#rtt.minimumMs * QUEUE_SHARE)
  }

  get #hasQueue(): boolean {
    return this.#rtt.queueMs > this.#queueLimitMs + SCATTERS * this.#rtt.scatterMs
  }
}
