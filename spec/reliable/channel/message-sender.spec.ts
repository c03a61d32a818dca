import { describe, expect, it } from 'vitest'
import type { CopyPolicy } from '../../../lib/reliable/channel/copies.ts'
import { SEQUENCE_WINDOW } from '../../../lib/reliable/channel/reliable.ts'
import { contentsOf, full, SendingRig } from '../../support/sending.ts'

const policy: CopyPolicy = { copies: 3, gapMs: 10, lateAfterMs: 100, lateGapMs: 50 }

/** A rig that has written these messages, one a packet, a millisecond apart. */
function rigWith(...values: number[]) {
  const rig = new SendingRig()
  const packets = values.map((value) => {
    rig.send(full(value))
    const packet = rig.packet()
    rig.now += 1
    return packet
  })
  return { rig, packets, sentFrames: packets.map(({ sentFrames }) => sentFrames) }
}

describe('messages that were written', () => {
  it('are confirmed by an ack of their packet', () => {
    const { rig, sentFrames } = rigWith(1)
    expect(rig.channels.isDrained).toBe(false)
    sentFrames.forEach((sentFrames) => rig.channels.onPacketAcked(sentFrames))
    expect(rig.channels.isDrained).toBe(true)
  })

  it('are confirmed by an ack of any packet that carried them, and other news of them means nothing then', () => {
    const { rig, sentFrames } = rigWith(1)
    rig.now += 10
    const copy = rig.packetWithCopies(policy)
    rig.channels.onPacketAcked(copy.sentFrames)
    expect(rig.channels.isDrained).toBe(true)
    rig.send(full(2))
    const next = rig.packet()
    sentFrames.forEach((lost) => rig.channels.onPacketLost(lost))
    sentFrames.forEach((sentFrames) => rig.channels.onPacketAcked(sentFrames))
    expect([rig.channels.hasThin(rig.now), rig.channels.isDrained]).toEqual([false, false])
    rig.channels.onPacketAcked(next.sentFrames)
    expect(rig.channels.isDrained).toBe(true)
  })

  it('are written again before new ones when their packet was lost', () => {
    const { rig, sentFrames } = rigWith(1, 2)
    rig.send(full(3))
    sentFrames.forEach((sentFrames) => rig.channels.onPacketLost(sentFrames))
    const packet = rig.packet()
    expect(contentsOf(packet)).toEqual(['1', '2', '3'])
    expect(packet.sentFrames.resentBytes).toBeGreaterThan(16)
    expect(packet.sentFrames.newBytes).toBeGreaterThan(8)
    expect(rig.channels.hasThin(rig.now)).toBe(false)
  })

  it('are not lost while another packet with them is in flight', () => {
    const { rig, sentFrames } = rigWith(1)
    rig.now += 10
    const copy = rig.packetWithCopies(policy)
    sentFrames.forEach((sentFrames) => rig.channels.onPacketLost(sentFrames))
    expect(rig.channels.hasThin(rig.now)).toBe(false)
    rig.channels.onPacketLost(copy.sentFrames)
    expect(contentsOf(rig.packet())).toEqual(['1'])
  })

  it('are lost once for each packet, however often that is said', () => {
    const { rig, sentFrames } = rigWith(1)
    rig.now += 10
    rig.packetWithCopies(policy)
    for (let count = 0; count < 3; count += 1) sentFrames.forEach((sentFrames) => rig.channels.onPacketLost(sentFrames))
    expect(rig.channels.hasThin(rig.now)).toBe(false)
  })

  it('are not written again when the ack comes after all', () => {
    const { rig, sentFrames } = rigWith(1)
    sentFrames.forEach((sentFrames) => rig.channels.onPacketLost(sentFrames))
    sentFrames.forEach((sentFrames) => rig.channels.onPacketAcked(sentFrames))
    expect([rig.channels.hasThin(rig.now), rig.channels.isDrained]).toEqual([false, true])
  })

  it('are not written again when the ack comes after all, out of order', () => {
    const { rig, packets } = rigWith(1, 2)
    const second = packets[1]
    if (second === undefined) throw new Error('Two packets were written')
    rig.channels.onPacketLost(second.sentFrames)

    rig.channels.onPacketAcked(second.sentFrames)

    expect([rig.channels.hasThin(rig.now), rig.channels.isDrained]).toEqual([false, false])
    expect(contentsOf(rig.probe())).toEqual(['1'])
  })

  it('are not written again when they were acknowledged out of order, and their copy is lost then', () => {
    const { rig, packets } = rigWith(1, 2)
    const [first, second] = packets
    if (first === undefined || second === undefined) throw new Error('Two packets were written')
    rig.channels.onPacketLost(second.sentFrames)
    const copy = rig.packet()

    rig.channels.onPacketAcked(second.sentFrames)
    rig.channels.onPacketLost(copy.sentFrames)

    expect(contentsOf(copy)).toEqual(['2'])
    expect([rig.channels.hasThin(rig.now), rig.channels.isDrained]).toEqual([false, false])
    rig.channels.onPacketAcked(first.sentFrames)
    expect(rig.channels.isDrained).toBe(true)
  })

  it('are written again as often as was asked for, each time to another packet', () => {
    const { rig, sentFrames } = rigWith(1)
    rig.channels.resendWrites = 2
    sentFrames.forEach((sentFrames) => rig.channels.onPacketLost(sentFrames))
    expect(contentsOf(rig.packet())).toEqual(['1'])
    expect(rig.channels.hasThin(rig.now)).toBe(true)
    expect(contentsOf(rig.packet())).toEqual(['1'])
    expect(rig.channels.hasThin(rig.now)).toBe(false)
  })

  it.each(['sequenced', 'unreliable'] as const)('are forgotten when they are %s', (delivery) => {
    const rig = new SendingRig()
    rig.send(full(1), delivery)
    rig.send(3000, delivery)
    const sentFrames = rig.packets().map(({ sentFrames }) => sentFrames)
    expect(sentFrames.every(({ isEmpty }) => isEmpty)).toBe(true)
    expect(rig.channels.isDrained).toBe(true)
  })

  it('may be ahead of the oldest that is not acknowledged by the sequence window, and no further', () => {
    const rig = new SendingRig({ maxQueuedMessages: 20_000 })
    for (let count = 0; count < SEQUENCE_WINDOW + 5; count += 1) rig.send(0)
    const packets = rig.packets()
    expect(packets.reduce((sum, { frames }) => sum + frames.length, 0)).toBe(SEQUENCE_WINDOW)
    expect(rig.channels.queuedMessages).toBe(5)
    packets.slice(1).forEach(({ sentFrames }) => rig.channels.onPacketAcked(sentFrames))
    expect(rig.channels.hasThin(rig.now)).toBe(false)
    packets.slice(0, 1).forEach(({ sentFrames }) => rig.channels.onPacketAcked(sentFrames))
    expect(rig.packet().frames).toHaveLength(5)
  })
})

