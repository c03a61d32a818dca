import { describe, expect, it } from 'vitest'
import { UDPipeError } from 'udpipe'
import type { ProgramOptions } from 'udpipe/simulator'
import { LoneProgram } from '../support/lone-program.ts'

function setUp(options: Partial<ProgramOptions> = {}) {
  const lone = new LoneProgram(options)
  const order: string[] = []
  const log = (what: string) => (): void => void order.push(`${lone.timeline.now} ${what}`)
  return { lone, order, log, ...lone.platform, program: lone.program }
}

describe('Program', () => {
  it('takes turns as Node does: timers, arrivals, immediates; microtasks after each', () => {
    const { lone, order, log, scheduler } = setUp({ pauses: [{ fromMs: 1, untilMs: 100 }] })
    const socket = lone.open()
    socket.onReadable = () => {
      log('arrival')()
      scheduler.queueMicrotask(log('microtask of the arrival'))
      scheduler.setImmediate(log('immediate of the arrival'))
    }
    lone.arriveAt(50, socket.address.port)
    scheduler.setTimeout(log('later timer'), 20)
    scheduler.setTimeout(() => {
      log('earlier timer')()
      scheduler.queueMicrotask(log('microtask of the timer'))
      scheduler.setImmediate(log('immediate of the timer'))
    }, 10)
    lone.runUntil(200)
    expect(order).toEqual([
      '100 earlier timer',
      '100 microtask of the timer',
      '100 later timer',
      '100 arrival',
      '100 microtask of the arrival',
      '100 immediate of the timer',
      '100 immediate of the arrival',
    ])
  })

  it('calls timers that are due at once in the order in which they were set', () => {
    const { lone, order, log, scheduler } = setUp()
    scheduler.setTimeout(log('first'), 10)
    scheduler.setTimeout(log('second'), 10)
    lone.runUntil(10)
    expect(order).toEqual(['10 first', '10 second'])
  })

  it('leaves an immediate that an immediate sets to the next turn, after the timers that are due', () => {
    const { lone, order, log, scheduler } = setUp()
    scheduler.setImmediate(() => {
      log('first')()
      scheduler.setImmediate(log('second'))
      scheduler.setTimeout(log('timer'), 0)
    })
    lone.runUntil(10)
    expect(order).toEqual(['0 first', '0 timer', '0 second'])
  })

  it('calls what is queued from outside of a turn at this very time, before anything else is due', () => {
    const { lone, order, log, scheduler } = setUp()
    lone.at(5, () => {
      scheduler.queueMicrotask(() => scheduler.queueMicrotask(log('microtask')))
      log('test')()
    })
    lone.at(5, log('next'))
    lone.runUntil(10)
    expect(order).toEqual(['5 test', '5 microtask', '5 next'])
  })

  it('does not call what was cleared', () => {
    const { lone, order, log, scheduler } = setUp()
    scheduler.clearTimeout(scheduler.setTimeout(log('timer'), 10))
    scheduler.clearImmediate(scheduler.setImmediate(log('immediate')))
    const later = scheduler.setTimeout(log('timer that is due with another'), 20)
    scheduler.setTimeout(() => scheduler.clearTimeout(later), 15)
    lone.runUntil(100)
    expect(order).toEqual([])
    expect(lone.timeline.nextTime).toBe(Infinity)
  })

  it('lives by its own clock, and no timer comes early by it', () => {
    const { lone, program, monotonicMs, unixMs, scheduler } = setUp({ clock: { offsetMs: 5_000, driftPpm: 200 } })
    expect([monotonicMs(), program.now]).toEqual([5_000, 5_000])
    const times: number[] = []
    for (let delayMs = 1; delayMs <= 1_000; delayMs += 1) {
      scheduler.setTimeout(() => times.push(monotonicMs() - 5_000 - delayMs), delayMs)
    }
    lone.runUntil(1_000)
    expect(times).toHaveLength(1_000)
    expect(times.every((late) => late >= 0 && late < 0.001)).toBe(true)
    expect(unixMs()).toBe(Date.UTC(2024, 0, 1) + 1_000)
  })

  it('does nothing in its pauses, not even where one follows the other', () => {
    const pauses = [
      { fromMs: 20, untilMs: 30 },
      { fromMs: 10, untilMs: 20 },
    ]
    const { lone, program } = setUp({ pauses })
    expect([9, 10, 25, 30].map((time) => program.runsFrom(time))).toEqual([9, 30, 30, 30])
    lone.runUntil(15)
    expect(program.isRunning).toBe(false)
    program.pause(40, 41)
    lone.runUntil(30)
    expect([program.isRunning, program.runsFrom(40)]).toEqual([true, 41])
  })

  it('does late what a pause made it miss once, and skips what an interval missed', () => {
    const { lone, order, log, program } = setUp({ pauses: [{ fromMs: 100, untilMs: 200 }] })
    program.every(30, log('tick'), { fromMs: 60, untilMs: 260 })
    program.at(150, log('once'))
    lone.runUntil(400)
    expect(order).toEqual(['60 tick', '90 tick', '200 tick', '200 once', '210 tick', '240 tick'])
  })

  it('vanishes without a word: nothing in it is called any more, and its ports are free', () => {
    const { lone, order, log, program, scheduler } = setUp()
    const socket = lone.open({ port: 7 })
    scheduler.setTimeout(log('timer'), 10)
    scheduler.setImmediate(log('immediate'))
    scheduler.queueMicrotask(log('microtask'))
    program.every(1, log('tick'))
    program.stop()
    program.stop()
    scheduler.setTimeout(log('timer set after it'), 1)
    program.at(5, log('script begun after it'))
    lone.runUntil(100)
    expect(order).toEqual([])
    expect([program.isStopped, program.isRunning, socket.isClosed]).toEqual([true, false, true])
    expect(lone.network.isTaken({ host: lone.host, port: 7 })).toBe(false)
  })

  it('gives sockets the next port that is free, and begins anew behind the last', () => {
    const { lone } = setUp({ firstPort: 65_534 })
    lone.open({ port: 65_535 })
    const ports = [lone.open(), lone.open({ port: 1 })].map(({ address }) => address.port)
    expect(ports).toEqual([65_534, 1])
    lone.program.ports[1]?.close()
    expect(lone.open().address.port).toBe(65_534)
  })

  it('looks up no names, and keeps the errors that nobody handled', async () => {
    const { lone, program } = setUp()
    const error = new UDPipeError('ERR_REFUSED', 'sent away')
    lone.platform.warn(error)
    expect(program.warnings).toEqual([error])
    await expect(lone.platform.resolveHost('example.com')).rejects.toMatchObject({ code: 'ERR_HOST_NOT_FOUND' })
  })

  it('draws its random bytes from the seed', () => {
    const [a, b] = [setUp(), setUp()]
    expect(a.randomBytes(16)).toEqual(b.randomBytes(16))
    expect(a.randomBytes(16)).not.toEqual(a.randomBytes(16))
  })

  it('refuses what cannot be', () => {
    expect(() => setUp({ pauses: [{ fromMs: 5, untilMs: 5 }] })).toThrow(RangeError)
    expect(() => setUp({ pauses: {} as [] })).toThrow(/pauses must be a list/)
    expect(() => setUp({ inboxDatagrams: 0 })).toThrow(RangeError)
    expect(() => setUp({ clock: { driftPpm: -1_000_000 } })).toThrow(RangeError)
    expect(() => setUp().program.pause(5, NaN)).toThrow(RangeError)
  })
})
