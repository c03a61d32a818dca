import { describe, expect, it } from 'vitest'
import { formatRate, Throughput } from '../../lib/cli/throughput.ts'

describe('Throughput', () => {
  it('tells bytes, seconds and throughput, from the first message to the last', () => {
    const throughput = new Throughput()

    throughput.add(5_000, 1_500_000)
    throughput.add(6_500, 1_500_000)

    expect(throughput.toString()).toBe('3,000,000 bytes in 1.50 s, 2.0 MB/s')
  })

  it('counts the time until the last message was confirmed', () => {
    const throughput = new Throughput()
    throughput.add(0, 1_000)

    throughput.extend(500)

    expect(throughput.toString()).toBe('1,000 bytes in 0.50 s, 2.0 kB/s')
  })

  it('tells no throughput of a single message', () => {
    const throughput = new Throughput()

    throughput.add(1, 10)

    expect(throughput.bytes).toBe(10)
    expect(throughput.toString()).toBe('10 bytes')
  })
})

it.each([
  [999, '999 B/s'],
  [1_000, '1.0 kB/s'],
  [17_250_000, '17.3 MB/s'],
])('a rate of %d bytes per second reads %s', (rate, text) => {
  expect(formatRate(rate)).toBe(text)
})
