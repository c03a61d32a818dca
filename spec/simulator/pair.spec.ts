import { describe, expect, it } from 'vitest'
import type { SessionEvent } from '../../lib/session/session.ts'
import { Pair, SILENCE_GRACE_MS, Trace } from '../../lib/simulator/index.ts'
import type { LoopOptions, PairOptions } from '../../lib/simulator/index.ts'
import { EchoSession } from '../support/echo-session.ts'
import type { EchoOptions } from '../support/echo-session.ts'

interface SetUp extends Partial<PairOptions> {
  readonly loop?: LoopOptions
  readonly echoLoop?: LoopOptions
  readonly own?: EchoOptions
}

/** One that speaks and one that echoes. */
function setUp({ loop = {}, echoLoop = {}, own = {}, ...options }: SetUp = {}) {
  const sessions: EchoSession[] = []
  const create = (session: EchoSession) => {
    sessions.push(session)
    return session
  }
  const pair = new Pair({
    seed: 1,
    ...options,
    a: { loop, session: ({ now, remote }) => create(new EchoSession(now, remote, own)) },
    b: { loop: echoLoop, session: ({ now, remote }) => create(new EchoSession(now, remote, { isEchoing: true })) },
  })
  const [session, echo] = sessions as [EchoSession, EchoSession]
  const arrivals: { time: number; text: string }[] = []
  pair.a.onEvent = (event) => {
    if (event.type === 'message') arrivals.push({ time: pair.now, text: new TextDecoder().decode(event.message) })
  }
  return { pair, arrivals, session, echo }
}

const isAscending = (times: number[]) => times.every((time, i) => i === 0 || time >= (times[i - 1] ?? 0))

