import { describe, expect, it } from 'vitest'
import { SendRhythm } from '../../../lib/reliable/congestion/send-rhythm.ts'
import { Random } from '../../../lib/simulator/index.ts'

/** A rhythm after datagrams of 70 bytes at these times. */
function rhythmOf(times: Iterable<number>): SendRhythm {
  const rhythm = new SendRhythm()
  for (const time of times) rhythm.note(time, 70)
  return rhythm
}

function* everyMs(intervalMs: number, count: number, jitterMs = 0): Generator<number> {
  const random = new Random(1)
  for (let i = 0; i < count; i += 1) yield 1_000 + i * intervalMs + random.between(0, jitterMs)
}

describe('SendRhythm', () => {
  it('finds the interval of a program', () => {
    expect(rhythmOf(everyMs(33, 60)).intervalMs).toBeCloseTo(33, 0)
    expect(rhythmOf(everyMs(16, 200, 8)).intervalMs).toBeGreaterThan(13)
    expect(rhythmOf(everyMs(16, 200, 8)).intervalMs).toBeLessThan(19)
  })

  it('takes what leaves in one step for one', () => {
    const rhythm = rhythmOf([...everyMs(20, 50)].flatMap((time) => [time, time, time + 0.5]))

    expect(rhythm.intervalMs).toBeCloseTo(20, 0)
  })

  it('does not take a pause for an interval', () => {
    const rhythm = rhythmOf([...everyMs(20, 50), 9_000, 9_020])

    expect(rhythm.intervalMs).toBeCloseTo(20, 0)
  })

  it('keeps the interval within what copies can follow', () => {
    expect(rhythmOf(everyMs(2, 100)).intervalMs).toBeGreaterThanOrEqual(4)
    expect(rhythmOf(everyMs(140, 100)).intervalMs).toBeLessThanOrEqual(60)
  })

  it('expects the next datagram of a regular program, until it is overdue', () => {
    const rhythm = rhythmOf(everyMs(20, 50))
    const lastAt = 1_000 + 49 * 20

    expect(rhythm.nextAt(lastAt + 5)).toBeGreaterThan(lastAt + 20)
    expect(rhythm.nextAt(lastAt + 5)).toBeLessThan(lastAt + 30)
    expect(rhythm.nextAt(lastAt + 30)).toBe(Infinity)
  })

  it('expects nothing of a program that has just begun, or paused', () => {
    expect(rhythmOf([1_000, 1_020]).nextAt(1_025)).toBe(Infinity)
    expect(rhythmOf([...everyMs(20, 50), 9_000]).nextAt(9_005)).toBe(Infinity)
  })

  it('knows how much a datagram carries', () => {
    const rhythm = new SendRhythm()
    const before = rhythm.bytes
    for (let i = 0; i < 60; i += 1) rhythm.note(i * 16, i < 30 ? 500 : 20)

    expect(before).toBeNaN()
    expect(rhythm.bytes).toBeGreaterThan(20)
    expect(rhythm.bytes).toBeLessThan(40)
  })
})
