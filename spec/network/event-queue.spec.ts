import { describe, expect, it } from 'vitest'
import { EVENT_ERROR, EVENT_RECEIVE, type NetworkEvent } from '../../lib/network/event.ts'
import { EventQueue } from '../../lib/network/event-queue.ts'

const table = (i: number): NetworkEvent =>
  ({ Event: EVENT_RECEIVE, Timestamp: 0, Errors: 'OK', Packet: [i] }) as unknown as NetworkEvent
const error = { Event: EVENT_ERROR, Timestamp: 0, Errors: 'OK' } as unknown as NetworkEvent
const numbersOf = (events: readonly NetworkEvent[]): unknown[] =>
  events.map((event) => (event as unknown as { Packet: number[] }).Packet[0])
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

describe('an event queue', () => {
  it('gives events oldest first, and has room for 2,000', () => {
    const queue = new EventQueue(true)
    const lost = range(0, 5_000).map((i) => queue.push(table(i), 10))
    expect(numbersOf(lost.filter((event) => event !== undefined))).toEqual(range(0, 3_000))
    expect([queue.length, queue.bytes]).toEqual([2_000, 20_000])
    expect(numbersOf(queue.poll())).toEqual(range(3_000, 5_000))
    expect([queue.length, queue.bytes, queue.poll()]).toEqual([0, 0, []])
  })

  it('that loses no table grows by what comes from connections, and takes no more errors', () => {
    const queue = new EventQueue(false)
    for (const i of range(0, 100)) queue.push(table(i), 1)
    expect(numbersOf(queue.poll())).toEqual(range(0, 100))
    for (const i of range(0, 5_000)) expect(queue.push(table(i), 1)).toBe(undefined)
    expect(queue.push(error, 0)).toBe(error)
    expect(numbersOf(queue.poll())).toEqual(range(0, 2_000))
    expect(numbersOf(queue.poll())).toEqual(range(2_000, 4_000))
    queue.push(error, 0)
    expect(queue.poll()).toHaveLength(1_001)
    expect(queue.bytes).toBe(0)
  })
})
