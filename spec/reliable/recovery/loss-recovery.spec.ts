import { beforeEach, describe, expect, it } from 'vitest'
import { AckSection } from '../../../lib/reliable/wire/ack-section.ts'
import { SentFrames } from '../../../lib/reliable/channel/sent-frames.ts'
import { Congestion } from '../../../lib/reliable/congestion/congestion.ts'
import { LossRecovery } from '../../../lib/reliable/recovery/loss-recovery.ts'
import { RedundancyControl } from '../../../lib/reliable/channel/redundancy.ts'
import { RttEstimator } from '../../../lib/reliable/recovery/rtt.ts'
import { MAX_TRACKED_PACKETS } from '../../../lib/reliable/recovery/sent-packets.ts'
import { createStats } from '../../../lib/session/stats.ts'
import { Random } from '../../../lib/simulator/index.ts'

const RTT_MS = 50

/** Loss recovery with nothing around it: packets are numbers, and their fates are written down. */
class Sender {
  readonly stats = createStats()
  readonly rtt = new RttEstimator(0, RTT_MS)
  readonly redundancy = new RedundancyControl(0, 'auto', this.rtt)
  readonly recovery: LossRecovery<SentFrames>
  readonly acked: number[] = []
  readonly lost: number[] = []
  readonly #first: number
  readonly #numbers = new Map<SentFrames, number>()

