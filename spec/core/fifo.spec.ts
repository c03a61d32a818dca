import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Fifo } from '../../lib/core/fifo.ts'
import { fuzzRuns } from '../support/fuzz-runs.ts'

describe('a first-in, first-out queue', () => {
  it('is a plain list, only faster', () => {
    const operations = fc.array(fc.option(fc.integer(), { nil: undefined }), { maxLength: 400 })
    fc.assert(
      fc.property(operations, (pushes) => {
        const fifo = new Fifo<number>()
        const list: number[] = []
        for (const item of pushes) {
          if (item === undefined) {
            expect(fifo.shift()).toBe(list.shift())
          } else {
            fifo.push(item)
            list.push(item)
          }
          expect(fifo.length).toBe(list.length)
        }
        while (list.length > 0) expect(fifo.shift()).toBe(list.shift())
        expect(fifo.shift()).toBeUndefined()
      }),
      fuzzRuns(1000),
    )
  })

  it('keeps its order through growing, emptying and growing again', () => {
    const fifo = new Fifo<number>()
    for (let round = 0; round < 3; round += 1) {
      for (let item = 0; item < 1_001; item += 1) fifo.push(item)
      for (let item = 0; item < 1_001; item += 1) expect(fifo.shift()).toBe(item)
      expect(fifo.length).toBe(0)
    }
    fifo.push(1)
    fifo.push(2)
    expect([fifo.shift(), fifo.shift(), fifo.shift()]).toEqual([1, 2, undefined])
  })
})
