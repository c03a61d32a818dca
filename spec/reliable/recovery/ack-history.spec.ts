import { describe, expect, it } from 'vitest'
import { ACK_WINDOW, AckHistory } from '../../../lib/reliable/recovery/ack-history.ts'
import { Random } from '../../../lib/simulator/index.ts'

describe('AckHistory', () => {
  it('knows nothing before the first packet', () => {
    const history = new AckHistory(0)

    expect(history.isEmpty).toBe(true)
    expect(history.has(0)).toBe(false)
    expect(history.isNew(0)).toBe(true)
  })

  it('drops what it has seen', () => {
    const history = new AckHistory(0)
    history.add(0, 10)

    expect(history.isNew(0)).toBe(false)
    expect(history.isNew(1)).toBe(true)
  })

  it('takes overtaken packets once', () => {
    const history = new AckHistory(0)
    history.add(5, 10)

    expect(history.isNew(3)).toBe(true)
    history.add(3, 11)
    expect(history.isNew(3)).toBe(false)
    expect(history.largest).toBe(5)
    expect(history.largestArrivedAt).toBe(10)
  })

  it('takes what fell out of the window for old', () => {
    const history = new AckHistory(0)
    history.add(ACK_WINDOW, 10)

    expect(history.isNew(0)).toBe(false)
    expect(history.isNew(1)).toBe(true)
  })

  it('forgets all when the numbers leap ahead', () => {
    const history = new AckHistory(0)
    for (let number = 0; number < 100; number += 1) history.add(number, number)
    history.add(10 * ACK_WINDOW, 200)

    expect(history.has(10 * ACK_WINDOW)).toBe(true)
    expect(history.missingBits(32)).toBe(0xffff_ffff)
  })

  it('states the packets before the largest that are missing, and none from before the first', () => {
    const history = new AckHistory(100)
    for (const number of [100, 102, 105]) history.add(number, 0)

    expect(history.missingBits(32)).toBe(0b1011)
    expect(history.missingBits(1)).toBe(0b1)
  })

  it('asks for acks that reach down to what few acks have stated', () => {
    const history = new AckHistory(0)
    for (let number = 0; number < 1_000; number += 1) history.add(number, number)
    const floorBefore = history.floor
    for (let acks = 0; acks < 3; acks += 1) history.noteStated()
    const floorAfterThree = history.floor
    history.noteStated()

    expect(floorBefore).toBe(0)
    expect(floorAfterThree).toBe(0)
    expect(history.floor).toBeGreaterThan(900)
    expect(history.floor).toBeLessThanOrEqual(999)
  })

  it.each([0, 2 ** 16 - 300, 2 ** 32 - 300, 2 ** 40 + 7])('agrees with a set of numbers, from %i on', (first) => {
    const random = new Random(first % 1_000)
    const history = new AckHistory(first)
    const seen = new Set<number>()
    let largest = first - 1
    for (let i = 0; i < 5_000; i += 1) {
      const leap = random.chance(0.01) ? 500 : 1
      const number = random.chance(0.7) ? largest + random.integer(1, leap) : largest - random.integer(0, 200)
      if (number < first) continue
      expect(history.isNew(number)).toBe(number > largest || !seen.has(number))
      if (!history.isNew(number)) continue
      history.add(number, i)
      seen.add(number)
      largest = Math.max(largest, number)
    }

    expect(history.largest).toBe(largest)
    for (let number = largest; number > largest - ACK_WINDOW && number >= first; number -= 1) {
      expect(history.has(number)).toBe(seen.has(number))
    }
  })
})
