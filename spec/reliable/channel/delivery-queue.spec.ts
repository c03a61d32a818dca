import { describe, expect, it } from 'vitest'
import { costOf } from '../../../lib/reliable/channel/delivery-queue.ts'
import { DeliveryCode } from '../../../lib/reliable/wire/frame.ts'
import { countingBytes, fragmentFrames, messageFrame } from '../../support/frames.ts'
import { byte, createHandover } from '../../support/receiving.ts'

const { reliable, sequenced } = DeliveryCode
const MAX_MESSAGE_BYTES = 1000
const UNCREDITED_BYTES = MAX_MESSAGE_BYTES + 1024 * 1024

describe('Handover', () => {
  it('hands messages over in the order in which they were complete', () => {
    const handover = createHandover()
    handover.deliver(sequenced, 4, byte(1))
    handover.deliver(reliable, 0, byte(2))
    expect(handover.poll()).toEqual({ type: 'message', message: byte(1), delivery: 'sequenced', channel: 4 })
    expect(handover.poll()).toEqual({ type: 'message', message: byte(2), delivery: 'reliable', channel: 0 })
    expect(handover.poll()).toBeUndefined()
  })

  it('has room for the largest message and 1 MiB of what costs no credit', () => {
    const handover = createHandover(MAX_MESSAGE_BYTES)
    expect([handover.hold(UNCREDITED_BYTES), handover.hold(1)]).toEqual([true, false])
    handover.release(1)
    expect(handover.hold(1)).toBe(true)
  })

  it('has room again for a message that was handed over', () => {
    const handover = createHandover(MAX_MESSAGE_BYTES)
    handover.hold(UNCREDITED_BYTES)
    handover.deliver(sequenced, 0, countingBytes(100))
    handover.poll()
    expect([handover.hold(165), handover.hold(164)]).toEqual([false, true])
  })

  it('grants credit for a reliable message when it is handed over, and not before', () => {
    const handover = createHandover(MAX_MESSAGE_BYTES)
    handover.credit.claim(0, 300_064)
    handover.deliver(reliable, 0, countingBytes(300_000))
    expect(handover.credit.hasDue).toBe(false)
    handover.poll()
    expect(handover.credit.nextLimit).toBe(300_064 + MAX_MESSAGE_BYTES + 512 * 1024)
  })
})

describe('costOf', () => {
  it('is the length and 64 for a message, which are counted with its first fragment when it has some', () => {
    expect(costOf(messageFrame(reliable, 0, countingBytes(10)))).toBe(74)
    expect(fragmentFrames(reliable, 0, countingBytes(310), 150).map(costOf)).toEqual([214, 150, 10])
  })
})