describe('Pair', () => {
  it('carries messages both ways in the time that the links take', () => {
    const { pair, arrivals } = setUp({ link: { delayMs: 25 } })
    pair.run(10)
    expect(pair.a.send('hello')).toBe('accepted')
    pair.run(100)
    expect(arrivals).toEqual([{ time: 60, text: 'hello' }])
    expect([pair.forth.stats.deliveredPackets, pair.back.stats.deliveredPackets]).toEqual([1, 1])
  })

  it('sends at once what is sent between steps, even in a ticking program', () => {
    const { pair } = setUp({ loop: { stepMs: 16 } })
    pair.run(3)
    pair.a.send('now')
    pair.run(0)
    expect(pair.forth.stats.deliveredPackets).toBe(1)
  })

  it('waits for the tick of a ticking program with what arrives', () => {
    const { pair, arrivals } = setUp({ loop: { stepMs: 16, phaseMs: 5 }, link: { delayMs: 10 } })
    pair.at(6, () => pair.a.send('x'))
    pair.run(100)
    expect(arrivals).toEqual([{ time: 37, text: 'x' }])
  })

  it('gives each datagram the time of its arrival, in order', () => {
    const { pair, session } = setUp({ loop: { stepMs: 16 }, link: { delayMs: 10 } })
    pair.every(3, () => pair.a.send('x'))
    pair.run(500)
    expect(session.arrivals.some((time) => time % 16 !== 0 && time % 3 === 2)).toBe(true)
    expect(isAscending(session.arrivals)).toBe(true)
  })

  it('hands in what arrived in a step alone, and not when the program sends between two', () => {
    const { pair, session } = setUp({ loop: { stepMs: 16 }, link: { delayMs: 1 } })
    pair.run(1)
    pair.a.send('x')
    pair.run(5)
    pair.a.send('y')
    expect(session.arrivals).toEqual([])
    pair.run(10)
    expect(session.arrivals).toEqual([3, 8])
  })

  it('leaves a paused program alone and keeps what arrives for it, up to the limit of its inbox', () => {
    const { pair, arrivals } = setUp({ loop: { pauses: [{ fromMs: 100, untilMs: 200 }], inboxPackets: 5 } })
    pair.run(99)
    pair.b.every(10, () => pair.b.send('x'), { untilMs: 199 })
    pair.run(500)
    expect(arrivals.map(({ time }) => time)).toEqual([99, 200, 200, 200, 200, 200])
    expect(pair.a.droppedArrivals).toBe(4)
  })

  it('refuses to send from a paused program, and defers its timers', () => {
    const { pair } = setUp({ loop: { pauses: [{ fromMs: 100, untilMs: 200 }] } })
    const times: number[] = []
    pair.a.every(30, () => times.push(pair.now), { fromMs: 60, untilMs: 260 })
    pair.a.at(150, () => times.push(-pair.now))
    pair.run(150)
    expect(() => pair.a.send('x')).toThrow(/paused/)
    expect(() => pair.a.close()).toThrow(/paused/)
    pair.run(150)
    expect(times).toEqual([60, 90, 200, -200, 210, 240])
  })

  it('counts as silence no more of a pause than was promised, and a little grace', () => {
    const { pair, session } = setUp({
      own: { pingIntervalMs: 1_000 },
      loop: { pauses: [{ fromMs: 100, untilMs: 15_000 }] },
    })
    pair.run(20_000)
    expect(session.silences.length).toBeGreaterThan(2)
    expect(Math.max(...session.silences)).toBe(1_000 + SILENCE_GRACE_MS)
  })

  it('tells a session the whole time when nothing is late', () => {
    const { pair, session } = setUp({ own: { pingIntervalMs: 500 } })
    pair.run(5_000)
    expect(session.silences.reduce((sum, silence) => sum + silence)).toBe(5_000)
  })

  it('tells a lazy program’s session the time only when its deadline has passed', () => {
    const lazy = setUp({ loop: { isLazy: true, stepMs: 10 }, own: { pingIntervalMs: 95 } })
    lazy.pair.run(1_000)
    expect(lazy.session.silences.length).toBe(11)
    expect(lazy.session.silences).toEqual([10, 90, ...new Array<number>(9).fill(100)])
    const eager = setUp({ loop: { stepMs: 10 }, own: { pingIntervalMs: 95 } })
    eager.pair.run(1_000)
    expect(eager.session.silences.length).toBe(100)
  })

  it('has each program live by its own clock', () => {
    const { pair, session, echo, arrivals } = setUp({
      link: { delayMs: 25 },
      own: { pingIntervalMs: 100 },
      loop: { clock: { offsetMs: 1e9, driftPpm: 200 } },
      echoLoop: { clock: { offsetMs: -5_000 } },
    })
    pair.run(1_000)
    pair.a.send('x')
    pair.run(60)
    expect(session.times.at(-1)).toBeGreaterThan(1e9 + 1_000)
    expect(echo.times.at(-1)).toBeLessThan(-3_000)
    expect(arrivals).toEqual([{ time: 1_050, text: 'x' }])
    expect(isAscending(session.times) && isAscending(echo.times)).toBe(true)
  })

  it('settles when no datagram moves any more, and says how long that took', () => {
    const { pair, arrivals } = setUp({ link: { delayMs: 300 } })
    pair.a.send('x')
    expect(pair.settle({ quietMs: 200 })).toBe(800)
    expect(arrivals.length).toBe(1)
    expect(pair.settle()).toBe(200)
  })

  it('throws when it never settles', () => {
    const { pair } = setUp({ own: { pingIntervalMs: 100 } })
    expect(() => pair.settle({ limitMs: 5_000 })).toThrow('still move')
  })

  it('waits for something to come true, up to a limit', () => {
    const { pair, arrivals } = setUp({ link: { delayMs: 10 } })
    pair.a.send('x')
    expect(pair.waitFor(() => arrivals.length === 1)).toBe(true)
    expect(pair.now).toBe(20)
    expect(pair.waitFor(() => arrivals.length === 2, 100)).toBe(false)
    expect(pair.now).toBe(120)
  })

  it('is over when a session has closed: its socket goes and its timers stop', () => {
    const { pair, echo } = setUp({ link: { delayMs: 10 } })
    const events: SessionEvent['type'][] = []
    pair.b.onEvent = ({ type }) => events.push(type)
    let ticks = 0
    pair.a.every(1, () => (ticks += 1))
    pair.at(5.5, () => pair.a.close())
    pair.run(100)
    expect([pair.a.isOver, pair.b.isOver, ticks]).toEqual([true, true, 6])
    expect([echo.state, events]).toEqual(['closed', ['closed']])
    expect(pair.network.isTaken(pair.a.socket.address)).toBe(false)
  })

  it('stops a program without a word', () => {
    const { pair } = setUp({ link: { delayMs: 10 }, own: { pingIntervalMs: 50 } })
    pair.run(60)
    pair.a.stop()
    pair.a.stop()
    pair.b.send('x')
    pair.run(1_000)
    expect([pair.b.isOver, pair.forth.stats.offeredPackets, pair.network.strayPackets]).toEqual([false, 1, 1])
  })

  it('does the same again for the same seed, line by line', () => {
    const run = (seed: number) => {
      const trace = new Trace(10_000)
      const { pair } = setUp({ seed, trace, link: { delayMs: 20, jitterMs: 10, lossRate: 0.1, duplicateRate: 0.1 } })
      pair.a.every(7, () => pair.a.send('x'))
      pair.run(2_000)
      return trace.toString()
    }
    expect(run(1)).toBe(run(1))
    expect(run(2)).not.toBe(run(1))
  })

  it('throws when a session sends without end', () => {
    const { pair, session } = setUp()
    session.pollTransmit = () => 1
    pair.a.send('x')
    expect(() => pair.run(1)).toThrow(/without end/)
  })

  it('throws when a deadline is not a number', () => {
    const { pair, session } = setUp()
    Object.defineProperty(session, 'nextDeadline', { get: () => NaN })
    expect(() => pair.run(1)).toThrow(/a: nextDeadline is NaN/)
  })

  it('throws when a deadline stays in the past', () => {
    const { pair, session } = setUp()
    Object.defineProperty(session, 'nextDeadline', { get: () => 0 })
    expect(() => pair.run(1)).toThrow(/does not move on/)
  })
})
