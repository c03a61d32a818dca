import { describe, expect, it } from 'vitest'
import { LinkedList } from '../../../lib/reliable/channel/linked-list.ts'
import { OutgoingFragments } from '../../../lib/reliable/channel/outgoing-fragments.ts'
import { MessagePool, type OutgoingMessage } from '../../../lib/reliable/channel/outgoing-message.ts'

/** Fragments of which all were written once. */
function written(count: number): OutgoingFragments {
  const fragments = new OutgoingFragments(count * 200, 200)
  for (let index = 0; index < count; index += 1) fragments.noteWritten(index)
  return fragments
}

/** The lost ones, in the order in which they are written again. */
function writeAllLost(fragments: OutgoingFragments): number[] {
  const order: number[] = []
  for (let index = fragments.nextLost(); index >= 0; index = fragments.nextLost()) {
    order.push(index)
    fragments.noteWritten(index)
  }
  return order
}

describe('OutgoingFragments', () => {
  it('are as many as it takes, the last one shorter', () => {
    const fragments = new OutgoingFragments(1001, 500)
    expect([fragments.last, fragments.lengthOf(0, 1001), fragments.lengthOf(2, 1001)]).toEqual([2, 500, 1])
    expect(new OutgoingFragments(1000, 500).last).toBe(1)
  })

  it('are wholly written after the last one was', () => {
    const fragments = new OutgoingFragments(600, 200)
    fragments.noteWritten(0)
    fragments.noteWritten(1)
    expect([fragments.next, fragments.isWhollyWritten]).toEqual([2, false])
    fragments.noteWritten(2)
    expect(fragments.isWhollyWritten).toBe(true)
  })

  it('are wholly acknowledged after each one was, once', () => {
    const fragments = written(2)
    fragments.noteAcked(0)
    fragments.noteAcked(0)
    expect(fragments.isWhollyAcked).toBe(false)
    fragments.noteAcked(1)
    expect(fragments.isWhollyAcked).toBe(true)
  })

  it('are written again when they are lost, going round', () => {
    const fragments = written(100)
    for (const index of [70, 3, 99, 31, 32]) fragments.noteLost(index, 1)
    expect(writeAllLost(fragments)).toEqual([3, 31, 32, 70, 99])
    for (const index of [5, 98]) fragments.noteLost(index, 1)
    expect(writeAllLost(fragments)).toEqual([5, 98])
    expect(fragments.hasLost).toBe(false)
  })

  it('go on after the one that was written again last', () => {
    const fragments = written(100)
    fragments.noteLost(60, 1)
    writeAllLost(fragments)
    for (const index of [10, 60, 61]) fragments.noteLost(index, 1)
    expect(writeAllLost(fragments)).toEqual([61, 10, 60])
  })

  it('are written as often again as was said', () => {
    const fragments = written(3)
    fragments.noteLost(0, 2)
    fragments.noteLost(2, 2)
    expect(writeAllLost(fragments)).toEqual([0, 2, 0, 2])
  })

  it('are not lost while another packet with them is in flight', () => {
    const fragments = written(2)
    fragments.noteWritten(0)
    fragments.noteLost(0, 1)
    expect(fragments.hasLost).toBe(false)
    fragments.noteLost(0, 1)
    expect(fragments.nextLost()).toBe(0)
  })

  it('are lost no more once they are acknowledged', () => {
    const fragments = written(2)
    fragments.noteLost(1, 1)
    fragments.noteAcked(1)
    expect([fragments.hasLost, fragments.nextLost()]).toEqual([false, -1])
    fragments.noteLost(1, 1)
    expect(fragments.hasLost).toBe(false)
  })

  it('know the oldest that was written and is not acknowledged', () => {
    const fragments = new OutgoingFragments(1000, 200)
    expect(fragments.oldestUnacked()).toBe(-1)
    fragments.noteWritten(0)
    fragments.noteWritten(1)
    expect(fragments.oldestUnacked()).toBe(0)
    fragments.noteAcked(0)
    expect(fragments.oldestUnacked()).toBe(1)
    fragments.noteAcked(1)
    expect(fragments.oldestUnacked()).toBe(-1)
  })
})

describe('MessagePool', () => {
  it('gives records out again, as new, with another generation', () => {
    const pool = new MessagePool()
    const message = pool.take()
    const { generation } = message
    Object.assign(message, { length: 1, count: 2, sequence: 5, timesWritten: 2, inFlight: 1, resends: 1 })
    pool.give(message)
    const again = pool.take()
    expect(again).toBe(message)
    expect(again.generation).not.toBe(generation)
    expect(again).toMatchObject({
      length: 0,
      count: 1,
      sequence: -1,
      timesWritten: 0,
      inFlight: 0,
      resends: 0,
      hasBegun: false,
    })
  })

  it('takes records out of whichever lists they are in', () => {
    const pool = new MessagePool()
    const message = pool.take()
    const lists = Array.from({ length: 3 }, () => new LinkedList<OutgoingMessage>())
    lists[0]?.append(message.queueLink)
    lists[1]?.append(message.unackedLink)
    lists[2]?.append(message.repeatLink)
    pool.give(message)
    expect(lists.map(({ size }) => size)).toEqual([0, 0, 0])
  })
})
