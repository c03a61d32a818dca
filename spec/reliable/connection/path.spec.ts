import { describe, expect, it } from 'vitest'
import { Path } from '../../../lib/reliable/connection/path.ts'
import { SendRhythm } from '../../../lib/reliable/congestion/send-rhythm.ts'

const options = { mtuBytes: 1_200, redundancy: 'auto', rhythm: new SendRhythm(), handshakeRttMs: NaN } as const

describe('Path', () => {
  it('knows nothing of the round trip but what the handshake tells', () => {
    expect(new Path(0, options).rtt.hasSample).toBe(false)
    expect(new Path(0, { ...options, handshakeRttMs: 40 }).rtt.smoothedMs).toBe(40)
  })

  it('begins with a congestion window of its own and lets a packet go at once', () => {
    const path = new Path(7, options)

    expect(path.congestion.windowBytes).toBe(32 * 1_200)
    expect(path.pacer.mayRelease(7)).toBe(true)
  })

  it('keeps to the rhythm of the program, which no path changes', () => {
    const rhythm = new SendRhythm()
    for (let now = 0; now < 400; now += 20) new Path(now, { ...options, rhythm }).redundancy.onPacketSent(now, 40, 0)

    expect(new Path(400, { ...options, rhythm }).redundancy.nextNewAt(385)).toBeLessThan(410)
  })

  it('throws a RangeError for a redundancy out of its range', () => {
    expect(() => new Path(0, { ...options, redundancy: 9 })).toThrow(RangeError)
  })
})