describe('small messages that wait together', () => {
  it('are split where the packet is full, and lost and acknowledged with those beside them', () => {
    const rig = new SendingRig()
    for (let value = 0; value < 6; value += 1) rig.send(full(value, 60))
    const first = rig.packet({ room: 200 })
    const second = rig.packet()
    expect([contentsOf(first), contentsOf(second)]).toEqual([
      [0, 1, 2].map((value) => String(value)),
      [3, 4, 5].map((value) => String(value)),
    ])
    rig.channels.onPacketLost(second.sentFrames)
    expect(contentsOf(rig.packet())).toEqual(contentsOf(second))
    rig.channels.onPacketAcked(first.sentFrames)
    expect(rig.channels.undelivered(rig.now).map(({ message }) => message[0])).toEqual([3, 4, 5])
  })

  it('spend the credit of each of them, and no more', () => {
    const [few, many] = [new SendingRig(), new SendingRig()]
    for (const { rig, room } of [
      { rig: few, room: 100 },
      { rig: many, room: 1_000 },
    ]) {
      for (let i = 0; i < 20_000; i += 1) rig.send(full(1, 1))
      while (rig.channels.hasThin(rig.now)) rig.channels.onPacketAcked(rig.packet({ room }).sentFrames)
    }
    expect(few.channels.queuedMessages).toBe(many.channels.queuedMessages)
  })
})

