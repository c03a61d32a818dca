import { describe, expect, it } from 'vitest'
import { Random } from '../../lib/simulator/random.ts'

const draw = (random: Random, count: number) => Array.from({ length: count }, () => random.uint32())

describe('Random', () => {
  it('gives the same numbers for the same seed, on every machine', () => {
    expect(draw(new Random(1), 4)).toEqual(draw(new Random(1), 4))
    expect(draw(new Random(1), 4)).toMatchInlineSnapshot(`
      [
        528924024,
        1772274582,
        2377535624,
        1003327435,
      ]
    `)
  })

  it('gives other numbers for a seed next to it, and for one that differs in the high bits only', () => {
    expect(draw(new Random(1), 4)).not.toEqual(draw(new Random(2), 4))
    expect(draw(new Random(1), 4)).not.toEqual(draw(new Random(1 + 2 ** 32), 4))
  })

  it('is uniform: each tenth of the range gets a tenth of the numbers', () => {
    const random = new Random(3)
    const tenths = new Array<number>(10).fill(0)
    for (let i = 0; i < 100_000; i += 1) {
      const tenth = Math.floor(random.uniform() * 10)
      tenths[tenth] = (tenths[tenth] ?? 0) + 1
    }
    for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(400)
  })

  it('draws whole numbers from both ends of a range and nothing outside', () => {
    const random = new Random(4)
    const drawn = new Set(Array.from({ length: 200 }, () => random.integer(3, 6)))
    expect([...drawn].sort()).toEqual([3, 4, 5, 6])
  })

  it('knows certain answers without drawing', () => {
    const random = new Random(5)
    const untouched = new Random(5)
    expect([random.chance(0), random.chance(1)]).toEqual([false, true])
    expect(random.uint32()).toBe(untouched.uint32())
  })

  it('forks by label alone, whatever was drawn before', () => {
    const random = new Random(6)
    const early = draw(random.fork('loss'), 4)
    draw(random, 100)
    expect(draw(random.fork('loss'), 4)).toEqual(early)
    expect(draw(random.fork('jitter'), 4)).not.toEqual(early)
    expect(draw(random.fork('loss').fork('loss'), 4)).not.toEqual(early)
  })

  it('lends its numbers as a function', () => {
    const { next } = new Random(7)
    expect(next()).toBe(new Random(7).uniform())
  })

  it('picks each item, and refuses to pick from nothing', () => {
    const random = new Random(8)
    expect(new Set(Array.from({ length: 100 }, () => random.pick(['a', 'b', 'c']))).size).toBe(3)
    expect(() => random.pick([])).toThrow(RangeError)
  })

  it.each([-1, 0.5, NaN, 2 ** 53])('refuses the seed %s', (seed) => {
    expect(() => new Random(seed)).toThrow(RangeError)
  })
})
