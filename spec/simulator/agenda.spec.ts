import { describe, expect, it } from 'vitest'
import { Agenda } from '../../lib/simulator/agenda.ts'
import { Random } from '../../lib/simulator/random.ts'

describe('Agenda', () => {
  it('is empty at first', () => {
    const agenda = new Agenda()
    agenda.add()
    expect([agenda.nextTime, agenda.nextSlot]).toEqual([Infinity, -1])
  })

  it('names the earliest slot, and of equal times the lowest', () => {
    const agenda = new Agenda()
    const [a, b, c] = [agenda.add(), agenda.add(), agenda.add()]
    agenda.set(c, 5)
    agenda.set(b, 5)
    agenda.set(a, 7)
    expect(agenda.nextSlot).toBe(b)
    agenda.set(b, Infinity)
    expect(agenda.nextSlot).toBe(c)
    agenda.set(c, 8)
    expect([agenda.nextSlot, agenda.nextTime]).toEqual([a, 7])
  })

  it('hands a removed slot out again, without its time', () => {
    const agenda = new Agenda()
    const slot = agenda.add()
    agenda.set(slot, 1)
    agenda.remove(slot)
    expect(agenda.add()).toBe(slot)
    expect(agenda.nextTime).toBe(Infinity)
  })

  it('agrees with a plain search over thousands of random changes', () => {
    const random = new Random(1)
    const agenda = new Agenda()
    const times = Array.from({ length: 300 }, () => Infinity)
    for (const [i] of times.entries()) expect(agenda.add()).toBe(i)
    for (let change = 0; change < 5_000; change += 1) {
      const slot = random.integer(0, times.length - 1)
      times[slot] = random.chance(0.3) ? Infinity : random.integer(0, 50)
      agenda.set(slot, times[slot] ?? 0)
      const earliest = Math.min(...times)
      expect(agenda.nextTime).toBe(earliest)
      expect(agenda.nextSlot).toBe(earliest === Infinity ? -1 : times.indexOf(earliest))
    }
  })
})
