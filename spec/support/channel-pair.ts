import { Channels, type ChannelsSettings } from '../../lib/reliable/channel/channels.ts'
import type { CopyPolicy } from '../../lib/reliable/channel/copies.ts'
import type { MessageEvent } from '../../lib/reliable/channel/delivery-queue.ts'
import { SentFrames } from '../../lib/reliable/channel/sent-frames.ts'
import { PacketReader, PacketWriter } from '../../lib/reliable/wire/packet.ts'
import { Random } from '../../lib/simulator/random.ts'

/** What the path between the two sides of a {@link ChannelPair} does to packets: chances from 0 to 1. */
export interface PathFaults {
  readonly loss?: number
  readonly duplication?: number
  /** Of taking up to three ticks longer. */
  readonly delay?: number
  /** Of a packet being declared lost that did arrive, its ack coming late. */
  readonly spuriousLoss?: number
}

export interface ChannelPairOptions extends PathFaults {
  readonly seed: number
  readonly settings?: Partial<ChannelsSettings>
  readonly packetsPerTick?: number
  readonly resendWrites?: number
  readonly policy?: CopyPolicy
  /** Takes down every packet that is written. */
  readonly onPacket?: (bytes: Uint8Array) => void
}

export const MAX_FRAME_BYTES = 1189
export const channelsSettings: ChannelsSettings = {
  maxQueuedMessages: 8192,
  maxQueuedBytes: 4 * 1024 * 1024,
  maxMessageBytes: 1024 * 1024,
  maxFrameBytes: MAX_FRAME_BYTES,
}
const TICK_MS = 10
const noCopies: CopyPolicy = { copies: 0, gapMs: 0, lateAfterMs: Infinity, lateGapMs: Infinity }

interface InFlight {
  readonly tick: number
  readonly from: Side
  readonly packetNumber: number
  readonly bytes: Uint8Array
}

interface Verdict {
  readonly tick: number
  readonly to: Side
  readonly packetNumber: number
  readonly isAck: boolean
}

/** One end of a {@link ChannelPair}. */
export class Side {
  readonly channels: Channels
  readonly received: MessageEvent[] = []
  readonly sentFrames = new Map<number, SentFrames>()
  readonly arrived = new Set<number>()
  nextPacketNumber = 0
  /** Whether messages that arrived are taken. */
  isReading = true
  constructor(settings: ChannelsSettings) {
    this.channels = new Channels(settings)
  }
}

/**
 * Two `Channels` back to back, and between them a path with faults on virtual time: it says what a connection would say, that packets
 * were acknowledged or lost, and knows no congestion.
 */
export class ChannelPair {
  readonly a: Side
  readonly b: Side
  now = 0
  tick = 0
  faults: PathFaults
  readonly #options: ChannelPairOptions
  readonly #random: Random
  readonly #writer = new PacketWriter()
  readonly #reader = new PacketReader()
  readonly #buffer = new Uint8Array(MAX_FRAME_BYTES + 3)
  #inFlight: InFlight[] = []
  #verdicts: Verdict[] = []

  constructor(options: ChannelPairOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
    this.faults = options
    const settings = { ...channelsSettings, ...options.settings }
    this.a = new Side(settings)
    this.b = new Side(settings)
    this.a.channels.resendWrites = options.resendWrites ?? 1
    this.b.channels.resendWrites = options.resendWrites ?? 1
  }

  /** Lets ticks pass: in each, what is due arrives, messages are taken, and packets are written. */
  run(ticks: number): void {
    for (let count = 0; count < ticks; count += 1) this.#runTick()
  }

  /** Lets ticks pass without faults until both sides have said everything. Throws when that takes too long. */
  settle(maxTicks = 5000): void {
    this.faults = {}
    for (let count = 0; count < maxTicks; count += 1) {
      this.#runTick()
      const isQuiet = this.#inFlight.length === 0 && this.#verdicts.length === 0
      if (isQuiet && this.a.channels.isDrained && this.b.channels.isDrained) return
    }
    throw new Error(`Not settled after ${maxTicks} ticks`)
  }

  other(side: Side): Side {
    return side === this.a ? this.b : this.a
  }

