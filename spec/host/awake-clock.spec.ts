import { describe, expect, it } from 'vitest'
import { AwakeClock } from '../../lib/host/awake-clock.ts'

describe('AwakeClock', () => {
  it('starts at zero, whatever the time is', () => {
    const awake = new AwakeClock()

    expect(awake.step(123_456, Infinity)).toBe(0)
  })

  it('goes with the clock while steps come in time', () => {
    const awake = new AwakeClock()
    awake.step(1000, Infinity)

    expect(awake.step(1016, Infinity)).toBe(16)
    expect(awake.step(1216, Infinity)).toBe(216)
  })

  it('counts a sleep of the length that was promised in full', () => {
    const awake = new AwakeClock()
    awake.step(0, Infinity)
    awake.promise(5000)

    expect(awake.step(5000, Infinity)).toBe(5000)
  })

  it('counts a pause of the main loop as a quarter of a second, however long it was', () => {
    const awake = new AwakeClock()
    awake.step(0, Infinity)
    awake.promise(100)

    expect(awake.step(15_000, Infinity)).toBe(250)
    expect(awake.step(15_016, Infinity)).toBe(266)
  })

  it('adds no more than the step allows', () => {
    const awake = new AwakeClock()
    awake.step(0, Infinity)

    expect(awake.step(200, 16)).toBe(16)
    expect(awake.step(400, 0)).toBe(16)
  })

  it('stands still when the clock goes backwards', () => {
    const awake = new AwakeClock()
    awake.step(1000, Infinity)

    expect(awake.step(900, Infinity)).toBe(0)
  })
})
