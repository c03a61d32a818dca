import { ticks } from 'udpipe'
import { beforeEach, describe, expect, it, vi } from 'vitest'

/** The time that `ticks` sees: it passes while `ticks` sleeps, as long as it wants and a little more. */
const time = vi.hoisted(() => ({ now: 0, latenessMs: 0, sleeps: [] as number[] }))

vi.mock('../../lib/node/clock.ts', () => ({ monotonicMs: () => time.now }))
vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number, _value: undefined, { signal }: { signal?: AbortSignal } = {}) => {
    if (signal?.aborted === true) return Promise.reject(new Error('aborted'))
    time.sleeps.push(ms)
    time.now += ms + time.latenessMs
    return Promise.resolve()
  },
}))

beforeEach(() => {
  time.now = 1_000
  time.latenessMs = 0
  time.sleeps = []
})

describe('ticks', () => {
  it('yields the seconds since the last tick', async () => {
    expect(await take(ticks(50), 3)).toEqual([0.02, 0.02, 0.02])
  })

  it('counts the time that the loop’s body takes', async () => {
    const dts: number[] = []
    for await (const dt of ticks(50)) {
      time.now += 15
      if (dts.push(dt) === 3) break
    }

    expect(dts).toEqual([0.02, 0.02, 0.02])
    expect(time.sleeps).toEqual([20, 5, 5])
  })

  it('keeps its rate without drift where the interval is no whole millisecond', async () => {
    await take(ticks(60), 600)

    expect(time.now - 1_000).toBeCloseTo(10_000, -1)
  })

  it('keeps its rate without drift where every sleep is too long', async () => {
    time.latenessMs = 0.7

    await take(ticks(60), 600)

    expect(time.now - 1_000).toBeGreaterThan(9_990)
    expect(time.now - 1_000).toBeLessThan(10_010)
  })

  it('adds up to the time that passed', async () => {
    time.latenessMs = 3.3

    const dts = await take(ticks(30), 100)

    expect(dts.reduce((sum, dt) => sum + dt, 0)).toBeCloseTo((time.now - 1_000) / 1_000, 9)
  })

  it('catches up on a few ticks at once, and gives up the rest', async () => {
    const dts: number[] = []
    for await (const dt of ticks(100)) {
      if (dts.push(dt) === 1) time.now += 10_000
      if (dts.length === 12) break
    }

    const late = dts.indexOf(Math.max(...dts))
    expect(dts[late]).toBeCloseTo(10, 1)
    const caughtUp = dts.slice(late + 1).filter((dt) => dt === 0)
    expect(caughtUp.length).toBeGreaterThan(0)
    expect(caughtUp.length).toBeLessThanOrEqual(6)
    expect(dts.at(-1)).toBeCloseTo(0.01, 9)
  })

  it('ends without an error when its signal aborts', async () => {
    const over = new AbortController()
    const dts: number[] = []
    for await (const dt of ticks(50, { signal: over.signal })) {
      if (dts.push(dt) === 3) over.abort()
    }

    expect(dts).toHaveLength(3)
  })

  it('does not begin when its signal has aborted', async () => {
    expect(await take(ticks(50, { signal: AbortSignal.abort() }), 3)).toEqual([])
  })

  it('takes rates below one', async () => {
    expect(await take(ticks(0.5), 2)).toEqual([2, 2])
  })
})

async function take(source: AsyncIterable<number>, count: number): Promise<number[]> {
  const taken: number[] = []
  for await (const dt of source) if (taken.push(dt) === count) break
  return taken
}