  constructor(first = 0) {
    this.#first = first
    const { rtt, redundancy } = this
    this.recovery = new LossRecovery(
      first,
      { rtt, redundancy, congestion: new Congestion(0, 1_200, rtt) },
      {
        fates: {
          createSentFrames: () => new SentFrames(),
          onPacketAcked: (sentFrames) => this.acked.push(this.#numbers.get(sentFrames) ?? NaN),
          onPacketLost: (sentFrames) => this.lost.push(this.#numbers.get(sentFrames) ?? NaN),
        },
        stats: this.stats,
      },
    )
  }

  /** Sends packets of 100 bytes; returns the number of the last one. */
  send(now: number, count = 1, isAckEliciting = true): number {
    for (let i = 0; i < count; i += 1) {
      const { sentFrames } = this.recovery.beginPacket(now)
      this.#numbers.set(sentFrames, this.recovery.nextPacketNumber)
      this.recovery.onPacketSent(now, 100, isAckEliciting)
    }
    return this.recovery.nextPacketNumber - 1
  }

  /** The other side says that these packets arrived, counted from the first. */
  ack(now: number, offsets: readonly number[], delayMs = 0): boolean {
    const arrived = new Set(offsets.map((offset) => this.#first + offset))
    const ack = new AckSection()
    const largest = Math.max(...arrived)
    const floor = Math.max(this.#first, Math.min(...arrived))
    const has = (number: number) => arrived.has(number)
    ack.fill({ largest, floor, has, missingBits: (count) => missingBefore(largest, this.#first, count, has) }, delayMs)
    return this.recovery.handleAck(now, ack)
  }
}

function missingBefore(largest: number, first: number, count: number, has: (number: number) => boolean): number {
  let bits = 0
  for (let i = 0; i < count && largest - 1 - i >= first; i += 1) if (!has(largest - 1 - i)) bits |= 1 << i
  return bits >>> 0
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

describe('LossRecovery', () => {
  let sender: Sender

  beforeEach(() => {
    sender = new Sender()
  })

  it('knows what is in flight', () => {
    sender.send(0, 3)
    sender.send(1, 1, false)
    sender.ack(50, [0, 1])

    expect(sender.recovery.bytesInFlight).toBe(100)
    expect(sender.acked).toEqual([1, 0])
  })

  it('measures the round trip, less what the ack was held back for', () => {
    sender.send(0, 1)
    sender.ack(70, [0], 20)

    expect(sender.rtt.latestMs).toBeCloseTo(50, 0)
  })

  it('measures nothing from an ack that is held back for longer than can be said', () => {
    sender.send(0, 1)
    sender.ack(15_000, [0], 15_000)

    expect(sender.rtt.smoothedMs).toBe(RTT_MS)
  })

  it('declares a packet lost when three later ones arrived', () => {
    sender.send(0, 4)
    sender.ack(50, [1, 2])
    const lostAfterTwo = [...sender.lost]
    sender.ack(51, [1, 2, 3])

    expect(lostAfterTwo).toEqual([])
    expect(sender.lost).toEqual([0])
    expect(sender.recovery.bytesInFlight).toBe(0)
  })

  it('declares a packet lost when a later one arrived and a ninth of the round trip more has passed', () => {
    sender.send(0, 2)
    for (let i = 0; i < 60; i += 1) sender.rtt.sample(0, RTT_MS, 0)
    sender.ack(RTT_MS, [1])
    const { deadline } = sender.recovery
    sender.recovery.handleTimeout(deadline - 0.001)
    const lostBefore = [...sender.lost]
    sender.recovery.handleTimeout(deadline)

    expect(deadline).toBeGreaterThan(RTT_MS)
    expect(deadline).toBeLessThan(RTT_MS * 1.2)
    expect(lostBefore).toEqual([])
    expect(sender.lost).toEqual([0])
  })

  it('counts a loss only when it is certain', () => {
    sender.send(0, 5)
    sender.ack(50, [1, 2, 3, 4])
    const countedAtOnce = sender.stats.lostPackets
    sender.recovery.handleTimeout(sender.recovery.deadline)

    expect(countedAtOnce).toBe(0)
    expect(sender.stats.lostPackets).toBe(1)
    expect(sender.stats.lostBytes).toBe(100)
    expect(sender.recovery.deadline).toBe(Infinity)
  })

  it('takes a loss back when the packet was only overtaken, and has more countdown from then on', () => {
    sender.send(0, 5)
    sender.ack(50, [1, 2, 3, 4])
    sender.ack(52, upTo(5))
    sender.send(60, 5)
    sender.ack(110, [6, 7, 8, 9])

    expect(sender.lost).toEqual([0])
    expect(sender.acked).toContain(0)
    expect(sender.recovery.wrongGuesses).toBe(1)
    sender.recovery.handleTimeout(sender.recovery.deadline - 0.001)
    expect(sender.lost).toEqual([0])
  })

  it('sees no loss in mere reordering', () => {
    const random = new Random(1)
    const arrivals: { at: number; offset: number }[] = []
    for (let offset = 0; offset < 3_000; offset += 1) {
      arrivals.push({ at: offset * 10 + RTT_MS + random.between(0, 30), offset })
    }
    arrivals.sort((a, b) => a.at - b.at)
    const seen: number[] = []
    let sent = 0
    for (const { at, offset } of arrivals) {
      for (; sent * 10 <= at && sent < 3_000; sent += 1) sender.send(sent * 10)
      seen.push(offset)
      while (sender.recovery.deadline <= at) sender.recovery.handleTimeout(sender.recovery.deadline)
      sender.ack(at, seen.slice(-40))
    }

    expect(sender.stats.lostPackets).toBe(0)
    expect(sender.recovery.wrongGuesses).toBeLessThan(30)
    expect(sender.redundancy.lossRate.measured).toBe(0)
  })

  it('asks with a probe when nothing is heard, at growing intervals, and declares nothing lost', () => {
    for (let i = 0; i < 200; i += 1) sender.rtt.sample(0, RTT_MS, 0)
    sender.send(0, 3)
    const times: number[] = []
    for (let i = 0; i < 6; i += 1) {
      const now = sender.recovery.deadline
      sender.recovery.handleTimeout(now)
      times.push(now)
      expect(sender.recovery.probesDue).toBeGreaterThanOrEqual(1)
      while (sender.recovery.probesDue > 0) sender.send(now)
    }
    const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0))

    expect(times[0]).toBeGreaterThanOrEqual(RTT_MS)
    for (const [i, gap] of gaps.slice(1).entries()) {
      expect(gap).toBeCloseTo(Math.min(300, (gaps[i] ?? 0) * 1.5))
    }
    expect(sender.lost).toEqual([])
  })

  it('probes with no more than two packets', () => {
    sender.send(0, 100)
    sender.recovery.handleTimeout(sender.recovery.deadline)

    expect(sender.recovery.probesDue).toBeLessThanOrEqual(2)
  })

  it('has no probe to send any more when an ack comes before it left', () => {
    sender.send(0, 2)
    sender.recovery.handleTimeout(sender.recovery.deadline)
    const dueBefore = sender.recovery.probesDue

    sender.ack(200, [0, 1])

    expect(dueBefore).toBeGreaterThanOrEqual(1)
    expect(sender.recovery.probesDue).toBe(0)
  })

  it('does not wait for acks of what needs none', () => {
    sender.send(0, 100, false)

    expect(sender.recovery.deadline).toBe(Infinity)
    expect(sender.recovery.bytesInFlight).toBe(0)
  })

  it('knows all of a blackout for lost with the first ack after it', () => {
    sender.send(0, 50)
    sender.send(5_000, 1)
    sender.ack(5_050, [50])

    expect(sender.lost).toHaveLength(50)
    expect(sender.recovery.bytesInFlight).toBe(0)
  })

  it('drops an ack of packets that were never sent', () => {
    sender.send(0, 3)

    expect(sender.ack(50, [0, 1, 2, 3])).toBe(false)
    expect(sender.recovery.bytesInFlight).toBe(300)
    expect(sender.acked).toEqual([])
  })

  it('takes the same ack many times', () => {
    sender.send(0, 40)
    for (let i = 0; i < 10; i += 1) expect(sender.ack(50 + i, upTo(40))).toBe(true)

    expect(sender.acked).toHaveLength(40)
  })

  it('gives up the oldest packets where thousands are in flight and none is acked', () => {
    sender.send(0, MAX_TRACKED_PACKETS + 10)

    expect(sender.lost).toEqual(upTo(10))
    expect(sender.recovery.bytesInFlight).toBe(MAX_TRACKED_PACKETS * 100)
  })

  it('has a deadline even if the round trip was never measured', () => {
    const rtt = new RttEstimator(0, NaN)
    const redundancy = new RedundancyControl(0, 'auto', rtt)
    const recovery = new LossRecovery(
      0,
      { rtt, redundancy, congestion: new Congestion(0, 1_200, rtt) },
      {
        fates: { createSentFrames: () => new SentFrames(), onPacketAcked: () => {}, onPacketLost: () => {} },
        stats: createStats(),
      },
    )
    recovery.beginPacket(0)
    recovery.onPacketSent(0, 100, true)

    expect(recovery.deadline).toBeGreaterThan(0)
    expect(recovery.deadline).toBeLessThan(1_000)
  })

  it.each([0, 65_530, 2 ** 32 - 6])('ends with nothing in flight, whatever is lost (numbers from %i on)', (first) => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const random = new Random(seed)
      const many = new Sender(first)
      const arrived: number[] = []
      let now = 0
      for (let offset = 0; offset < 500; offset += 1) {
        now += 5
        many.send(now)
        if (!random.chance(0.3)) arrived.push(offset)
        if (arrived.length > 0 && random.chance(0.5)) many.ack(now, arrived.slice(-30))
        many.recovery.handleTimeout(now)
      }
      for (let i = 0; i < 50 && many.recovery.bytesInFlight > 0; i += 1) {
        now = Math.max(now, many.recovery.deadline)
        many.recovery.handleTimeout(now)
        while (many.recovery.probesDue > 0) {
          const last = many.send(now)
          many.ack(now + 50, [last - first])
        }
      }
      expect(many.recovery.bytesInFlight).toBe(0)
      expect(new Set([...many.acked, ...many.lost]).size).toBe(many.recovery.nextPacketNumber - first)
    }
  })
})

describe('LossRecovery: another path', () => {
  let sender: Sender

  /** Starts a path of which nothing is known. */
  function startPath(now: number): { rtt: RttEstimator; redundancy: RedundancyControl } {
    const rtt = new RttEstimator(now, NaN)
    const redundancy = new RedundancyControl(now, 'auto', rtt)
    sender.recovery.startPath({ rtt, redundancy, congestion: new Congestion(now, 1_200, rtt) })
    return { rtt, redundancy }
  }

  beforeEach(() => {
    sender = new Sender()
  })

  it('counts nothing of the old path as in flight', () => {
    sender.send(0, 3)
    startPath(10)
    sender.send(11)
    sender.ack(40, [0])

    expect(sender.recovery.bytesInFlight).toBe(100)
  })

  it('still knows what became of packets of the old path', () => {
    sender.send(0, 2)
    startPath(10)
    sender.send(200)
    sender.ack(250, [1, 2])

    expect(sender.acked).toEqual([2, 1])
    expect(sender.lost).toEqual([0])
  })

  it('takes no round-trip time and no loss rate from the old path', () => {
    sender.send(0, 10)
    const { rtt, redundancy } = startPath(10)
    sender.ack(12, [9])
    sender.recovery.handleTimeout(2_000)

    expect(sender.lost).toHaveLength(9)
    expect(rtt.hasSample).toBe(false)
    expect(redundancy.lossRate.count).toBe(0)
  })

  it('measures the round trip on the new one', () => {
    sender.send(0, 10)
    const { rtt } = startPath(10)
    sender.send(20)
    sender.ack(140, [10])

    expect(rtt.smoothedMs).toBe(120)
  })

  it('asks at once what has become of packets that have been in flight for long', () => {
    sender.send(0)
    startPath(10_000)
    sender.recovery.handleTimeout(10_000)

    expect(sender.recovery.probesDue).toBeGreaterThan(0)
  })
})
