import { describe, expect, it } from 'vitest'
import { DEFAULT_FRONT_DOOR_LIMITS, type FrontDoorLimits, HelloGate } from '../../lib/session/hello-gate.ts'
import { Random } from '../../lib/simulator/index.ts'

const random = new Random(1)

function createGate(limits: Partial<FrontDoorLimits>): HelloGate {
  return new HelloGate({ ...DEFAULT_FRONT_DOOR_LIMITS, ...limits }, (length) => random.bytes(length))
}

function fill(gate: HelloGate, count: number, network?: string): void {
  for (let i = 0; i < count; i += 1) gate.halfOpen.begin(`hello ${i}`, network ?? `10.0.0.${i}`)
}

/** How many HELLOs of `count` at one time get which verdict. */
function judge(gate: HelloGate, count: number, network: (i: number) => string, isProved = false) {
  const verdicts = { pass: 0, retry: 0, drop: 0 }
  for (let i = 0; i < count; i += 1) verdicts[gate.judge(0, network(i), isProved, false)] += 1
  return verdicts
}

describe('HelloGate', () => {
  it('lets HELLOs pass while few handshakes are half open', () => {
    const gate = createGate({ retryThreshold: 3 })
    fill(gate, 2)
    expect(gate.judge(0, 'a', false, false)).toBe('pass')
  })

  it('asks for a cookie from the threshold on, but not those that have one, nor those that are known', () => {
    const gate = createGate({ retryThreshold: 3 })
    fill(gate, 3)
    expect(gate.judge(0, 'a', false, false)).toBe('retry')
    expect(gate.judge(0, 'a', true, false)).toBe('pass')
    expect(gate.judge(0, 'a', false, true)).toBe('pass')
  })

  it('asks always where the threshold is 0', () => {
    expect(createGate({ retryThreshold: 0 }).judge(0, 'a', false, false)).toBe('retry')
  })

  it('asks no more once the handshakes have got on', () => {
    const gate = createGate({ retryThreshold: 1 })
    gate.halfOpen.begin('hello', 'b')
    expect(gate.judge(0, 'a', false, false)).toBe('retry')
    gate.halfOpen.end('hello')
    expect(gate.judge(0, 'a', false, false)).toBe('pass')
  })

  it('keeps half of an address’s handshakes for those who prove that it is theirs', () => {
    const gate = createGate({ maxHandshakesPerAddress: 4 })
    fill(gate, 2, 'a')
    expect(gate.judge(0, 'a', false, false)).toBe('retry')
    expect(gate.judge(0, 'b', false, false)).toBe('pass')
    expect(gate.judge(0, 'a', true, false)).toBe('pass')
  })

  it('drops what is too much of one address, proved or not', () => {
    const gate = createGate({ maxHandshakesPerAddress: 4 })
    fill(gate, 4, 'a')
    expect(gate.judge(0, 'a', true, false)).toBe('drop')
    expect(gate.judge(0, 'a', false, false)).toBe('drop')
    gate.halfOpen.end('hello 0')
    expect(gate.judge(0, 'a', true, false)).toBe('pass')
  })

  it('drops HELLOs of an address that says too many', () => {
    const gate = createGate({ maxHellosPerSecondPerAddress: 5 })
    expect(judge(gate, 9, () => 'a')).toEqual({ pass: 5, retry: 0, drop: 4 })
    expect(gate.judge(0, 'b', false, false)).toBe('pass')
  })

  it('counts those who proved an address apart from those who only write it on their datagrams', () => {
    const gate = createGate({ maxHellosPerSecondPerAddress: 5 })
    judge(gate, 100, () => 'a')
    expect(gate.judge(0, 'a', true, false)).toBe('pass')
  })

  it('looks at no more in a second than it may, asks as many as it can to prove themselves, and drops the rest', () => {
    const gate = createGate({ maxHellosPerSecond: 10 })
    expect(judge(gate, 100, (i) => `10.0.0.${i}`)).toEqual({ pass: 10, retry: 40, drop: 50 })
    expect(judge(gate, 100, (i) => `10.0.0.${i}`, true)).toEqual({ pass: 10, retry: 0, drop: 90 })
  })

  it('limits refusals', () => {
    const gate = createGate({ maxRefusalsPerSecond: 2 })
    expect([0, 0, 0, 1_000].map((now) => gate.takeRefusal(now))).toEqual([true, true, false, true])
  })
})
