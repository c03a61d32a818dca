import { describe, expect, it } from 'vitest'
import { createStats } from '../../lib/session/stats.ts'
import { Traffic } from '../../lib/session/traffic.ts'

describe('Traffic', () => {
  it('counts the datagrams of each direction and their bytes, and says how fast they go', () => {
    const stats = createStats()
    const traffic = new Traffic(0, stats)
    for (let now = 10; now <= 10_000; now += 10) {
      traffic.sent(20)
      if (now % 20 === 0) traffic.received(5)
      traffic.advance(now)
    }
    expect(stats).toMatchObject({ sentPackets: 1_000, sentBytes: 20_000, receivedPackets: 500, receivedBytes: 2_500 })
    expect(stats.sendRate).toBeCloseTo(2_000, -1)
    expect(stats.receiveRate).toBeCloseTo(250, -1)
  })
})
