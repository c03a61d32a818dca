import { describe, expect, it } from 'vitest'
import { PingStatistics } from '../../lib/cli/ping-statistics.ts'

describe('PingStatistics', () => {
  it('sums up round trips, their deviation, and the jitter of RFC 3550', () => {
    const statistics = new PingStatistics()
    for (const [i, rttMs] of [10, 20, 30, 20].entries()) {
      statistics.send(i * 1_000)
      statistics.answer(i * 1_000 + rttMs, rttMs)
    }

    // J += (|D| - J) / 16, for three differences of 10.
    const jitterMs = [10, 10, 10].reduce((jitter, difference) => jitter + (difference - jitter) / 16, 0)
    expect(statistics.jitterMs).toBeCloseTo(jitterMs)
    expect(statistics.deviationMs).toBeCloseTo(Math.sqrt(50))
    expect(statistics.toLines()).toEqual([
      '4 pings sent, 4 answered, 0 % lost',
      `rtt min/avg/max/mdev = 10.000/20.000/30.000/7.071 ms, jitter ${jitterMs.toFixed(3)} ms`,
    ])
  })

  it('counts what has no answer as lost', () => {
    const statistics = new PingStatistics()
    for (const now of [0, 1_000, 2_000]) statistics.send(now)
    statistics.answer(2_005, 5)

    expect(statistics.lossRate).toBeCloseTo(2 / 3)
    expect(statistics.toLines()[0]).toBe('3 pings sent, 1 answered, 66.7 % lost')
  })

  it('tells by its round trip which ping an answer is to', () => {
    const statistics = new PingStatistics()
    for (const now of [0, 100, 200]) statistics.send(now)

    expect(statistics.answer(250, 250)).toBe(1)
    expect(statistics.answer(260, 60)).toBe(3)
    // It was held for 40 ms on its way through the other side, which is no part of the round trip.
    expect(statistics.answer(300, 160)).toBe(2)
  })

  it('makes nothing of an answer to no ping of its own', () => {
    const statistics = new PingStatistics()
    expect(statistics.answer(10, 5)).toBeUndefined()
    statistics.send(100)
    statistics.answer(110, 10)

    expect(statistics.answer(111, 11)).toBeUndefined()
    expect(statistics.answeredCount).toBe(1)
  })

  it('has no figures without an answer, and no loss without a ping', () => {
    const statistics = new PingStatistics()
    expect(statistics.lossRate).toBe(0)
    statistics.send(0)

    expect(statistics.toLines()).toEqual(['1 pings sent, 0 answered, 100 % lost'])
  })

  it('forgets the oldest of many that have no answer', () => {
    const statistics = new PingStatistics()
    for (let i = 0; i < 17; i += 1) statistics.send(i * 10)

    expect(statistics.answer(170, 170)).toBeUndefined()
    expect(statistics.answer(170, 160)).toBe(2)
  })
})
