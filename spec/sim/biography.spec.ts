import { describe, expect, it } from 'vitest'
import type { SessionEvent } from '../../lib/session/session.ts'
import { Biography } from './biography.ts'

const connected: SessionEvent = { type: 'connected', remote: { host: '10.0.0.1', port: 1 }, isResumed: false }
const ended: SessionEvent = { type: 'ended', cause: 'timeout', code: 0, reason: '', willReconnect: false }
const message: SessionEvent = { type: 'message', message: new Uint8Array(1), delivery: 'reliable', channel: 0 }
const [stalled, unstalled, closed]: SessionEvent[] = [{ type: 'stalled' }, { type: 'unstalled' }, { type: 'closed' }]

function write(...events: (SessionEvent | undefined)[]): Biography {
  const biography = new Biography('test')
  for (const event of events) if (event !== undefined) biography.write(event)
  return biography
}

describe('Biography', () => {
  it('is that of an end whose connections stand and end one after the other', () => {
    const told = write(connected, message, stalled, unstalled, ended, connected, stalled, ended, closed)
    expect(told).toMatchObject({ messages: 1, connections: 2, isConnected: false, isClosed: true })
  })

  it.each([
    ['two connections at once', [connected, connected]],
    ['an end without a connection', [ended]],
    ['a message of no connection', [connected, ended, message]],
    ['a stall of no connection', [stalled]],
    ['a stall twice', [connected, stalled, stalled]],
    ['the end of no stall', [connected, unstalled]],
    ['a last word while the connection stands', [connected, closed]],
    ['anything after the last word', [closed, connected]],
  ])('does not believe %s', (_what, events) => {
    expect(() => write(...events)).toThrow('is told')
  })

  it('knows what an end was closed with', () => {
    const told = write(connected)
    told.goodbye = { code: 1, reason: 'bye' }
    expect(() => told.write({ ...ended, cause: 'closed-here', code: 2, reason: 'bye' })).toThrow('closed with')
  })
})
