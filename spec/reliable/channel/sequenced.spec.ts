import { describe, expect, it } from 'vitest'
import { SequencedReceiver } from '../../../lib/reliable/channel/sequenced.ts'
import { DeliveryCode, type Frame } from '../../../lib/reliable/wire/frame.ts'
import { countingBytes, fragmentFrames, messageFrame } from '../../support/frames.ts'
import { toHex } from '../../support/packet-description.ts'
import { byte, createDeliveryQueue, takenFrom } from '../../support/receiving.ts'

const { sequenced } = DeliveryCode
const NO_SEQUENCE = -1

function rig(maxMessageBytes?: number) {
  const deliveryQueue = createDeliveryQueue(maxMessageBytes)
  const receiver = new SequencedReceiver(0, deliveryQueue)
  const receive = (packetNumber: number, frame: Frame | undefined, now = 0) =>
    frame && receiver.receive(now, packetNumber, frame)
  return { deliveryQueue, receiver, receive, stats: deliveryQueue.stats }
}

function small(value: number): Frame {
  return messageFrame(sequenced, NO_SEQUENCE, byte(value))
}

describe('SequencedReceiver', () => {
  it('hands over what is newer, and drops what is older', () => {
    const { receive, deliveryQueue, stats } = rig()
    for (const packetNumber of [1, 3, 2, 4]) expect(receive(packetNumber, small(packetNumber))).toBe('accepted')
    expect(takenFrom(deliveryQueue)).toEqual(['01', '03', '04'])
    expect(stats.droppedLate).toBe(1)
  })

  it('hands over all of one packet', () => {
    const { receive, deliveryQueue } = rig()
    for (const value of [1, 2, 3]) receive(9, small(value))
    expect(takenFrom(deliveryQueue)).toEqual(['01', '02', '03'])
  })

  it('hands over a newer one however many were lost before it', () => {
    const { receive, deliveryQueue } = rig()
    receive(5, small(1))
    receive(5 + 100_000, small(2))
    expect(takenFrom(deliveryQueue)).toEqual(['01', '02'])
  })

  it('hands over a fragmented message when it is complete', () => {
    const { receive, deliveryQueue } = rig()
    const message = countingBytes(400)
    const [first, second, third] = fragmentFrames(sequenced, 0, message, 150)
    receive(3, third)
    receive(1, first)
    receive(2, second)
    expect(takenFrom(deliveryQueue)).toEqual([toHex(message)])
  })

  it('drops a fragmented one that is complete only after a newer message', () => {
    const { receive, deliveryQueue, stats } = rig()
    const [first, second] = fragmentFrames(sequenced, 0, countingBytes(300), 150)
    receive(2, second)
    receive(2, small(9))
    receive(1, first)
    expect(takenFrom(deliveryQueue)).toEqual(['09'])
    expect(stats.droppedLate).toBe(1)
  })

  it('hands over two fragmented ones of which the first was completed late, the newer alone', () => {
    const { receive, deliveryQueue } = rig()
    const older = fragmentFrames(sequenced, 0, countingBytes(300), 150)
    const newer = fragmentFrames(sequenced, 1, countingBytes(300, 5), 150)
    receive(1, older[0])
    receive(3, newer[0])
    receive(4, newer[1])
    receive(2, older[1])
    expect(takenFrom(deliveryQueue)).toEqual([toHex(countingBytes(300, 5))])
  })

  it('keeps four incomplete messages, and drops the oldest for a fifth', () => {
    const { receive, deliveryQueue, stats } = rig()
    const messages = Array.from({ length: 5 }, (_, i) => countingBytes(300, i))
    const frames = messages.map((message, i) => fragmentFrames(sequenced, i, message, 150))
    frames.forEach(([first], i) => receive(i, first))
    expect(stats.droppedIncomplete).toBe(1)
    frames.slice(1).forEach(([, second], i) => receive(i + 10, second))
    expect(takenFrom(deliveryQueue)).toEqual(messages.slice(1).map(toHex))
  })

  it('drops an incomplete message of which nothing has arrived for 2 seconds', () => {
    const { receive, receiver, deliveryQueue, stats } = rig()
    const [first, second, third] = fragmentFrames(sequenced, 0, countingBytes(400), 150)
    receive(1, first, 1000)
    receive(2, second, 2500)
    receiver.expire(4500)
    expect(stats.droppedIncomplete).toBe(0)
    receiver.expire(4501)
    expect(stats.droppedIncomplete).toBe(1)
    receive(3, third, 4600)
    expect(takenFrom(deliveryQueue)).toEqual([])
  })

  it('takes fragments that do not fit for those of another message of the same sequence', () => {
    const { receive, deliveryQueue, stats } = rig()
    const [first] = fragmentFrames(sequenced, 7, countingBytes(300), 150)
    const message = countingBytes(500, 3)
    receive(1, first)
    fragmentFrames(sequenced, 7, message, 200).forEach((frame, i) => receive(100_000 + i, frame))
    expect(takenFrom(deliveryQueue)).toEqual([toHex(message)])
    expect(stats).toMatchObject({ droppedIncomplete: 1, violations: 0 })
  })

  it('drops what there is no room for, until messages are taken', () => {
    const { receive, deliveryQueue, stats } = rig(1000)
    const limit = Math.floor((1000 + 1024 * 1024) / (1000 + 64))
    for (let i = 0; i <= limit; i += 1) receive(i, messageFrame(sequenced, NO_SEQUENCE, countingBytes(1000)))
    expect(stats.droppedUnread).toBe(1)
    expect(takenFrom(deliveryQueue)).toHaveLength(limit)
    receive(limit + 1, small(1))
    expect(takenFrom(deliveryQueue)).toEqual(['01'])
  })

  it('gives back the room of all that it drops', () => {
    const { receive, receiver, deliveryQueue, stats } = rig(1000)
    for (let i = 0; i < 5000; i += 1) {
      const [first, second] = fragmentFrames(sequenced, i & 0xffff, countingBytes(900), 500)
      receive(2 * i, first, i)
      if (i % 3 === 0) receive(2 * i + 1, second, i)
      if (i % 100 === 0) receiver.expire(i + 5000)
      receive(2 * i - 1000, small(1))
      deliveryQueue.poll()
    }
    receiver.expire(1_000_000)
    takenFrom(deliveryQueue)
    expect(stats.droppedUnread).toBe(0)
    expect(deliveryQueue.hold(1000 + 1024 * 1024)).toBe(true)
  })
})
