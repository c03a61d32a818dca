import { describe, expect, it } from 'vitest'
import { Inbox } from '../../lib/port/inbox.ts'

const source = { host: '127.0.0.1', port: 1234 }

describe('an inbox', () => {
  it('is empty at first', () => {
    const inbox = new Inbox(4)

    expect(inbox.take()).toBeUndefined()
    expect(inbox.length).toBe(0)
  })

  it('gives back what was put in, with its source and its time', () => {
    const inbox = new Inbox(4)
    const bytes = Buffer.from('hello')

    inbox.put(bytes, source, 12.5)

    const taken = inbox.take()
    expect(taken).toEqual({ bytes, source, arrivedAtMs: 12.5 })
    expect(taken?.bytes).toBe(bytes)
    expect(taken?.source).toBe(source)
  })

  it('keeps the order while it grows and its ring turns', () => {
    const inbox = new Inbox(1000)
    const taken: number[] = []
    let put = 0
    // Three in and two out each time: the ring grows with its head at all kinds of places.
    for (let round = 0; round < 600; round += 1) {
      for (let n = 0; n < 3; n += 1) inbox.put(Buffer.from(String(put)), { host: '127.0.0.1', port: put }, put++)
      for (let n = 0; n < 2; n += 1) taken.push(takeNumber(inbox))
    }
    while (inbox.length > 0) taken.push(takeNumber(inbox))

    expect(taken).toEqual(Array.from({ length: 1800 }, (_, index) => index))
  })

  it('drops the oldest beyond its number of datagrams, and says so', () => {
    const inbox = new Inbox(3)

    const dropped = [1, 2, 3, 4, 5].map((n) => inbox.put(Buffer.from(String(n)), source, n))

    expect(dropped).toEqual([0, 0, 0, 1, 1])
    expect(inbox.length).toBe(3)
    expect([inbox.take()?.arrivedAtMs, inbox.take()?.arrivedAtMs, inbox.take()?.arrivedAtMs]).toEqual([3, 4, 5])
  })

  it('drops as many of the oldest as a large one needs the room of', () => {
    const inbox = new Inbox(10, 100)
    for (let n = 1; n <= 5; n += 1) inbox.put(Buffer.alloc(20), source, n)

    expect(inbox.put(Buffer.alloc(50), source, 6)).toBe(3)

    expect([inbox.take()?.arrivedAtMs, inbox.take()?.arrivedAtMs, inbox.take()?.arrivedAtMs]).toEqual([4, 5, 6])
  })

  it('takes one that is larger than all of it, alone', () => {
    const inbox = new Inbox(10, 100)
    inbox.put(Buffer.alloc(20), source, 1)

    expect(inbox.put(Buffer.alloc(200), source, 2)).toBe(1)

    expect(inbox.take()?.bytes.length).toBe(200)
  })

  it('has room again for the bytes that were taken', () => {
    const inbox = new Inbox(10, 100)
    for (let n = 0; n < 50; n += 1) {
      expect(inbox.put(Buffer.alloc(60), source, n)).toBe(0)
      inbox.take()
    }
  })

  it('holds nothing after it was cleared, and works on', () => {
    const inbox = new Inbox(4, 100)
    for (let n = 0; n < 4; n += 1) inbox.put(Buffer.alloc(25), source, n)

    inbox.clear()

    expect(inbox.take()).toBeUndefined()
    expect(inbox.put(Buffer.alloc(100), source, 5)).toBe(0)
    expect(inbox.take()?.arrivedAtMs).toBe(5)
  })
})

/** Takes a datagram whose bytes, source and time say the same number. */
function takeNumber(inbox: Inbox): number {
  const taken = inbox.take()
  const n = Number(taken?.bytes.toString())
  expect(taken).toMatchObject({ source: { port: n }, arrivedAtMs: n })
  return n
}
