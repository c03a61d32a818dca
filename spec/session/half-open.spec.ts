import { describe, expect, it } from 'vitest'
import { HalfOpen } from '../../lib/session/half-open.ts'

describe('HalfOpen', () => {
  it('counts handshakes, of all and of each network', () => {
    const halfOpen = new HalfOpen()
    halfOpen.begin('1', 'a')
    halfOpen.begin('2', 'a')
    halfOpen.begin('3', 'b')
    expect([halfOpen.size, halfOpen.of('a'), halfOpen.of('b'), halfOpen.of('c')]).toEqual([3, 2, 1, 0])
    halfOpen.end('2')
    halfOpen.end('2')
    halfOpen.end('unknown')
    expect([halfOpen.size, halfOpen.of('a'), halfOpen.of('b')]).toEqual([2, 1, 1])
  })

  it('counts one that begins again once, where it came from last', () => {
    const halfOpen = new HalfOpen()
    halfOpen.begin('1', 'a')
    halfOpen.begin('1', 'b')
    expect([halfOpen.size, halfOpen.of('a'), halfOpen.of('b')]).toEqual([1, 0, 1])
    halfOpen.end('1')
    expect([halfOpen.size, halfOpen.of('b')]).toEqual([0, 0])
  })
})