describe('fragments that were written', () => {
  it('are acknowledged and written again alone', () => {
    const rig = new SendingRig()
    rig.send(5000)
    const packets = rig.packets()
    expect(packets.map(contentsOf).flat()).toEqual([0, 1, 2, 3, 4].map((index) => `fragment ${index}`))
    packets.forEach(({ sentFrames }, index) => {
      if (index === 1 || index === 4) rig.channels.onPacketLost(sentFrames)
      else rig.channels.onPacketAcked(sentFrames)
    })
    const again = rig.packets()
    expect(again.map(contentsOf).flat()).toEqual(['fragment 1', 'fragment 4'])
    expect(again[0]?.sentFrames).toMatchObject({ newBytes: 0, copyBytes: 0 })
    expect(again[0]?.sentFrames.resentBytes).toBe(again[0]?.sentFrames.bulkBytes)
    again.forEach(({ sentFrames }) => rig.channels.onPacketAcked(sentFrames))
    expect(rig.channels.isDrained).toBe(true)
  })

  it('are written again before new ones', () => {
    const rig = new SendingRig()
    rig.send(5000)
    const first = rig.packet()
    rig.packet()
    rig.channels.onPacketLost(first.sentFrames)
    expect([rig.packet(), rig.packet()].flatMap(contentsOf)).toEqual(['fragment 0', 'fragment 2'])
  })

  it('are not written again when the ack comes after all', () => {
    const rig = new SendingRig()
    rig.send(2000)
    const packets = rig.packets()
    packets.forEach(({ sentFrames }) => rig.channels.onPacketLost(sentFrames))
    packets.forEach(({ sentFrames }) => rig.channels.onPacketAcked(sentFrames))
    expect([rig.channels.hasBulk(rig.now), rig.channels.isDrained]).toEqual([false, true])
  })

  it('are never written twice to one packet', () => {
    const rig = new SendingRig({ maxFrameBytes: 600 })
    rig.send(1200)
    const packets = rig.packets()
    rig.channels.resendWrites = 2
    packets.slice(-1).forEach(({ sentFrames }) => rig.channels.onPacketLost(sentFrames))
    expect(contentsOf(rig.packet())).toEqual(['fragment 2'])
    expect(contentsOf(rig.packet())).toEqual(['fragment 2'])
    expect(rig.channels.hasBulk(rig.now)).toBe(false)
  })

  it('fit into a packet beside an ack that needs no ranges', () => {
    const rig = new SendingRig({ maxMessageBytes: 16 * 1024 * 1024 })
    rig.send(16 * 1024 * 1024)
    rig.packet()
    expect(contentsOf(rig.packet({ room: 1189 - 7 }))).toEqual(['fragment 1'])
  })
})

describe('latest messages', () => {
  it('are written again until they are acknowledged', () => {
    const rig = new SendingRig()
    rig.send(full(1), 'latest')
    const { sentFrames } = rig.packet()
    rig.channels.onPacketLost(sentFrames)
    const again = rig.packet()
    expect(contentsOf(again)).toEqual(['1'])
    rig.channels.onPacketAcked(again.sentFrames)
    expect(rig.channels.isDrained).toBe(true)
  })

  it('are written no more when a newer one was', () => {
    const rig = new SendingRig()
    rig.send(full(1), 'latest')
    const first = rig.packet()
    rig.send(full(2), 'latest')
    const second = rig.packet()
    rig.channels.onPacketLost(first.sentFrames)
    expect(rig.channels.hasThin(rig.now)).toBe(false)
    rig.channels.onPacketAcked(second.sentFrames)
    expect(rig.channels.isDrained).toBe(true)
  })

  it('in fragments are seen through before the newest there is by then begins', () => {
    const rig = new SendingRig()
    rig.send(full(1, 2000), 'latest')
    const first = rig.packet()
    rig.send(full(2, 2000), 'latest')
    rig.send(full(3), 'latest')
    rig.send(full(4), 'latest')
    const second = rig.packet()
    expect([first, second].flatMap(contentsOf)).toEqual(['fragment 0', 'fragment 1'])
    expect(rig.channels.hasThin(rig.now)).toBe(false)
    rig.channels.onPacketLost(first.sentFrames)
    const again = rig.packet()
    expect(contentsOf(again)).toEqual(['fragment 0'])
    rig.channels.onPacketAcked(again.sentFrames)
    rig.channels.onPacketAcked(second.sentFrames)
    expect(contentsOf(rig.packet())).toEqual(['4'])
    expect(rig.channels.stats.replaced).toBe(2)
  })
})

