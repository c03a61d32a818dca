import { describe, expect, it } from 'vitest'
import { AckSchedule } from '../../../lib/reliable/recovery/ack-schedule.ts'
import { MAX_ACK_DELAY_MS } from '../../../lib/reliable/recovery/rtt.ts'

const MTU_BYTES = 1_200
const SMALL = 80

describe('AckSchedule', () => {
  it('owes nothing at first', () => {
    const schedule = new AckSchedule(MTU_BYTES)

    expect(schedule.isOwed).toBe(false)
    expect(schedule.dueAt).toBe(Infinity)
  })

  it('acks what is waited for at once when nothing else leaves soon', () => {
    const schedule = new AckSchedule(MTU_BYTES)
    schedule.onPacketReceived(100, SMALL, true, Infinity)

    expect(schedule.isOwed).toBe(true)
    expect(schedule.dueAt).toBe(100)
  })

  it('lets an ack ride on the next datagram of the program', () => {
    const schedule = new AckSchedule(MTU_BYTES)
    schedule.onPacketReceived(100, SMALL, true, 112)
    schedule.onPacketReceived(105, SMALL, true, 112)

    expect(schedule.dueAt).toBe(112)
  })

  it('does not wait for a datagram that is far off', () => {
    const schedule = new AckSchedule(MTU_BYTES)
    schedule.onPacketReceived(100, SMALL, true, 100 + MAX_ACK_DELAY_MS + 1)

    expect(schedule.dueAt).toBe(100)
  })

  it('acks every second packet that fills a datagram, whatever the program does', () => {
    const schedule = new AckSchedule(MTU_BYTES)
    schedule.onAckSent(99)
    schedule.onPacketReceived(100, MTU_BYTES, true, Infinity)
    const dueAfterOne = schedule.dueAt
    schedule.onPacketReceived(100.5, MTU_BYTES, true, 110)

    expect(dueAfterOne).toBe(103)
    expect(schedule.dueAt).toBe(100.5)
  })

  it('takes its time with what nobody waits for', () => {
    const schedule = new AckSchedule(MTU_BYTES)
    schedule.onPacketReceived(100, SMALL, false, Infinity)

    expect(schedule.dueAt).toBe(100 + MAX_ACK_DELAY_MS)
  })

  it('is done when an ack left', () => {
    const schedule = new AckSchedule(MTU_BYTES)
    schedule.onPacketReceived(100, SMALL, true, Infinity)
    schedule.onAckSent(100)

    expect(schedule.isOwed).toBe(false)
    expect(schedule.dueAt).toBe(Infinity)
    expect(schedule.lastReceivedAt).toBe(100)
  })

  it('never owes an ack for longer than the longest delay', () => {
    for (const isAwaited of [true, false]) {
      for (let nextDatagramAt = 100; nextDatagramAt < 300; nextDatagramAt += 7) {
        const schedule = new AckSchedule(MTU_BYTES)
        schedule.onAckSent(99)
        schedule.onPacketReceived(100, SMALL, isAwaited, nextDatagramAt)
        expect(schedule.dueAt).toBeLessThanOrEqual(100 + MAX_ACK_DELAY_MS)
      }
    }
  })
})
