import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Runner } from '../../lib/host/runner.ts'
import { nodePlatform } from '../../lib/node/platform.ts'

const runners: Runner[] = []

/** The event loop as the fake timers have it at the time of each call. */
const fakeScheduler = {
  ...nodePlatform.scheduler,
  setImmediate: (action: () => void) => setImmediate(action),
  clearImmediate: (immediate: unknown) => clearImmediate(immediate as NodeJS.Immediate),
  setTimeout: (action: () => void, delayMs: number) => setTimeout(action, delayMs),
  clearTimeout: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout),
}

/** A runner on fake timers, and the times of its steps; each step asks for the next one after `waitMs`. */
function drive(
  waitMs: number,
  step: () => void = () => undefined,
  hasBacklog: () => boolean = () => false,
): { runner: Runner; steps: number[]; errors: Error[] } {
  const steps: number[] = []
  const errors: Error[] = []
  const runner = new Runner(fakeScheduler, {
    step: () => {
      steps.push(Date.now())
      step()
      return waitMs
    },
    onError: (error) => errors.push(error),
    hasBacklog,
  })
  runners.push(runner)
  return { runner, steps, errors }
}

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
})

afterEach(() => {
  for (const runner of runners.splice(0)) runner.stop()
  vi.useRealTimers()
})

describe('Runner', () => {
  it('steps at once, and then when each step asked for the next', () => {
    const { steps } = drive(100)

    vi.advanceTimersByTime(250)

    expect(steps).toEqual([0, 100, 200])
  })

  it('steps in the next turn of the event loop, without a timer, when it is late already', () => {
    const timers = vi.spyOn(globalThis, 'setTimeout')
    const { steps } = drive(0)

    for (let i = 0; i < 3; i += 1) vi.advanceTimersToNextTimer()

    expect(steps).toHaveLength(3)
    expect(timers).not.toHaveBeenCalled()
  })

  it('steps once for all that wakes it in one turn, and counts the wait from there', () => {
    const { runner, steps } = drive(100)
    vi.advanceTimersByTime(50)

    runner.wake()
    runner.wake()
    vi.advanceTimersByTime(99)

    expect(steps).toEqual([0, 50])
  })

  it('lets a few turns go by while more comes in each, and then steps for all of it', () => {
    let turns = 3
    const { steps } = drive(100, undefined, () => turns-- > 0)

    for (let i = 0; i < 3; i += 1) vi.advanceTimersToNextTimer()
    expect(steps).toEqual([])
    vi.advanceTimersToNextTimer()

    expect(steps).toHaveLength(1)
  })

  it('steps all the same when more comes without end', () => {
    let turns = 0
    const { steps } = drive(100, undefined, () => (turns += 1) > 0)

    for (let i = 0; i < 34; i += 1) vi.advanceTimersToNextTimer()

    expect(turns).toBe(32)
    expect(steps).toHaveLength(2)
  })

  it('never steps again after it was stopped, not even when it is woken', () => {
    const { runner, steps } = drive(100)
    vi.advanceTimersByTime(10)

    runner.stop()
    runner.wake()
    vi.advanceTimersByTime(1000)

    expect(steps).toEqual([0])
  })

  it('can be stopped by its own step', () => {
    const { runner, steps } = drive(100, () => runner.stop())

    vi.advanceTimersByTime(1000)

    expect(steps).toEqual([0])
  })

  it('stops and tells when a step throws', () => {
    const failure = new Error('a callback threw')
    const { steps, errors } = drive(100, () => {
      throw failure
    })

    vi.advanceTimersByTime(1000)

    expect(steps).toEqual([0])
    expect(errors).toEqual([failure])
  })
})
