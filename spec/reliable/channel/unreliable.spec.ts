import { describe, expect, it } from 'vitest'
import { UnreliableReceiver } from '../../../lib/reliable/channel/unreliable.ts'
import { DeliveryCode, type Frame } from '../../../lib/reliable/wire/frame.ts'
import { countingBytes, fragmentFrames, messageFrame } from '../../support/frames.ts'
import { toHex } from '../../support/packet-description.ts'
import { byte, createDeliveryQueue, MAX_MESSAGE_BYTES, takenFrom } from '../../support/receiving.ts'

const { unreliable } = DeliveryCode

function rig() {
  const deliveryQueue = createDeliveryQueue()
  const receiver = new UnreliableReceiver(5, deliveryQueue)
  const receive = (packetNumber: number, frame: Frame | undefined) => frame && receiver.receive(0, packetNumber, frame)
  return { deliveryQueue, receiver, receive, stats: deliveryQueue.stats }
}

describe('UnreliableReceiver', () => {
  it('hands messages over as they come', () => {
    const { receive, deliveryQueue } = rig()
    for (const packetNumber of [3, 1, 2]) receive(packetNumber, messageFrame(unreliable, -1, byte(packetNumber)))
    expect(takenFrom(deliveryQueue)).toEqual(['03', '01', '02'])
  })

  it('says by which delivery and on which channel they came', () => {
    const { receive, deliveryQueue } = rig()
    receive(1, messageFrame(unreliable, -1, byte(1)))
    expect(deliveryQueue.poll()).toMatchObject({ type: 'message', delivery: 'unreliable', channel: 5 })
  })

  it('puts fragments together, of several messages at once', () => {
    const { receive, deliveryQueue } = rig()
    const messages = [countingBytes(400), countingBytes(400, 1)]
    const [one = [], two = []] = messages.map((message, i) => fragmentFrames(unreliable, i, message, 150))
    for (const frame of [one[0], two[2], two[0], one[2], two[1], one[1]]) receive(1, frame)
    expect(takenFrom(deliveryQueue)).toEqual([toHex(countingBytes(400, 1)), toHex(countingBytes(400))])
  })

  it('drops an incomplete message after 2 seconds', () => {
    const { receive, receiver, stats } = rig()
    receive(1, fragmentFrames(unreliable, 0, countingBytes(300), 150)[0])
    receiver.expire(2000)
    expect(stats.droppedIncomplete).toBe(0)
    receiver.expire(2001)
    expect(stats.droppedIncomplete).toBe(1)
  })

  it('calls a message a violation that is larger than allowed', () => {
    const { receive } = rig()
    expect(receive(1, fragmentFrames(unreliable, 0, countingBytes(MAX_MESSAGE_BYTES + 1000), 1000)[0])).toBe(
      'violation',
    )
  })
})
