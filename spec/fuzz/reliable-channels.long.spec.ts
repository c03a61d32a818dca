import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Channels } from '../../lib/reliable/channel/channels.ts'
import { MAX_INCOMPLETE_RELIABLE } from '../../lib/reliable/channel/delivery-queue.ts'
import type { CopyPolicy } from '../../lib/reliable/channel/copies.ts'
import { SentFrames } from '../../lib/reliable/channel/sent-frames.ts'
import { DeliveryCode } from '../../lib/reliable/wire/frame.ts'
import { PacketReader, PacketWriter } from '../../lib/reliable/wire/packet.ts'
import { deliveries } from '../../lib/session/delivery.ts'
import { Random } from '../../lib/simulator/random.ts'
import { channelsSettings, MAX_FRAME_BYTES } from '../support/channel-pair.ts'
import { fragmentFrames } from '../support/frames.ts'
import { fuzzRuns } from '../support/fuzz-runs.ts'
import { packets } from '../support/packet-arbitraries.ts'
import { encodePacket } from '../support/packet-description.ts'

const policy: CopyPolicy = { copies: 3, gapMs: 5, lateAfterMs: 20, lateGapMs: 10 }

/** What may be done with channels, in any order. */
const steps = fc.oneof(
  {
    arbitrary: fc.record({ do: fc.constant('receive' as const), packet: packets, packetNumber: fc.nat(50) }),
    weight: 4,
  },
  {
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      length: fc.oneof(fc.nat(300), fc.nat(5000)),
      delivery: fc.constantFrom(...deliveries),
      channel: fc.nat(3),
    }),
    weight: 4,
  },
  { arbitrary: fc.record({ do: fc.constant('write' as const), room: fc.integer({ min: 3, max: 1192 }) }), weight: 4 },
  { arbitrary: fc.record({ do: fc.constantFrom('ack' as const, 'lose' as const), which: fc.nat(20) }), weight: 4 },
  { arbitrary: fc.record({ do: fc.constantFrom('probe' as const, 'take' as const) }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(3000) }), weight: 1 },
)

type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never

/** Does these steps with new channels, and checks after each that limits are kept and that what is due is written. */
class Play {
  readonly channels = new Channels({ ...channelsSettings, maxQueuedMessages: 20, maxQueuedBytes: 20_000 })
  readonly #writer = new PacketWriter()
  readonly #reader = new PacketReader()
  readonly #sentFrames: SentFrames[] = []
  #now = 0