describe('copies', () => {
  it('of small messages that are not acknowledged ride along, oldest first', () => {
    const { rig } = rigWith(1, 2)
    rig.now += 10
    rig.send(full(3))
    const packet = rig.packetWithCopies(policy)
    expect(contentsOf(packet)).toEqual(['3', '1', '2'])
    expect(packet.sentFrames.copyBytes).toBeGreaterThan(16)
  })

  it('of latest messages too, of the newest alone', () => {
    const rig = new SendingRig()
    for (const value of [1, 2]) {
      rig.send(full(value), 'latest')
      rig.packet()
    }
    rig.now += 10
    expect(contentsOf(rig.packetWithCopies(policy))).toEqual(['2'])
  })

  it('are written as often as the policy says, a gap apart', () => {
    const { rig } = rigWith(1)
    rig.now = 1009
    expect(contentsOf(rig.packetWithCopies(policy))).toEqual([])
    expect(rig.channels.nextCopyAt(policy)).toBe(1010)
    for (const now of [1010, 1020]) {
      rig.now = now
      expect(contentsOf(rig.packetWithCopies(policy))).toEqual(['1'])
      expect(contentsOf(rig.packetWithCopies(policy))).toEqual([])
    }
    rig.now = 1099
    expect(contentsOf(rig.packetWithCopies(policy))).toEqual([])
    expect(rig.channels.nextCopyAt(policy)).toBe(1100)
    rig.now = 1100
    expect(contentsOf(rig.packetWithCopies(policy))).toEqual(['1'])
    expect(rig.channels.nextCopyAt(policy)).toBe(1150)
  })

  it('begin anew after a loss', () => {
    const { rig, sentFrames } = rigWith(1)
    rig.now = 1010
    const copy = rig.packetWithCopies(policy)
    for (const lost of [...sentFrames, copy.sentFrames]) rig.channels.onPacketLost(lost)
    expect(rig.channels.nextCopyAt(policy)).toBe(Infinity)
    rig.packet()
    expect(rig.channels.nextCopyAt(policy)).toBe(1020)
  })

  it('keep to the budget, and to what is left of the packet', () => {
    const { rig } = rigWith(1, 2, 3)
    rig.now += 10
    const packet = rig.packetWithCopies(policy, 30)
    expect(contentsOf(packet)).toEqual(['1', '2'])
    expect(packet.sentFrames.copyBytes).toBeLessThanOrEqual(30)
    expect(contentsOf(rig.packetWithCopies(policy, 30))).toEqual(['3'])
  })

  it('are of no large messages, and of none that are lost', () => {
    const { rig, sentFrames } = rigWith(1)
    rig.send(300)
    rig.packet()
    sentFrames.forEach((sentFrames) => rig.channels.onPacketLost(sentFrames))
    rig.now += 1000
    expect(rig.channels.nextCopyAt(policy)).toBe(Infinity)
  })
})

describe('a probe', () => {
  it('writes what is not acknowledged again, whatever is known of it, the oldest first', () => {
    const rig = new SendingRig()
    rig.send(full(1), 'reliable', 3)
    rig.packet()
    rig.send(full(2), 'reliable', 1)
    rig.send(full(3), 'reliable', 3)
    rig.packet()
    const probe = rig.probe()
    expect(contentsOf(probe)).toEqual(['1', '3', '2'])
    expect(probe.sentFrames.copyBytes).toBeGreaterThan(24)
    rig.channels.onPacketAcked(probe.sentFrames)
    expect(rig.channels.isDrained).toBe(true)
  })

  it('keeps to its budget', () => {
    const { rig } = rigWith(1, 2, 3)
    expect(contentsOf(rig.probe(30))).toHaveLength(2)
    expect(contentsOf(rig.probe(10))).toEqual([])
  })

  it('writes nothing twice to one packet', () => {
    const { rig } = rigWith(1, 2)
    rig.send(full(3))
    expect(contentsOf(rig.probe(Infinity, true))).toEqual(['3', '1', '2'])
  })

  it('writes the oldest fragment that is not acknowledged', () => {
    const rig = new SendingRig()
    rig.send(5000)
    const [first] = [rig.packet(), rig.packet()]
    rig.channels.onPacketAcked(first.sentFrames)
    expect(contentsOf(rig.probe())).toEqual(['fragment 1'])
  })

  it('passes over a message of which all that was written is acknowledged', () => {
    const rig = new SendingRig()
    rig.send(5000, 'reliable', 1)
    const { sentFrames } = rig.packet()
    rig.send(full(2), 'reliable', 2)
    rig.packet({ allowBulk: false })
    rig.channels.onPacketAcked(sentFrames)
    expect(contentsOf(rig.probe())).toEqual(['2'])
  })

  it('writes nothing when all is acknowledged', () => {
    expect(contentsOf(new SendingRig().probe())).toEqual([])
  })
})
