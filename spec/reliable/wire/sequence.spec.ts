import { describe, expect, it } from 'vitest'
import { expandPacketNumber, sequenceAfter, sequenceDistance } from '../../../lib/reliable/wire/sequence.ts'

describe('sequenceDistance', () => {
  it('is the difference where nothing wraps', () => {
    expect(sequenceDistance(7, 4)).toBe(3)
    expect(sequenceDistance(4, 7)).toBe(-3)
    expect(sequenceDistance(5, 5)).toBe(0)
  })

  it('goes on across the wrap', () => {
    expect(sequenceDistance(1, 0xffff)).toBe(2)
    expect(sequenceDistance(0xffff, 1)).toBe(-2)
  })

  it('takes half of all sequences for newer', () => {
    expect(sequenceDistance(0x7fff, 0)).toBe(0x7fff)
    expect(sequenceDistance(0x8000, 0)).toBe(-0x8000)
  })
})

describe('sequenceAfter', () => {
  it('counts on, and wraps', () => {
    expect(sequenceAfter(7)).toBe(8)
    expect(sequenceAfter(0xffff)).toBe(0)
    expect(sequenceAfter(0xfffe, 3)).toBe(1)
  })
})

describe('expandPacketNumber', () => {
  it('takes the number next to the largest one', () => {
    expect(expandPacketNumber(0, -1)).toBe(0)
    expect(expandPacketNumber(5, 4)).toBe(5)
    expect(expandPacketNumber(2, 0xffff)).toBe(0x1_0002)
  })

  it('takes older numbers that are near', () => {
    expect(expandPacketNumber(0xfffe, 0x1_0003)).toBe(0xfffe)
  })

  it('is never below 0', () => {
    expect(expandPacketNumber(0xffff, -1)).toBe(0xffff)
    expect(expandPacketNumber(0xfff0, 3)).toBe(0xfff0)
  })

  it('takes the higher of two that are equally near', () => {
    expect(expandPacketNumber(0x8005, 0x2_0004)).toBe(0x2_8005)
    expect(expandPacketNumber(0x8006, 0x2_0004)).toBe(0x1_8006)
  })

  it('finds every number again that is less than half of the range away, up to 2^48', () => {
    for (const largest of [0, 40_000, 0xffff, 0x1_8000, 2 ** 32 - 2, 2 ** 32 + 5, 2 ** 48 - 40_000]) {
      for (const distance of [-0x7fff, -16_384, -1, 0, 1, 2, 16_384, 0x7fff]) {
        const packetNumber = largest + 1 + distance
        if (packetNumber < 0) continue
        expect(expandPacketNumber(packetNumber % 0x1_0000, largest)).toBe(packetNumber)
      }
    }
  })
})