  step(step: Step): void {
    const { channels } = this
    switch (step.do) {
      case 'receive':
        this.#receive(encodePacket(step.packet), step.packetNumber)
        break
      case 'send':
        channels.send(this.#now, new Uint8Array(step.length), step.delivery, step.channel)
        break
      case 'write':
        this.write(step.room)
        break
      case 'ack':
      case 'lose': {
        const sentFrames = this.#sentFrames[step.which % Math.max(1, this.#sentFrames.length)]
        if (sentFrames === undefined) break
        if (step.do === 'ack') channels.onPacketAcked(sentFrames)
        else channels.onPacketLost(sentFrames)
        break
      }
      case 'probe':
        this.#writePacket(1192, (sentFrames) => channels.writeProbe(this.#now, this.#writer, sentFrames, 800))
        break
      case 'take':
        while (channels.pollMessage() !== undefined);
        break
      case 'wait':
        this.#now += step.ms
        channels.handleTimeout(this.#now)
        break
    }
    expect(channels.queuedMessages).toBeLessThanOrEqual(20)
    expect(channels.queuedBytes).toBeLessThanOrEqual(20_000)
  }

  /** Writes what there is, with copies. Returns whether that was anything. */
  write(room: number): boolean {
    const { channels } = this
    const isDue = channels.hasThin(this.#now) || channels.hasBulk(this.#now)
    const isEmpty = this.#writePacket(room, (sentFrames) => {
      channels.writeNew(this.#now, this.#writer, sentFrames, true)
      channels.writeCopies(this.#now, this.#writer, sentFrames, 300, policy)
    })
    if (room >= MAX_FRAME_BYTES + 3) expect(isEmpty && isDue).toBe(false)
    return !isEmpty
  }

  /** Acknowledges everything, and checks that nothing is left. */
  settle(): void {
    for (let count = 0; count < 1000 && !this.channels.isDrained; count += 1) {
      this.write(MAX_FRAME_BYTES + 3)
      for (const sentFrames of this.#sentFrames) this.channels.onPacketAcked(sentFrames)
    }
    expect(this.channels.isDrained).toBe(true)
  }

  #receive(bytes: Uint8Array, packetNumber: number): void {
    this.#reader.decode(bytes, bytes.length)
    while (this.#reader.nextFrame()) this.channels.handleFrame(this.#now, packetNumber, this.#reader.frame)
  }

  #writePacket(room: number, write: (sentFrames: SentFrames) => void): boolean {
    const sentFrames = new SentFrames()
    this.#writer.begin(new Uint8Array(room), room, this.#sentFrames.length)
    write(sentFrames)
    this.#sentFrames.push(sentFrames)
    expect(this.#writer.finish()).toBeLessThanOrEqual(room)
    return this.#writer.isEmpty
  }
}

describe('channels', () => {
  it('stand whatever is sent, received, written, lost and acknowledged, in whatever order, and come to rest', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 120 }), (all) => {
        const play = new Play()
        for (const step of all) play.step(step)
        play.settle()
      }),
      fuzzRuns(1000),
    )
  })

  it('take memory in proportion to what arrived, whatever fragments claim', () => {
    const random = new Random(1)
    const frames = Array.from({ length: 40 }, (_, i) => {
      const all = fragmentFrames(i % 5, i, new Uint8Array(1024 * 1024), 128 + 20 * i)
      return all[random.integer(0, all.length - 1)]
    })
    const channels = new Channels(channelsSettings)
    const before = process.memoryUsage().arrayBuffers
    let receivedBytes = 0
    for (let channel = 0; channel < 256; channel += 1) {
      for (const frame of frames) {
        if (frame === undefined) continue
        channels.handleFrame(0, channel * 1000, Object.assign(frame, { channel }))
        receivedBytes += frame.payloadBytes
      }
    }
    expect(receivedBytes).toBeGreaterThan(3_000_000)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(receivedBytes * 5)
  })

  it('refuse what there is no end of, and hold no more than their windows', () => {
    const channels = new Channels({ ...channelsSettings, maxMessageBytes: 10_000 })
    const random = new Random(1)
    let acceptedBytes = 0
    for (let i = 0; i < 20_000; i += 1) {
      const delivery = random.integer(DeliveryCode.reliable, DeliveryCode.unreliable)
      const frame = fragmentFrames(delivery, random.integer(0, 8000), new Uint8Array(2000), 1000)[random.integer(0, 1)]
      if (frame === undefined) continue
      const { droppedUnread } = channels.stats
      const verdict = channels.handleFrame(0, i, Object.assign(frame, { channel: random.integer(0, 255) }))
      if (verdict === 'accepted' && channels.stats.droppedUnread === droppedUnread) acceptedBytes += 1000
    }
    const windowBytes = 10_000 + 1024 * 1024
    const droppedBytes =
      (channels.stats.duplicates + channels.stats.droppedIncomplete + channels.stats.droppedLate) * 1000
    expect(acceptedBytes - droppedBytes).toBeLessThanOrEqual(2 * windowBytes)
    expect(channels.heldBytes).toBeLessThanOrEqual(2 * windowBytes)
    expect(channels.incompleteReliable).toBeLessThanOrEqual(MAX_INCOMPLETE_RELIABLE)
    expect(channels.stats.refused).toBeGreaterThan(0)
    expect(channels.stats.droppedUnread).toBeGreaterThan(0)
  })
})
