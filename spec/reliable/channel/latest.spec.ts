import { describe, expect, it } from 'vitest'
import { LatestReceiver } from '../../../lib/reliable/channel/latest.ts'
import { DeliveryCode, type Frame } from '../../../lib/reliable/wire/frame.ts'
import { countingBytes, fragmentFrames, messageFrame } from '../../support/frames.ts'
import { toHex } from '../../support/packet-description.ts'
import { byte, createDeliveryQueue, MAX_MESSAGE_BYTES, takenFrom } from '../../support/receiving.ts'

const { latest } = DeliveryCode

function rig(maxMessageBytes?: number) {
  const deliveryQueue = createDeliveryQueue(maxMessageBytes)
  const receiver = new LatestReceiver(0, deliveryQueue)
  return {
    deliveryQueue,
    receive: (frame: Frame | undefined) => frame && receiver.receive(0, 0, frame),
    stats: deliveryQueue.stats,
  }
}

function small(sequence: number): Frame {
  return messageFrame(latest, sequence, byte(sequence & 0xff))
}

describe('LatestReceiver', () => {
  it('hands over what is newer, and drops copies and what is older', () => {
    const { receive, deliveryQueue, stats } = rig()
    for (const sequence of [0, 2, 1, 2, 5]) expect(receive(small(sequence))).toBe('accepted')
    expect(takenFrom(deliveryQueue)).toEqual(['00', '02', '05'])
    expect(stats).toMatchObject({ droppedLate: 1, duplicates: 1 })
  })

  it('goes on across the wrap of the sequence', () => {
    const { receive, deliveryQueue } = rig()
    for (let sequence = 0; sequence <= 0xffff; sequence += 1) {
      receive(small(sequence))
      deliveryQueue.poll()
    }
    receive(small(0))
    receive(small(0xffff))
    expect(takenFrom(deliveryQueue)).toEqual(['00'])
  })

  it('puts a fragmented message together', () => {
    const { receive, deliveryQueue } = rig()
    const message = countingBytes(400)
    for (const frame of fragmentFrames(latest, 0, message, 150).toReversed()) receive(frame)
    expect(takenFrom(deliveryQueue)).toEqual([toHex(message)])
  })

  it('keeps the newest incomplete message alone', () => {
    const { receive, deliveryQueue, stats } = rig()
    const older = fragmentFrames(latest, 0, countingBytes(300), 150)
    const message = countingBytes(300, 1)
    const newer = fragmentFrames(latest, 1, message, 150)
    for (const frame of [older[0], newer[0], older[1], newer[1]]) receive(frame)
    expect(takenFrom(deliveryQueue)).toEqual([toHex(message)])
    expect(stats).toMatchObject({ droppedIncomplete: 1, droppedLate: 1 })
  })

  it('drops an incomplete message when a newer whole one comes, and goes on with one that is newer yet', () => {
    const { receive, deliveryQueue, stats } = rig()
    const incomplete = fragmentFrames(latest, 1, countingBytes(300), 150)
    receive(incomplete[0])
    receive(small(0))
    expect(stats.droppedIncomplete).toBe(0)
    receive(small(2))
    expect(stats.droppedIncomplete).toBe(1)
    receive(incomplete[1])
    expect(takenFrom(deliveryQueue)).toEqual(['00', '02'])
  })

  it('calls fragments that contradict each other a violation, and a message that is first in fragments and then whole', () => {
    const { receive } = rig()
    const [first] = fragmentFrames(latest, 3, countingBytes(300), 150)
    const [other] = fragmentFrames(latest, 3, countingBytes(450), 150)
    expect([first, other, small(3)].map(receive)).toEqual(['accepted', 'violation', 'violation'])
  })

  it('calls a message a violation that is larger than allowed', () => {
    const { receive } = rig()
    const [first] = fragmentFrames(latest, 0, countingBytes(MAX_MESSAGE_BYTES + 1000), 1000)
    expect(receive(first)).toBe('violation')
  })

  it('refuses what there is no room for, so that it comes again, and takes it when there is', () => {
    const { receive, deliveryQueue, stats } = rig(1000)
    const limit = Math.floor((1000 + 1024 * 1024) / (1000 + 64))
    for (let sequence = 0; sequence < limit; sequence += 1) {
      expect(receive(messageFrame(latest, sequence, countingBytes(1000)))).toBe('accepted')
    }
    const next = messageFrame(latest, limit, countingBytes(1000))
    expect(receive(next)).toBe('refused')
    expect(stats.refused).toBe(1)
    expect(takenFrom(deliveryQueue)).toHaveLength(limit)
    expect(receive(next)).toBe('accepted')
    expect(takenFrom(deliveryQueue)).toHaveLength(1)
  })

  it('refuses fragments that there is no room for, and goes on with the message when there is', () => {
    const { receive, deliveryQueue } = rig(1000)
    deliveryQueue.hold(1000 + 1024 * 1024 - 400)
    const message = countingBytes(300)
    const [first, second] = fragmentFrames(latest, 0, message, 250)
    expect([receive(first), receive(messageFrame(latest, 9, countingBytes(200))), receive(second)]).toEqual([
      'accepted',
      'refused',
      'accepted',
    ])
    expect(takenFrom(deliveryQueue)).toEqual([toHex(message)])
  })

  it('gives back the room of all that it drops', () => {
    const { receive, deliveryQueue } = rig(1000)
    for (let sequence = 0; sequence < 3000; sequence += 1) {
      const [first, second] = fragmentFrames(latest, sequence, countingBytes(900), 500)
      receive(second)
      if (sequence % 3 === 0) receive(first)
      if (sequence % 5 === 0) receive(small(sequence + 1))
      takenFrom(deliveryQueue)
    }
    receive(small(4000))
    takenFrom(deliveryQueue)
    expect(deliveryQueue.hold(1000 + 1024 * 1024)).toBe(true)
  })
})
