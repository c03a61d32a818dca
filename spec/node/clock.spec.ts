import { describe, expect, it } from 'vitest'
import { monotonicMs } from '../../lib/node/clock.ts'
import { until } from './loopback.ts'

describe('monotonicMs', () => {
  it('goes on and never back', async () => {
    const start = monotonicMs()
    let last = start
    let stepsBack = 0

    await until(() => {
      const now = monotonicMs()
      if (now < last) stepsBack += 1
      last = now
      return now > start
    })

    expect(stepsBack).toBe(0)
  })

  it('has parts of a millisecond', () => {
    const times = Array.from({ length: 1000 }, () => monotonicMs())

    expect(times.some((time) => !Number.isInteger(time))).toBe(true)
  })
})
