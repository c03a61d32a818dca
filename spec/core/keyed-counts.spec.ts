import { describe, expect, it } from 'vitest'
import { KeyedCounts } from '../../lib/core/keyed-counts.ts'

describe('KeyedCounts', () => {
  it('counts how many there are of each name', () => {
    const crowd = new KeyedCounts()
    crowd.add('a')
    crowd.add('a')
    crowd.add('b')
    crowd.remove('a')
    crowd.remove('b')
    crowd.remove('never there')
    expect(['a', 'b', 'never there'].map((name) => crowd.of(name))).toEqual([1, 0, 0])
  })
})
