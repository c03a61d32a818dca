import { describe, expect, it } from 'vitest'
import { Copies, groupBit, type CopyPolicy } from '../../../lib/reliable/channel/copies.ts'
import { MessagePool, type OutgoingMessage } from '../../../lib/reliable/channel/outgoing-message.ts'

const policy: CopyPolicy = { copies: 3, gapMs: 10, lateAfterMs: 100, lateGapMs: 30 }
const NO_PACKET = -1

const pool = new MessagePool()

/** A message that was written so often, first and last at these times. */
function inFlight(
  copies: Copies,
  order: number,
  firstSentAt: number,
  timesWritten = 1,
  lastSentAt = firstSentAt,
): OutgoingMessage {
  const message = pool.take()
  Object.assign(message, { order, firstSentAt, lastSentAt, timesWritten, lastPacketNumber: order })
  copies.noteWritten(message)
  return message
}

describe('Copies', () => {
  it('are due a gap after the last writing, while there are fewer than the policy wants', () => {
    const copies = new Copies()
    const message = inFlight(copies, 0, 1000)
    expect(copies.nextAt(policy)).toBe(1010)
    expect(copies.oldestDue(1009, policy, NO_PACKET, 0)).toBeUndefined()
    expect(copies.oldestDue(1010, policy, NO_PACKET, 0)).toBe(message)
  })

  it('are due later when there are enough: when the message is late, and then at the late gap', () => {
    const copies = new Copies()
    const message = inFlight(copies, 0, 1000, 3, 1020)
    expect(copies.nextAt(policy)).toBe(1100)
    Object.assign(message, { timesWritten: 4, lastSentAt: 1100 })
    copies.noteWritten(message)
    expect(copies.nextAt(policy)).toBe(1130)
  })

  it('are never due when the policy wants none', () => {
    const copies = new Copies()
    inFlight(copies, 0, 1000)
    const none = { copies: 0, gapMs: 0, lateAfterMs: Infinity, lateGapMs: Infinity }
    expect(copies.nextAt(none)).toBe(Infinity)
    expect(copies.oldestDue(99_999, none, NO_PACKET, 0)).toBeUndefined()
  })

  it('are of the oldest message first, however often it was written', () => {
    const copies = new Copies()
    const newer = inFlight(copies, 2, 1000, 1)
    const older = inFlight(copies, 1, 900, 2, 1000)
    expect(copies.oldestDue(1010, policy, NO_PACKET, 0)).toBe(older)
    expect(copies.oldestDue(1010, policy, NO_PACKET, groupBit(older))).toBe(newer)
  })

  it('are not for a packet that has the message already', () => {
    const copies = new Copies()
    inFlight(copies, 5, 1000)
    expect(copies.oldestDue(2000, policy, 5, 0)).toBeUndefined()
  })

  it('are of no message that has left', () => {
    const copies = new Copies()
    pool.give(inFlight(copies, 0, 1000))
    expect(copies.nextAt(policy)).toBe(Infinity)
  })

  it('tell messages that were written very often apart no more, and still know them', () => {
    const copies = new Copies()
    const message = inFlight(copies, 0, 1000, 40, 2000)
    expect(copies.oldestDue(2030, policy, NO_PACKET, 0)).toBe(message)
  })

  it('find the earliest time among all', () => {
    const copies = new Copies()
    inFlight(copies, 0, 1000, 2, 1007)
    inFlight(copies, 1, 1003)
    expect(copies.nextAt(policy)).toBe(1013)
  })
})