  /** Writes what one side has to write, without waiting for a tick. */
  write(side: Side): void {
    for (let count = this.#options.packetsPerTick ?? 20; count > 0; count -= 1) {
      if (!this.#writePacket(side)) return
    }
  }

  #runTick(): void {
    this.tick += 1
    this.now += TICK_MS
    const due = this.#inFlight.filter(({ tick }) => tick <= this.tick)
    this.#inFlight = this.#inFlight.filter(({ tick }) => tick > this.tick)
    due.sort(() => (this.#random.chance(this.faults.delay ?? 0) ? 1 : -1))
    for (const packet of due) this.#arrive(packet)
    const verdicts = this.#verdicts.filter(({ tick }) => tick <= this.tick)
    this.#verdicts = this.#verdicts.filter(({ tick }) => tick > this.tick)
    for (const verdict of verdicts) this.#tell(verdict)
    for (const side of [this.a, this.b]) {
      side.channels.handleTimeout(this.now)
      if (side.isReading) this.#read(side)
      this.write(side)
    }
  }

  #read(side: Side): void {
    for (let event = side.channels.pollMessage(); event !== undefined; event = side.channels.pollMessage()) {
      side.received.push(event)
    }
  }

  #writePacket(side: Side): boolean {
    const { channels } = side
    const policy = this.#options.policy ?? noCopies
    const isDue = channels.hasThin(this.now) || channels.hasBulk(this.now) || channels.nextCopyAt(policy) <= this.now
    if (!isDue) return false
    const packetNumber = side.nextPacketNumber
    const sentFrames = new SentFrames()
    this.#writer.begin(this.#buffer, this.#buffer.length, packetNumber)
    channels.writeNew(this.now, this.#writer, sentFrames, true)
    channels.writeCopies(this.now, this.#writer, sentFrames, 600, policy)
    if (this.#writer.isEmpty) throw new Error('There was something to write, and nothing was written')
    side.nextPacketNumber += 1
    side.sentFrames.set(packetNumber, sentFrames)
    const bytes = this.#buffer.slice(0, this.#writer.finish())
    this.#options.onPacket?.(bytes)
    this.#send(side, packetNumber, bytes)
    return true
  }

  #send(from: Side, packetNumber: number, bytes: Uint8Array): void {
    const { loss = 0, duplication = 0, spuriousLoss = 0 } = this.faults
    if (this.#random.chance(loss)) {
      this.#verdicts.push({ tick: this.tick + 6, to: from, packetNumber, isAck: false })
      return
    }
    this.#inFlight.push({ tick: this.#arrivalTick(), from, packetNumber, bytes })
    if (this.#random.chance(duplication)) this.#inFlight.push({ tick: this.#arrivalTick(), from, packetNumber, bytes })
    if (this.#random.chance(spuriousLoss)) {
      this.#verdicts.push({ tick: this.tick + 2, to: from, packetNumber, isAck: false })
    }
  }

  #arrivalTick(): number {
    return this.tick + 1 + (this.#random.chance(this.faults.delay ?? 0) ? this.#random.integer(1, 3) : 0)
  }

  #arrive({ from, packetNumber, bytes }: InFlight): void {
    const to = this.other(from)
    if (to.arrived.has(packetNumber)) return
    if (!this.#reader.decode(bytes, bytes.length)) throw new Error('A packet was malformed')
    let isRefused = false
    while (this.#reader.nextFrame()) {
      const verdict = to.channels.handleFrame(this.now, packetNumber, this.#reader.frame)
      if (verdict === 'violation') throw new Error('A frame was a violation')
      if (verdict === 'refused') isRefused = true
    }
    if (!isRefused) to.arrived.add(packetNumber)
    this.#verdicts.push({ tick: this.tick + 1, to: from, packetNumber, isAck: !isRefused })
  }

  #tell({ to, packetNumber, isAck }: Verdict): void {
    const sentFrames = to.sentFrames.get(packetNumber)
    if (sentFrames === undefined) return
    if (isAck) to.channels.onPacketAcked(sentFrames)
    else to.channels.onPacketLost(sentFrames)
  }
}
