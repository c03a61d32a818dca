import { describe, expect, it } from 'vitest'
import { costOf } from '../../../lib/reliable/channel/delivery-queue.ts'
import { DeliveryCode } from '../../../lib/reliable/wire/frame.ts'
import { countingBytes, fragmentFrames, messageFrame } from '../../support/frames.ts'
import { byte, createDeliveryQueue } from '../../support/receiving.ts'

const { reliable, sequenced } = DeliveryCode
const MAX_MESSAGE_BYTES = 1000
const UNCREDITED_BYTES = MAX_MESSAGE_BYTES + 1024 * 1024

describe('DeliveryQueue', () => {
  it('hands messages over in the order in which they were complete', () => {
    const deliveryQueue = createDeliveryQueue()
    deliveryQueue.deliver(sequenced, 4, byte(1))
    deliveryQueue.deliver(reliable, 0, byte(2))
    expect(deliveryQueue.poll()).toEqual({ type: 'message', message: byte(1), delivery: 'sequenced', channel: 4 })
    expect(deliveryQueue.poll()).toEqual({ type: 'message', message: byte(2), delivery: 'reliable', channel: 0 })
    expect(deliveryQueue.poll()).toBeUndefined()
  })

  it('has room for the largest message and 1 MiB of what costs no credit', () => {
    const deliveryQueue = createDeliveryQueue(MAX_MESSAGE_BYTES)
    expect([deliveryQueue.hold(UNCREDITED_BYTES), deliveryQueue.hold(1)]).toEqual([true, false])
    deliveryQueue.release(1)
    expect(deliveryQueue.hold(1)).toBe(true)
  })

  it('has room again for a message that was handed over', () => {
    const deliveryQueue = createDeliveryQueue(MAX_MESSAGE_BYTES)
    deliveryQueue.hold(UNCREDITED_BYTES)
    deliveryQueue.deliver(sequenced, 0, countingBytes(100))
    deliveryQueue.poll()
    expect([deliveryQueue.hold(165), deliveryQueue.hold(164)]).toEqual([false, true])
  })

  it('grants credit for a reliable message when it is handed over, and not before', () => {
    const deliveryQueue = createDeliveryQueue(MAX_MESSAGE_BYTES)
    deliveryQueue.credit.claim(0, 300_064)
    deliveryQueue.deliver(reliable, 0, countingBytes(300_000))
    expect(deliveryQueue.credit.hasDue).toBe(false)
    deliveryQueue.poll()
    expect(deliveryQueue.credit.nextLimit).toBe(300_064 + MAX_MESSAGE_BYTES + 512 * 1024)
  })
})

describe('costOf', () => {
  it('is the length and 64 for a message, which are counted with its first fragment when it has some', () => {
    expect(costOf(messageFrame(reliable, 0, countingBytes(10)))).toBe(74)
    expect(fragmentFrames(reliable, 0, countingBytes(310), 150).map(costOf)).toEqual([214, 150, 10])
  })
})
