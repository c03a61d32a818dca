import { describe, expect, it } from 'vitest'
import { formatRate, Tally } from '../../lib/cli/tally.ts'

describe('Tally', () => {
  it('tells bytes, seconds and throughput, from the first message to the last', () => {
    const tally = new Tally()

    tally.add(5_000, 1_500_000)
    tally.add(6_500, 1_500_000)

    expect(tally.toString()).toBe('3,000,000 bytes in 1.50 s, 2.0 MB/s')
  })

  it('counts the time until the last message was confirmed', () => {
    const tally = new Tally()
    tally.add(0, 1_000)

    tally.extend(500)

    expect(tally.toString()).toBe('1,000 bytes in 0.50 s, 2.0 kB/s')
  })

  it('tells no throughput of a single message', () => {
    const tally = new Tally()

    tally.add(1, 10)

    expect(tally.bytes).toBe(10)
    expect(tally.toString()).toBe('10 bytes')
  })
})

it.each([
  [999, '999 B/s'],
  [1_000, '1.0 kB/s'],
  [17_250_000, '17.3 MB/s'],
])('a rate of %d bytes per second reads %s', (rate, text) => {
  expect(formatRate(rate)).toBe(text)
})
