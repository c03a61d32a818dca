import { describe, expect, it } from 'vitest'
import { PathValidation } from '../../../lib/reliable/connection/path-validation.ts'

const CHALLENGE_BYTES = 20
const here = { host: '10.0.0.7', port: 700 }
const there = { host: '10.0.0.8', port: 700 }

/** Draws 1, 2, 3 … for eight bytes each. */
function createValidation(): PathValidation {
  let drawn = 0
  return new PathValidation((length) => new Uint8Array(length).fill((drawn += 1)))
}

describe('PathValidation', () => {
  it('has nothing to send before a packet came from elsewhere', () => {
    expect(createValidation().dueTo).toBeUndefined()
  })

  it('asks once for each packet that came', () => {
    const validation = createValidation()
    validation.hear(here, 100, CHALLENGE_BYTES)
    expect(validation.dueTo).toEqual(here)
    validation.onSent(CHALLENGE_BYTES)
    expect(validation.dueTo).toBeUndefined()
    validation.hear(here, 100, CHALLENGE_BYTES)
    expect(validation.dueTo).toEqual(here)
  })

  it('never sends more bytes than came', () => {
    const validation = createValidation()
    let credit = 0
    for (let i = 0; i < 1_000; i += 1) {
      validation.hear(here, 13, CHALLENGE_BYTES)
      credit += 13
      if (validation.dueTo === undefined) continue
      validation.onSent(CHALLENGE_BYTES)
      credit -= CHALLENGE_BYTES
      expect(credit).toBeGreaterThanOrEqual(0)
    }
    expect(credit).toBeLessThan(CHALLENGE_BYTES)
  })

  it('keeps no credit of an address that gave way to another', () => {
    const validation = createValidation()
    validation.hear(here, 1_000, CHALLENGE_BYTES)
    validation.hear(there, CHALLENGE_BYTES - 1, CHALLENGE_BYTES)
    expect(validation.dueTo).toBeUndefined()
    validation.hear(here, CHALLENGE_BYTES - 1, CHALLENGE_BYTES)
    expect(validation.dueTo).toBeUndefined()
  })

  it('asks one address for the same bytes each time, and another for others', () => {
    const validation = createValidation()
    validation.hear(here, 100, CHALLENGE_BYTES)
    const first = validation.data
    validation.onSent(CHALLENGE_BYTES)
    validation.hear({ ...here }, 100, CHALLENGE_BYTES)
    expect(validation.data).toEqual(first)
    validation.hear(there, 100, CHALLENGE_BYTES)
    expect(validation.data).not.toEqual(first)
  })

  it('believes the right bytes from the right address, and nothing else', () => {
    const validation = createValidation()
    expect(validation.isProvedBy(here, new Uint8Array(8))).toBe(false)
    validation.hear(here, 100, CHALLENGE_BYTES)
    const right = validation.data.slice()
    expect(validation.isProvedBy(here, undefined)).toBe(false)
    for (let i = 0; i < 8; i += 1) {
      const wrong = right.slice()
      wrong[i] = 99
      expect(validation.isProvedBy(here, wrong)).toBe(false)
    }
    expect(validation.isProvedBy(there, right)).toBe(false)
    expect(validation.isProvedBy({ ...here, port: 701 }, right)).toBe(false)
    expect(validation.isProvedBy({ ...here }, right)).toBe(true)
  })

  it('forgets the candidate when it is over', () => {
    const validation = createValidation()
    validation.hear(here, 100, CHALLENGE_BYTES)
    validation.end()
    expect(validation.dueTo).toBeUndefined()
    expect(validation.isProvedBy(here, validation.data)).toBe(false)
  })
})
