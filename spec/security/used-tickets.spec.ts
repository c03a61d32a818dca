import { describe, expect, it } from 'vitest'
import { UsedTickets } from '../../lib/security/used-tickets.ts'

describe('UsedTickets', () => {
  it('lets a ticket be used once', () => {
    const used = new UsedTickets(10)
    expect(used.take(0, 'a', 1_000)).toBe('taken')
    expect(used.take(1, 'a', 1_000)).toBe('used')
    expect(used.take(1, 'b', 1_000)).toBe('taken')
  })

  it('lets one that was released be used again', () => {
    const used = new UsedTickets(10)
    used.take(0, 'a', 1_000)
    used.release('a')
    expect(used.take(1, 'a', 1_000)).toBe('taken')
  })

  it('refuses new ones when it is full, and forgets none that has not expired', () => {
    const used = new UsedTickets(3)
    for (const [i, id] of ['a', 'b', 'c'].entries()) used.take(0, id, 1_000 + i)
    expect(used.take(999, 'd', 5_000)).toBe('full')
    expect(used.take(999, 'a', 1_000)).toBe('used')
    expect(used.take(1_000, 'd', 5_000)).toBe('taken')
    expect(used.take(1_000, 'e', 5_000)).toBe('full')
    expect(used.take(1_000, 'b', 1_001)).toBe('used')
  })

  it('remembers little more than it has to', () => {
    const used = new UsedTickets(65_536)
    for (let now = 0; now < 20_000; now += 1) {
      used.take(now, `ticket ${now}`, now + 100)
      expect(used.size).toBeLessThanOrEqual(201)
    }
  })
})
