import { describe, expect, it } from 'vitest'
import type { DataLink } from '../../../lib/reliable/connection/data-link.ts'
import { CloseSender } from '../../../lib/reliable/connection/close-sender.ts'
import { openLink } from '../../support/plain-pair.ts'
import { createSettings } from '../../support/settings.ts'

const NO_PREFIX = new Uint8Array(0)

/** When the other side hears CLOSE, as long as it does not answer, and when the farewell is over. */
function hear(farewell: CloseSender, link: DataLink): { heard: number[]; over: number } {
  const other = openLink(false).link
  const into = new Uint8Array(1_200)
  const heard: number[] = []
  for (let now = 0; now <= 20_000; now += 1) {
    if (farewell.dueAt(now) > now) continue
    if (farewell.advance(now, Infinity)) return { heard, over: now }
    farewell.say(now)
    other.receive(now, into.slice(0, link.transmitBehind(NO_PREFIX, now, into)), 0)
    for (let event = other.poll(); event !== undefined; event = other.poll()) {
      if (event.type !== 'peer-close') continue
      expect(event).toEqual({ type: 'peer-close', code: 1, reason: 'bye' })
      heard.push(now)
    }
  }
  return { heard, over: NaN }
}

describe('CloseSender', () => {
  it('says CLOSE at once when nothing is queued, and again, ever more slowly, for two and a half seconds', () => {
    const { link } = openLink()
    const { heard, over } = hear(new CloseSender(0, link, 1, 'bye'), link)
    const gaps = heard.slice(1).map((at, i) => at - (heard[i] ?? 0))
    expect(heard[0]).toBe(0)
    expect(gaps.length).toBeGreaterThan(2)
    expect(gaps.length).toBeLessThan(12)
    for (const [i, gap] of gaps.entries()) expect(gap).toBeGreaterThanOrEqual(gaps[i - 1] ?? 0)
    expect(over).toBe(2_500)
  })

  it('waits three times as long as an answer takes on a slow link, and says CLOSE once a second', () => {
    const { link } = openLink(true, createSettings(), 1_000)
    const { heard, over } = hear(new CloseSender(0, link, 1, 'bye'), link)
    expect(heard).toEqual(Array.from(heard, (_, i) => i * 1_000))
    expect(over).toBeCloseTo(3 * link.probeTimeoutMs, -1)
  })

  it('is over after ten seconds, however long answers seem to take', () => {
    const { link } = openLink(true, createSettings(), 9_000)
    const { heard, over } = hear(new CloseSender(0, link, 1, 'bye'), link)
    expect(heard).toHaveLength(10)
    expect(over).toBe(10_000)
  })

  it('waits for what is queued, but no longer than three seconds', () => {
    const { link } = openLink()
    link.send(0, new Uint8Array(10), 'reliable', 0)
    const { heard, over } = hear(new CloseSender(0, link, 1, 'bye'), link)
    expect(heard[0]).toBe(3_000)
    expect(over).toBe(5_500)
  })

  it('does not count the time that its owner slept', () => {
    const { link } = openLink()
    const farewell = new CloseSender(0, link, 1, 'bye')
    farewell.say(0)
    expect(farewell.advance(60_000, 100)).toBe(false)
    expect(farewell.advance(120_000, 2_400)).toBe(true)
  })
})
