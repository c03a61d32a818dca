import { describe, expect, it } from 'vitest'
import { MAX_INCOMPLETE_RELIABLE } from '../../../lib/reliable/channel/delivery-queue.ts'
import { ReliableReceiver, SEQUENCE_WINDOW } from '../../../lib/reliable/channel/reliable.ts'
import { DeliveryCode, type Frame } from '../../../lib/reliable/wire/frame.ts'
import { countingBytes, fragmentFrames, messageFrame } from '../../support/frames.ts'
import { toHex } from '../../support/packet-description.ts'
import { byte, createDeliveryQueue, MAX_MESSAGE_BYTES, takeAndGrant, takenFrom } from '../../support/receiving.ts'

const { reliable } = DeliveryCode

function rig() {
  const deliveryQueue = createDeliveryQueue()
  const receiver = new ReliableReceiver(0, deliveryQueue)
  return { deliveryQueue, receive: (frame: Frame) => receiver.receive(0, 0, frame), stats: deliveryQueue.stats }
}

function small(sequence: number): Frame {
  return messageFrame(reliable, sequence, byte(sequence & 0xff))
}

describe('ReliableReceiver', () => {
  it('hands messages over in the order of their sequences', () => {
    const { receive, deliveryQueue } = rig()
    for (const sequence of [2, 1, 3]) expect(receive(small(sequence))).toBe('accepted')
    expect(takenFrom(deliveryQueue)).toEqual([])
    receive(small(0))
    expect(takenFrom(deliveryQueue)).toEqual(['00', '01', '02', '03'])
  })

  it('drops what it has, whether that was handed over or waits', () => {
    const { receive, deliveryQueue, stats } = rig()
    for (const sequence of [0, 2, 0, 2]) expect(receive(small(sequence))).toBe('accepted')
    expect(takenFrom(deliveryQueue)).toEqual(['00'])
    expect(stats.duplicates).toBe(2)
    receive(small(1))
    expect(takenFrom(deliveryQueue)).toEqual(['01', '02'])
  })

  it('begins no more incomplete messages than there is room for, and has them come again', () => {
    const { receive, deliveryQueue, stats } = rig()
    const fragments = (sequence: number) => fragmentFrames(reliable, sequence, countingBytes(256), 128)
    const first = (sequence: number) => fragments(sequence)[0] ?? small(sequence)
    const second = (sequence: number) => fragments(sequence)[1] ?? small(sequence)
    for (let sequence = 0; sequence < MAX_INCOMPLETE_RELIABLE; sequence += 1) {
      expect(receive(first(sequence))).toBe('accepted')
    }
    expect(receive(first(MAX_INCOMPLETE_RELIABLE))).toBe('refused')
    expect(receive(second(0))).toBe('accepted')
    expect(receive(first(MAX_INCOMPLETE_RELIABLE))).toBe('accepted')
    expect(deliveryQueue.incompleteReliable).toBe(MAX_INCOMPLETE_RELIABLE)
    expect(stats).toMatchObject({ refused: 1, violations: 0 })
  })

  it('goes on across the wrap of the sequence', () => {
    const { receive, deliveryQueue } = rig()
    for (let sequence = 0; sequence < 0xffff; sequence += 1) {
      receive(small(sequence))
      takeAndGrant(deliveryQueue)
    }
    for (const sequence of [0, 1, 0xffff]) receive(small(sequence))
    expect(takenFrom(deliveryQueue)).toEqual(['ff', '00', '01'])
    expect(receive(small(0xffff))).toBe('accepted')
    expect(takenFrom(deliveryQueue)).toEqual([])
  })

  it('takes a sequence at the end of the window, and none beyond it', () => {
    const { receive, stats } = rig()
    expect(receive(small(SEQUENCE_WINDOW - 1))).toBe('accepted')
    expect(receive(small(SEQUENCE_WINDOW))).toBe('violation')
    expect(stats.violations).toBe(1)
  })

  it('puts fragments together in whatever order they come, between the messages around them', () => {
    const { receive, deliveryQueue } = rig()
    const message = countingBytes(1000)
    const [first, ...others] = fragmentFrames(reliable, 1, message, 300)
    for (const frame of others) receive(frame)
    receive(small(2))
    receive(small(0))
    expect(takenFrom(deliveryQueue)).toEqual(['00'])
    if (first !== undefined) receive(first)
    expect(takenFrom(deliveryQueue)).toEqual([toHex(message), '02'])
  })

  it('drops fragments that it has', () => {
    const { receive, deliveryQueue, stats } = rig()
    const message = countingBytes(300)
    const frames = fragmentFrames(reliable, 0, message, 150)
    for (const frame of [frames[0], frames[0], frames[1], frames[1]]) if (frame) receive(frame)
    expect(takenFrom(deliveryQueue)).toEqual([toHex(message)])
    expect(stats.duplicates).toBe(2)
  })

  it('calls it a violation when fragments contradict each other, or a message is first in fragments and then whole', () => {
    const { receive } = rig()
    const [first] = fragmentFrames(reliable, 0, countingBytes(300), 150)
    const [, otherSize] = fragmentFrames(reliable, 0, countingBytes(300), 160)
    const [otherLast] = fragmentFrames(reliable, 0, countingBytes(450), 150)
    if (!first || !otherSize || !otherLast) throw new Error('No frames')
    expect([first, otherSize, otherLast, small(0)].map(receive)).toEqual([
      'accepted',
      'violation',
      'violation',
      'violation',
    ])
  })

  it('calls a message a violation that is larger than allowed', () => {
    const { receive } = rig()
    const [first] = fragmentFrames(reliable, 0, countingBytes(MAX_MESSAGE_BYTES + 1000), 1000)
    expect(first && receive(first)).toBe('violation')
  })

  it('holds a sender to its credit: nothing beyond is held, not even out of order', () => {
    const { receive, deliveryQueue } = rig()
    const large = countingBytes(60_000)
    let accepted = 0
    while (receive(messageFrame(reliable, accepted + 1, large)) === 'accepted') accepted += 1
    expect(accepted).toBe(Math.floor((MAX_MESSAGE_BYTES + 512 * 1024) / (large.length + 64)))
    expect(deliveryQueue.stats.violations).toBe(1)
  })

  it('makes empty messages cost credit too', () => {
    const { receive } = rig()
    const empty = new Uint8Array(0)
    let accepted = 0
    while (accepted < 20_000 && receive(messageFrame(reliable, accepted & 0xffff, empty)) === 'accepted') accepted += 1
    expect(accepted).toBe(Math.floor((MAX_MESSAGE_BYTES + 512 * 1024) / 64))
  })

  it('does not hold on to a whole packet for a small message that waits', () => {
    const { receive, deliveryQueue } = rig()
    const frame = messageFrame(reliable, 1, byte(1), { padding: 200 })
    const { buffer } = frame.bytes
    receive(frame)
    receive(small(0))
    deliveryQueue.poll()
    expect(deliveryQueue.poll()?.message.buffer).not.toBe(buffer)
  })
})
