import { describe, expect, it } from 'vitest'
import { Trace } from '../../lib/host/trace.ts'
import { nodePlatform } from '../../lib/node/platform.ts'

/** A trace into a list, and the clock it reads. */
function recorded(isOn = true): { trace: Trace; lines: string[]; time: { now: number } } {
  const lines: string[] = []
  const time = { now: 1000 }
  const logger = { debug: (line: string) => lines.push(line), warn: (line: string) => lines.push(line) }
  return { trace: new Trace(nodePlatform.terminal, logger, isOn, () => time.now), lines, time }
}

const server = { host: '127.0.0.1', port: 1234 }

describe('Trace', () => {
  it('writes one line for each datagram, with the time since it began, both ends, what and how long', () => {
    const { trace, lines, time } = recorded()
    time.now = 1012

    trace.sent(51207, server, 'HELLO ****', 12)
    trace.received(51207, server, 'CONNECT 127.0.0.1 40112', 23)

    expect(lines).toEqual([
      '    0.012  :51207  →  127.0.0.1:1234         HELLO ****                          12 B',
      '    0.012  :51207  ←  127.0.0.1:1234         CONNECT 127.0.0.1 40112             23 B',
    ])
  })

  it('keeps events in the same columns', () => {
    const { trace, lines } = recorded()

    trace.event(51207, { host: '::1', port: 9 }, 'stalled')

    expect(lines).toEqual(['    0.000  :51207  ·  [::1]:9                stalled'])
  })

  it('keeps quiet when it is off, except for what its reader should know', () => {
    const { trace, lines } = recorded(false)

    trace.event(1, server, 'stalled')
    trace.hint('ECONNREFUSED')
    trace.warn('The kernel granted less.')

    expect(lines).toEqual(['udpipe: The kernel granted less.'])
  })
})
