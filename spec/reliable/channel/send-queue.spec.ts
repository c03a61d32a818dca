import { describe, expect, it } from 'vitest'
import { MAX_FRAGMENTS } from '../../../lib/reliable/wire/frame.ts'
import type { Delivery } from '../../../lib/session/delivery.ts'
import { contentsOf, full, SendingRig } from '../../support/sending.ts'

describe('the queue of messages to send', () => {
  it('counts messages and bytes that wait, until they are written', () => {
    const rig = new SendingRig()
    rig.send(100)
    rig.send(50, 'unreliable', 3)
    expect([rig.channels.queuedMessages, rig.channels.queuedBytes]).toEqual([2, 150])
    rig.packet()
    expect([rig.channels.queuedMessages, rig.channels.queuedBytes]).toEqual([0, 0])
  })

  it('counts a fragmented message less with each fragment that is written', () => {
    const rig = new SendingRig()
    rig.send(3000)
    rig.packet()
    const { queuedMessages, queuedBytes } = rig.channels
    expect(queuedMessages).toBe(1)
    expect(queuedBytes).toBeGreaterThan(1500)
    expect(queuedBytes).toBeLessThan(2000)
    rig.packets()
    expect([rig.channels.queuedMessages, rig.channels.queuedBytes]).toEqual([0, 0])
  })

  it('refuses messages beyond its limits', () => {
    const rig = new SendingRig({ maxQueuedMessages: 3, maxQueuedBytes: 1000 })
    expect([rig.send(400), rig.send(601), rig.send(600), rig.send(0), rig.send(0)]).toEqual([
      'accepted',
      'queue-full',
      'accepted',
      'accepted',
      'queue-full',
    ])
    rig.packet()
    expect(rig.send(10)).toBe('accepted')
  })

  it('accepts one message that is larger than its limit of bytes when it is empty', () => {
    const rig = new SendingRig({ maxQueuedBytes: 1000 })
    expect([rig.send(5000), rig.send(1)]).toEqual(['accepted', 'queue-full'])
    rig.packets()
    expect(rig.send(1)).toBe('accepted')
  })

  it('refuses messages that are too large', () => {
    const rig = new SendingRig({ maxMessageBytes: 2000 })
    expect([rig.send(2000), rig.send(2001)]).toEqual(['accepted', 'too-large'])
  })

  it('refuses messages that would need too many fragments', () => {
    const rig = new SendingRig({ maxMessageBytes: 1e9, maxQueuedBytes: 1e9, maxFrameBytes: 200 })
    rig.send(1000)
    const [fragment] = rig.packet().frames
    const size = fragment?.type === 'DATA' ? (fragment.fragment?.size ?? 0) : 0
    expect(rig.send(size * MAX_FRAGMENTS + 1)).toBe('too-large')
  })

  it.each([-1, 0.5, 256, NaN])('throws for channel %d', (channel) => {
    expect(() => new SendingRig().send(1, 'reliable', channel)).toThrow(RangeError)
  })

  it('throws for a delivery that does not exist', () => {
    expect(() => new SendingRig().send(1, 'telepathic' as Delivery)).toThrow(RangeError)
  })

  it.each(['sequenced', 'unreliable'] as const)('drops %s messages that waited for more than 250 ms', (delivery) => {
    const rig = new SendingRig()
    rig.send(full(1), delivery)
    rig.now += 200
    rig.send(full(2), delivery)
    rig.now += 51
    expect(contentsOf(rig.packet())).toEqual(['2'])
    expect(rig.counts).toEqual({ sentMessages: 1, droppedStale: 1 })
  })

  it('counts messages as sent when they begin to be written: each of a run, and one of many fragments once', () => {
    const rig = new SendingRig()
    for (let i = 0; i < 3; i += 1) rig.send(10)
    rig.send(3 * rig.channels.queuedBytes + 3000)
    expect(rig.counts.sentMessages).toBe(0)
    rig.packet({ allowBulk: false })
    expect(rig.counts.sentMessages).toBe(3)
    rig.packets()
    expect(rig.counts.sentMessages).toBe(4)
  })

  it('does not count a latest message as sent that a newer one replaced', () => {
    const rig = new SendingRig()
    rig.send(10, 'latest')
    rig.send(10, 'latest')
    rig.packets()
    expect(rig.counts.sentMessages).toBe(1)
  })

  it.each(['reliable', 'reliable-unordered', 'latest'] as const)('never drops %s messages for waiting', (delivery) => {
    const rig = new SendingRig()
    rig.send(full(1), delivery)
    rig.now += 100_000
    rig.channels.handleTimeout(rig.now)
    expect(contentsOf(rig.packet())).toEqual(['1'])
  })

  it('has nothing to write when all that waited waited too long', () => {
    const rig = new SendingRig()
    rig.send(full(1), 'unreliable')
    rig.send(2000, 'sequenced')
    expect([rig.channels.hasThin(rig.now), rig.channels.hasBulk(rig.now)]).toEqual([true, true])
    rig.now += 251
    expect([rig.channels.hasThin(rig.now), rig.channels.hasBulk(rig.now)]).toEqual([false, false])
    expect(rig.channels.queuedMessages).toBe(0)
  })

  it('goes on with an unreliable message that has begun, however long it takes', () => {
    const rig = new SendingRig()
    rig.send(2000, 'unreliable')
    rig.packet()
    rig.now += 10_000
    expect(contentsOf(rig.packet())).toEqual(['fragment 1'])
  })

  it('lets no messages that waited too long take the room of others', () => {
    const rig = new SendingRig({ maxQueuedMessages: 2 })
    rig.send(1, 'unreliable', 1)
    rig.send(1, 'sequenced', 2)
    rig.now += 251
    expect([rig.send(1), rig.send(1), rig.send(1)]).toEqual(['accepted', 'accepted', 'queue-full'])
  })

  it('replaces a latest message that waits, though the queue is full', () => {
    const rig = new SendingRig({ maxQueuedMessages: 1 })
    expect([rig.send(full(1), 'latest'), rig.send(full(2), 'latest'), rig.send(full(3))]).toEqual([
      'accepted',
      'accepted',
      'queue-full',
    ])
    expect(rig.channels).toMatchObject({ queuedMessages: 1, queuedBytes: 8, stats: { replaced: 1 } })
    expect(contentsOf(rig.packet())).toEqual(['2'])
  })

  it('replaces no latest message of another channel', () => {
    const rig = new SendingRig()
    rig.send(full(1), 'latest', 1)
    rig.send(full(2), 'latest', 2)
    expect(contentsOf(rig.packet())).toEqual(['1', '2'])
  })

  it('lists what is not confirmed in the order in which it was sent, and whether any of it was written', () => {
    const rig = new SendingRig()
    rig.send(full(1), 'reliable', 2)
    rig.send(full(2), 'unreliable', 1)
    const { sentFrames } = rig.packet()
    rig.send(full(3), 'latest', 1)
    rig.send(full(4), 'reliable-unordered')
    rig.packet()
    rig.send(full(5, 3000), 'reliable', 1)
    rig.packet()
    rig.send(full(6), 'reliable', 2)
    rig.send(full(7), 'sequenced', 1)
    expect(listed(rig)).toEqual([
      [1, 'reliable', 2, true],
      [3, 'latest', 1, true],
      [4, 'reliable-unordered', 0, true],
      [5, 'reliable', 1, true],
      [6, 'reliable', 2, false],
      [7, 'sequenced', 1, false],
    ])
    rig.channels.onPacketLost(sentFrames)
    expect(listed(rig)[0]).toEqual([1, 'reliable', 2, true])
    rig.channels.onPacketAcked(sentFrames)
    expect(listed(rig)[0]?.[0]).toBe(3)
  })

  it('lists ordered messages that are acknowledged, while one before them is not: nobody was handed them yet', () => {
    const rig = new SendingRig()
    const sentFrames = [1, 2, 3].map((value) => {
      rig.send(full(value))
      rig.send(full(value + 10), 'reliable-unordered')
      return rig.packet().sentFrames
    })
    const [first, ...others] = sentFrames
    for (const sentFrames of others) rig.channels.onPacketAcked(sentFrames)
    expect(listed(rig).map(([value]) => value)).toEqual([1, 11, 2, 3])
    expect(contentsOf(rig.probe())).toEqual(['1', '11'])
    if (first !== undefined) rig.channels.onPacketAcked(first)
    expect(listed(rig)).toEqual([])
    expect(rig.channels.isDrained).toBe(true)
  })

  it('lists nothing that waited too long', () => {
    const rig = new SendingRig()
    rig.send(full(1), 'sequenced')
    rig.now += 251
    expect(listed(rig)).toEqual([])
  })

  function listed(rig: SendingRig): [number | undefined, Delivery, number, boolean][] {
    return rig.channels
      .undelivered(rig.now)
      .map(({ message, delivery, channel, isSent }) => [message[0], delivery, channel, isSent])
  }
})
