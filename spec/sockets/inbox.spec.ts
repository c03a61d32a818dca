import { describe, expect, it } from 'vitest'
import { Inbox } from '../../lib/sockets/inbox.ts'

const inboxOf = (maxInboxMessages: number, maxInboxBytes: number): Inbox<string, string> =>
  new Inbox({ maxInboxMessages, maxInboxBytes })

describe('an inbox', () => {
  it('hands out what came, oldest first, and counts it', () => {
    const inbox = inboxOf(10, 100)
    inbox.push('a', 1)
    inbox.push('b', 2)

    expect([inbox.length, inbox.bytes]).toEqual([2, 3])
    expect([inbox.take(), inbox.take(), inbox.take()]).toEqual(['a', 'b', undefined])
    expect([inbox.length, inbox.bytes]).toEqual([0, 0])
  })

  it('says pause once at its limit of messages, and resume once below half of it', () => {
    const inbox = inboxOf(4, 100)

    expect(['a', 'b', 'c', 'd', 'e'].map((text) => inbox.push(text, 1))).toEqual([false, false, false, true, false])
    const resumes = Array.from({ length: 5 }, () => [inbox.take(), inbox.pollResume()][1])
    expect(resumes).toEqual([false, false, false, true, false])
  })

  it('does so at its limit of bytes, too', () => {
    const inbox = inboxOf(100, 10)

    expect([inbox.push('a', 4), inbox.push('b', 6)]).toEqual([false, true])
    inbox.take()
    expect(inbox.pollResume()).toBe(false)
    inbox.take()
    expect(inbox.pollResume()).toBe(true)
  })

  it('resumes when it is empty, however small its limits are', () => {
    const inbox = inboxOf(1, 1)

    expect(inbox.push('', 0)).toBe(true)
    inbox.take()
    expect(inbox.pollResume()).toBe(true)
  })

  it('keeps those who wait in the order they came, and lets any of them leave', () => {
    const inbox = inboxOf(4, 100)
    for (const waiter of ['first', 'second', 'third']) inbox.wait(waiter)

    expect([inbox.leave('second'), inbox.leave('second')]).toEqual([true, false])
    expect([inbox.hasWaiters, inbox.nextWaiter(), inbox.takeWaiters(), inbox.hasWaiters]).toEqual([
      true,
      'first',
      ['third'],
      false,
    ])
  })

  it('throws away what waits, and says how much', () => {
    const inbox = inboxOf(4, 100)
    inbox.push('a', 1)
    inbox.push('b', 1)

    expect([inbox.clear(), inbox.length, inbox.bytes, inbox.take()]).toEqual([2, 0, 0, undefined])
  })
})
