import { describe, expect, it } from 'vitest'
import { Outbox } from '../../lib/classic/outbox.ts'
import { createStats } from '../../lib/session/stats.ts'
import { classicSettings } from '../support/classic-probe.ts'

function createOutbox(
  maxQueuedMessages: number,
  maxQueuedBytes: number,
): { outbox: Outbox; stats: ReturnType<typeof createStats> } {
  const stats = createStats()
  return { outbox: new Outbox(classicSettings({ maxQueuedMessages, maxQueuedBytes }), stats), stats }
}

describe('the outbox', () => {
  it('gives messages back in order, and keeps count', () => {
    const { outbox, stats } = createOutbox(10, 100)
    outbox.push(Uint8Array.of(1))
    outbox.push(Uint8Array.of(2, 2))
    expect([stats.queuedMessages, stats.queuedBytes]).toEqual([2, 3])

    expect(outbox.shift()).toEqual(Uint8Array.of(1))
    expect(outbox.shift()).toEqual(Uint8Array.of(2, 2))
    expect(outbox.shift()).toBeUndefined()
    expect(outbox.isEmpty).toBe(true)
    expect([stats.queuedMessages, stats.queuedBytes]).toEqual([0, 0])
  })

  it('takes so many messages and no more, and counts the others', () => {
    const { outbox, stats } = createOutbox(2, 100)
    expect([1, 2, 3, 4].map((byte) => outbox.push(Uint8Array.of(byte)))).toEqual([true, true, false, false])
    expect(stats.refusedMessages).toBe(2)

    outbox.shift()

    expect(outbox.push(Uint8Array.of(5))).toBe(true)
  })

  it('takes so many bytes and no more', () => {
    const { outbox, stats } = createOutbox(100, 10)
    expect(outbox.push(new Uint8Array(6))).toBe(true)
    expect(outbox.push(new Uint8Array(5))).toBe(false)
    expect(outbox.push(new Uint8Array(4))).toBe(true)
    expect([stats.queuedBytes, stats.refusedMessages]).toEqual([10, 1])
  })

  it('hands over all that was not delivered', () => {
    const { outbox, stats } = createOutbox(10, 100)
    outbox.push(Uint8Array.of(1))
    outbox.push(Uint8Array.of(2))
    expect(outbox.takeUndelivered()).toEqual([
      { message: Uint8Array.of(1), delivery: 'unreliable', channel: 0 },
      { message: Uint8Array.of(2), delivery: 'unreliable', channel: 0 },
    ])
    expect(outbox.isEmpty).toBe(true)
    expect(stats.queuedMessages).toBe(0)
  })
})
