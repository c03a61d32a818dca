import { describe, expect, it } from 'vitest'
import { Liveness } from '../../lib/session/liveness.ts'
import { classicSettings } from '../support/classic-probe.ts'
import { createRandom } from '../support/random.ts'

/** What is said at a time: all verdicts until there is nothing more to say. */
function verdictsAt(liveness: Liveness, now: number, maxSilenceMs = Infinity): string[] {
  const verdicts: string[] = []
  for (;;) {
    const verdict = liveness.advance(now, maxSilenceMs)
    if (verdict !== 'quiet') verdicts.push(verdict)
    if (verdict === 'quiet' || verdict === 'timed-out') return verdicts
  }
}

describe('liveness', () => {
  it('asks after the ping interval, stalls, and ends, each at its time', () => {
    const liveness = new Liveness(0, classicSettings({ timeoutMs: 2_000 }))
    expect(verdictsAt(liveness, 499)).toEqual([])
    expect(verdictsAt(liveness, 500)).toEqual(['ping-due'])
    expect(verdictsAt(liveness, 999)).toEqual([])
    expect(verdictsAt(liveness, 1_000)).toEqual(['stalled', 'ping-due'])
    expect(verdictsAt(liveness, 1_500)).toEqual(['ping-due'])
    expect(verdictsAt(liveness, 1_999)).toEqual([])
    expect(verdictsAt(liveness, 2_000)).toEqual(['timed-out'])
  })

  it('starts over when the other side is heard, and says whether that ended a stall', () => {
    const liveness = new Liveness(0, classicSettings())
    expect(liveness.heard(400)).toBe(false)
    expect(verdictsAt(liveness, 899)).toEqual([])
    verdictsAt(liveness, 1_400)
    expect(liveness.isStalled).toBe(true)

    expect(liveness.heard(1_450)).toBe(true)

    expect(liveness.isStalled).toBe(false)
    expect(liveness.silenceMs).toBe(0)
    expect(verdictsAt(liveness, 1_949)).toEqual([])
    expect(verdictsAt(liveness, 1_950)).toEqual(['ping-due'])
  })

  it('leaves the next question to the other side for a while, once its own was answered', () => {
    const liveness = new Liveness(0, classicSettings(), 0.25)
    verdictsAt(liveness, 500)

    liveness.heard(550)
    liveness.heard(551)

    expect(verdictsAt(liveness, 1_175)).toEqual([])
    expect(verdictsAt(liveness, 1_176)).toEqual(['ping-due'])
  })

  it('asks in its turn when it was the other side that asked', () => {
    const liveness = new Liveness(0, classicSettings(), 0.25)
    verdictsAt(liveness, 500)
    liveness.heard(550)

    liveness.heard(1_050)

    expect(verdictsAt(liveness, 1_549)).toEqual([])
    expect(verdictsAt(liveness, 1_550)).toEqual(['ping-due'])
  })

  it('asks well before it stalls, however long it would leave that to the other side', () => {
    const settings = { ...classicSettings(), pingIntervalMs: 900, stallTimeoutMs: 1_000 }
    const liveness = new Liveness(0, settings, 0.5)
    verdictsAt(liveness, 900)

    liveness.heard(1_000)

    expect(verdictsAt(liveness, 1_950)).toEqual(['ping-due'])
  })

  it('does not take a pause of the main loop for silence', () => {
    const liveness = new Liveness(0, classicSettings())
    expect(verdictsAt(liveness, 60_000, 250)).toEqual([])
    expect(liveness.silenceMs).toBe(250)
    expect(verdictsAt(liveness, 120_000, 250)).toEqual(['ping-due'])
  })

  it('asks once after a long silence, not once for each interval in it', () => {
    const liveness = new Liveness(0, classicSettings())
    expect(verdictsAt(liveness, 9_000)).toEqual(['stalled', 'ping-due'])
  })

  it('takes what arrived before the last step for heard, without going back in time', () => {
    const liveness = new Liveness(0, classicSettings())
    verdictsAt(liveness, 900)
    liveness.heard(600)
    expect(liveness.nextDeadline).toBe(1_400)
    expect(verdictsAt(liveness, 300)).toEqual([])
    expect(liveness.nextDeadline).toBe(1_400)
  })

  it('follows a change of the timeout at once', () => {
    const settings = classicSettings()
    const liveness = new Liveness(0, settings)
    verdictsAt(liveness, 800)
    settings.timeoutMs = 700
    expect(liveness.nextDeadline).toBe(800)
    expect(verdictsAt(liveness, 800)).toEqual(['timed-out'])
  })

  it('has something to say exactly at its deadline, whatever the clock reads', () => {
    const random = createRandom(3)
    for (let run = 0; run < 300; run += 1) {
      const start = random() * 2 ** (run % 44)
      const liveness = new Liveness(start, classicSettings({ pingIntervalMs: 1 + random() * 900 }))
      let now = start
      for (let verdicts: string[] = []; !verdicts.includes('timed-out');) {
        const { nextDeadline } = liveness
        expect(nextDeadline).toBeGreaterThan(now)
        now = nextDeadline
        verdicts = verdictsAt(liveness, now)
        expect(verdicts).not.toEqual([])
      }
      expect(now - start).toBeCloseTo(10_000, 0)
    }
  })
})
