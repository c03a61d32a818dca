import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MessageMemory, messagesOf } from '../../../lib/reliable/channel/message-memory.ts'
import { OutgoingFragments } from '../../../lib/reliable/channel/outgoing-fragments.ts'
import { MessagePool, type OutgoingMessage } from '../../../lib/reliable/channel/outgoing-message.ts'
import { DeliveryCode } from '../../../lib/reliable/wire/frame.ts'
import { full } from '../../support/sending.ts'
import { fuzzRuns } from '../../support/fuzz-runs.ts'

const MAX_BYTES = 500
const pool = new MessagePool()

/** A run of these messages, which all have to fit. */
function runOf(memory: MessageMemory, messages: readonly Uint8Array[]): OutgoingMessage {
  const run = pool.take()
  const [first = new Uint8Array(0), ...others] = messages
  memory.place(run, first)
  for (const message of others) expect(extend(memory, run, message)).toBe(true)
  return run
}

function extend(memory: MessageMemory, run: OutgoingMessage, message: Uint8Array): boolean {
  return memory.extend(run, message, DeliveryCode.reliable, MAX_BYTES)
}

describe('the memory of messages', () => {
  it('keeps a copy, so that the caller may write on', () => {
    const bytes = full(1)
    const run = runOf(new MessageMemory(), [bytes])
    bytes.fill(2)
    expect(messagesOf(run)).toEqual([full(1)])
  })

  it('keeps further messages behind the one before them', () => {
    const run = runOf(new MessageMemory(), [full(1, 3), full(2, 0), full(3, 70)])
    expect(run).toMatchObject({ count: 3, length: 73 })
    expect(messagesOf(run)).toEqual([full(1, 3), full(2, 0), full(3, 70)])
  })

  it('keeps no message behind one that another has come to lie behind', () => {
    const memory = new MessageMemory()
    const run = runOf(memory, [full(1)])
    memory.place(pool.take(), full(2))
    expect(extend(memory, run, full(3))).toBe(false)
    expect(messagesOf(run)).toEqual([full(1)])
  })

  it('makes no run longer than it may be', () => {
    const memory = new MessageMemory()
    const run = runOf(memory, [full(1, 60)])
    while (extend(memory, run, full(2, 60)));
    expect(run.count).toBe(8)
    expect(run.end - run.start).toBeLessThanOrEqual(MAX_BYTES)
  })

  it('keeps large messages, and those in fragments, by themselves', () => {
    const memory = new MessageMemory()
    const large = runOf(memory, [full(1, 60_000)])
    expect(extend(memory, large, full(2))).toBe(false)
    expect(messagesOf(large)).toEqual([full(1, 60_000)])
    const fragmented = pool.take()
    fragmented.fragments = new OutgoingFragments(2_000, 1_000)
    memory.placeWhole(fragmented, full(3, 2_000))
    expect(messagesOf(fragmented)).toEqual([full(3, 2_000)])
  })

  it('goes on in new memory when it is full', () => {
    const memory = new MessageMemory()
    const runs = Array.from({ length: 100 }, (_, i) => runOf(memory, [full(i, 1_000)]))
    expect(runs.flatMap(messagesOf)).toEqual(runs.map((_, i) => full(i, 1_000)))
  })

  it('splits off the first messages of a run, as many as fit', () => {
    const memory = new MessageMemory()
    const run = runOf(memory, [full(1, 10), full(2, 10), full(3, 10)])
    const part = pool.take()
    expect(memory.split(run, part, 11 + 12, 3)).toBe(true)
    expect([messagesOf(part), messagesOf(run)]).toEqual([[full(1, 10), full(2, 10)], [full(3, 10)]])
    expect([part.length, run.length]).toEqual([20, 10])
  })

  it('splits off nothing when not even the first message fits', () => {
    const memory = new MessageMemory()
    const run = runOf(memory, [full(1, 10), full(2, 10)])
    expect(memory.split(run, pool.take(), 10, 2)).toBe(false)
    expect(messagesOf(run)).toEqual([full(1, 10), full(2, 10)])
  })

  it('loses nothing by splitting, wherever that is', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 80 }), { minLength: 2, maxLength: 6 })
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 520 }), (lengths, room) => {
        const memory = new MessageMemory()
        const messages = lengths.map((length, i) => full(i, length))
        const run = runOf(memory, messages)
        const part = pool.take()
        const isSplit = memory.split(run, part, room, 4)
        expect(isSplit ? [...messagesOf(part), ...messagesOf(run)] : messagesOf(run)).toEqual(messages)
        expect(run.count).toBeGreaterThan(0)
        if (isSplit) expect(part.end - part.start).toBeLessThanOrEqual(room)
      }),
      fuzzRuns(1000),
    )
  })
})
