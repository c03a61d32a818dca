import { describe, expect, it } from 'vitest'
import { ReceiveCredit, SendCredit } from '../../../lib/reliable/channel/credit.ts'
import { CONNECTION } from '../../../lib/reliable/channel/sent-frames.ts'

const KIB = 1024
const MESSAGE = 100 * KIB
const CHANNEL_WINDOW = MESSAGE + 512 * KIB
const CONNECTION_WINDOW = MESSAGE + 1024 * KIB

describe('SendCredit', () => {
  it('allows a channel the largest message and 512 KiB', () => {
    const credit = new SendCredit(MESSAGE)
    expect([credit.allows(3, CHANNEL_WINDOW), credit.allows(3, CHANNEL_WINDOW + 1)]).toEqual([true, false])
    credit.spend(3, CHANNEL_WINDOW - 10)
    expect([credit.allows(3, 10), credit.allows(3, 11)]).toEqual([true, false])
  })

  it('allows the connection the largest message and 1 MiB, on all channels together', () => {
    const credit = new SendCredit(MESSAGE)
    credit.spend(0, CHANNEL_WINDOW)
    credit.spend(1, 412 * KIB)
    const left = CONNECTION_WINDOW - CHANNEL_WINDOW - 412 * KIB
    expect([credit.allows(2, left), credit.allows(2, left + 1)]).toEqual([true, false])
  })

  it('allows more when both limits are raised', () => {
    const credit = new SendCredit(MESSAGE)
    credit.spend(0, CHANNEL_WINDOW)
    expect(credit.raiseChannel(0, CHANNEL_WINDOW + 5)).toBe(true)
    expect([credit.allows(0, 5), credit.allows(0, 6)]).toEqual([true, false])
    credit.spend(1, CONNECTION_WINDOW - CHANNEL_WINDOW)
    expect(credit.allows(0, 5)).toBe(false)
    expect(credit.raise(CONNECTION_WINDOW + 5)).toBe(true)
    expect(credit.allows(0, 5)).toBe(true)
  })

  it('ignores limits that are not above the one before: they are old', () => {
    const credit = new SendCredit(MESSAGE)
    expect([credit.raise(CONNECTION_WINDOW), credit.raise(0)]).toEqual([false, false])
    expect([credit.raiseChannel(9, CHANNEL_WINDOW), credit.raiseChannel(9, CHANNEL_WINDOW - 1)]).toEqual([false, false])
    expect(credit.allows(9, CHANNEL_WINDOW)).toBe(true)
  })
})

describe('ReceiveCredit', () => {
  it('grants at first what a sender takes for granted', () => {
    const credit = new ReceiveCredit(MESSAGE)
    expect([credit.claim(0, CHANNEL_WINDOW), credit.claim(0, 1)]).toEqual([true, false])
    const left = CONNECTION_WINDOW - CHANNEL_WINDOW
    expect([credit.claim(1, left + 1), credit.claim(1, left), credit.claim(2, 1)]).toEqual([false, true, false])
  })

  it('takes nothing when a claim is refused', () => {
    const credit = new ReceiveCredit(MESSAGE)
    credit.claim(0, CHANNEL_WINDOW + 1)
    expect(credit.claim(0, CHANNEL_WINDOW)).toBe(true)
  })

  it('owes a channel a new limit when 256 KiB were handed over, and the connection one at 512 KiB', () => {
    const credit = new ReceiveCredit(MESSAGE)
    credit.claim(7, 600 * KIB)
    credit.consume(7, 256 * KIB - 1)
    expect(credit.hasDue).toBe(false)
    credit.consume(7, 1)
    expect([credit.hasDue, credit.nextDue, credit.nextLimit]).toEqual([true, 7, 256 * KIB + CHANNEL_WINDOW])
    credit.grantNext()
    expect(credit.hasDue).toBe(false)
    credit.consume(7, 255 * KIB)
    expect(credit.hasDue).toBe(false)
    credit.consume(7, KIB)
    expect([credit.nextDue, credit.nextLimit]).toEqual([CONNECTION, 512 * KIB + CONNECTION_WINDOW])
  })

  it('says the limit of the moment at which it is written', () => {
    const credit = new ReceiveCredit(MESSAGE)
    credit.claim(7, 300 * KIB)
    credit.consume(7, 256 * KIB)
    credit.consume(7, 44 * KIB)
    expect(credit.nextLimit).toBe(300 * KIB + CHANNEL_WINDOW)
  })

  it('holds the sender to the new limit from when it was written', () => {
    const credit = new ReceiveCredit(MESSAGE)
    credit.claim(7, CHANNEL_WINDOW)
    credit.consume(7, 256 * KIB)
    expect(credit.claim(7, 1)).toBe(false)
    credit.grantNext()
    expect([credit.claim(7, 256 * KIB), credit.claim(7, 1)]).toEqual([true, false])
  })

  it('owes a limit anew, once, when the packet with it was lost', () => {
    const credit = new ReceiveCredit(MESSAGE)
    credit.claim(7, 300 * KIB)
    credit.consume(7, 300 * KIB)
    credit.grantNext()
    credit.noteLost(7)
    credit.noteLost(7)
    credit.noteLost(CONNECTION)
    expect([credit.nextDue, credit.nextLimit]).toEqual([7, 300 * KIB + CHANNEL_WINDOW])
    credit.grantNext()
    expect(credit.nextDue).toBe(CONNECTION)
    credit.grantNext()
    expect(credit.hasDue).toBe(false)
  })

  it('always leaves a sender the credit for a message of the largest size, with every limit it owes withheld', () => {
    const sender = new SendCredit(MESSAGE)
    const receiver = new ReceiveCredit(MESSAGE)
    sender.spend(0, 256 * KIB - 1)
    receiver.claim(0, 256 * KIB - 1)
    receiver.consume(0, 256 * KIB - 1)
    expect(receiver.hasDue).toBe(false)
    expect(sender.allows(0, MESSAGE + 64)).toBe(true)
  })
})
