import { describe, expect, it } from 'vitest'
import type { Connection } from '../../../lib/reliable/connection/connection.ts'
import { CloseSender } from '../../../lib/reliable/connection/close-sender.ts'
import { createConnection } from '../../support/plain-pair.ts'

const bye = { code: 1, reason: 'bye', isFinal: true }

/** When the other side hears CLOSE, as long as it does not answer, and when the sender is over. */
function hear(sender: CloseSender, connection: Connection): { heard: number[]; over: number } {
  const other = createConnection(false)
  const into = new Uint8Array(1_200)
  const heard: number[] = []
  for (let now = 0; now <= 20_000; now += 1) {
    if (sender.dueAt(now) > now) continue
    if (sender.advance(now, Infinity)) return { heard, over: now }
    sender.say(now)
    other.handleDatagram(now, into.slice(0, connection.pollTransmit(now, into)))
    for (let event = other.pollEvent(); event !== undefined; event = other.pollEvent()) {
      if (event.type !== 'peer-close') continue
      expect(event).toEqual({ type: 'peer-close', ...bye })
      heard.push(now)
    }
  }
  return { heard, over: NaN }
}

describe('CloseSender', () => {
  it('says CLOSE at once when nothing is queued, and again, ever more slowly, for two and a half seconds', () => {
    const connection = createConnection(true, { handshakeRttMs: 50 })
    const { heard, over } = hear(new CloseSender(0, connection, bye), connection)
    const gaps = heard.slice(1).map((at, i) => at - (heard[i] ?? 0))
    expect(heard[0]).toBe(0)
    expect(gaps.length).toBeGreaterThan(2)
    expect(gaps.length).toBeLessThan(12)
    for (const [i, gap] of gaps.entries()) expect(gap).toBeGreaterThanOrEqual(gaps[i - 1] ?? 0)
    expect(over).toBe(2_500)
  })

  it('waits three times as long as an answer takes on a slow link, and says CLOSE once a second', () => {
    const connection = createConnection(true, { handshakeRttMs: 1_000 })
    const { heard, over } = hear(new CloseSender(0, connection, bye), connection)
    expect(heard).toEqual(Array.from(heard, (_, i) => i * 1_000))
    expect(over).toBeCloseTo(3 * connection.probeTimeoutMs, -1)
  })

  it('is over after ten seconds, however long answers seem to take', () => {
    const connection = createConnection(true, { handshakeRttMs: 9_000 })
    const { heard, over } = hear(new CloseSender(0, connection, bye), connection)
    expect(heard).toHaveLength(10)
    expect(over).toBe(10_000)
  })

  it('waits for what is queued, but no longer than three seconds', () => {
    const connection = createConnection(true, { handshakeRttMs: 50 })
    connection.send(0, new Uint8Array(10), 'reliable', 0)
    const { heard, over } = hear(new CloseSender(0, connection, bye), connection)
    expect(heard[0]).toBe(3_000)
    expect(over).toBe(5_500)
  })

  it('does not count the time that its owner slept', () => {
    const connection = createConnection(true, { handshakeRttMs: 50 })
    const sender = new CloseSender(0, connection, bye)
    sender.say(0)
    expect(sender.advance(60_000, 100)).toBe(false)
    expect(sender.advance(120_000, 2_400)).toBe(true)
  })
})
