import { describe, expect, it } from 'vitest'
import { SEQUENCE_WINDOW } from '../../../lib/reliable/channel/reliable.ts'
import { ReliableUnorderedReceiver } from '../../../lib/reliable/channel/reliable-unordered.ts'
import { DeliveryCode, type Frame } from '../../../lib/reliable/wire/frame.ts'
import { Random } from '../../../lib/simulator/random.ts'
import { countingBytes, fragmentFrames, messageFrame } from '../../support/frames.ts'
import { toHex } from '../../support/packet-description.ts'
import { byte, createDeliveryQueue, takeAndGrant, takenFrom } from '../../support/receiving.ts'

const { reliableUnordered } = DeliveryCode

function rig() {
  const deliveryQueue = createDeliveryQueue()
  const receiver = new ReliableUnorderedReceiver(0, deliveryQueue)
  return { deliveryQueue, receive: (frame: Frame) => receiver.receive(0, 0, frame), stats: deliveryQueue.stats }
}

function small(sequence: number): Frame {
  return messageFrame(reliableUnordered, sequence, byte(sequence & 0xff))
}

describe('ReliableUnorderedReceiver', () => {
  it('hands messages over as they come', () => {
    const { receive, deliveryQueue } = rig()
    for (const sequence of [2, 0, 3, 1]) receive(small(sequence))
    expect(takenFrom(deliveryQueue)).toEqual(['02', '00', '03', '01'])
  })

  it('hands each over once', () => {
    const { receive, deliveryQueue, stats } = rig()
    for (const sequence of [2, 2, 0, 0, 1, 2, 1, 0]) expect(receive(small(sequence))).toBe('accepted')
    expect(takenFrom(deliveryQueue)).toEqual(['02', '00', '01'])
    expect(stats.duplicates).toBe(5)
  })

  it('takes a sequence at the end of the window, and none beyond it', () => {
    const { receive } = rig()
    expect(receive(small(SEQUENCE_WINDOW))).toBe('violation')
    expect(receive(small(SEQUENCE_WINDOW - 1))).toBe('accepted')
    receive(small(0))
    expect(receive(small(SEQUENCE_WINDOW))).toBe('accepted')
    expect(receive(small(SEQUENCE_WINDOW))).toBe('accepted')
  })

  it('tells copies apart across the wrap of the sequence, in any order', () => {
    const { receive, deliveryQueue } = rig()
    const random = new Random(1)
    let pending: number[] = []
    let handedOver = 0
    for (let sequence = 0; sequence < 70_000; sequence += 1) {
      pending.push(sequence, sequence)
      if (pending.length < 60) continue
      pending = pending.filter((waiting) => {
        if (random.chance(0.5) && waiting > sequence - 2000) return true
        receive(small(waiting & 0xffff))
        return false
      })
      handedOver += takeAndGrant(deliveryQueue)
    }
    for (const waiting of pending) receive(small(waiting & 0xffff))
    handedOver += takeAndGrant(deliveryQueue)
    expect(handedOver).toBe(70_000)
    expect(deliveryQueue.stats).toMatchObject({ duplicates: 70_000, violations: 0 })
  })

  it('hands a fragmented message over when it is complete, and lets others pass', () => {
    const { receive, deliveryQueue } = rig()
    const message = countingBytes(400)
    const [first, second, third] = fragmentFrames(reliableUnordered, 0, message, 150)
    if (!first || !second || !third) throw new Error('No frames')
    for (const frame of [first, third, small(1), second, second]) receive(frame)
    expect(takenFrom(deliveryQueue)).toEqual(['01', toHex(message)])
    expect(deliveryQueue.stats.duplicates).toBe(1)
  })
})
