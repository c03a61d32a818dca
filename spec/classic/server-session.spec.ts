import { describe, expect, it } from 'vitest'
import { ClassicServerSession } from '../../lib/classic/server-session.ts'
import { closeCodes } from '../../lib/session/codes.ts'
import type { Address } from '../../lib/core/address.ts'
import type { SessionSettings } from '../../lib/session/settings.ts'
import { ClassicProbe, classicSettings } from '../support/classic-probe.ts'

const helloSource: Address = { host: '198.51.100.7', port: 50_000 }
const behindNat: Address = { host: '198.51.100.7', port: 61_000 }
const stranger: Address = { host: '203.0.113.9', port: 50_000 }

function createServer(overrides: Partial<SessionSettings> = {}): ClassicProbe<ClassicServerSession> {
  return new ClassicProbe(new ClassicServerSession(0, classicSettings(overrides), { source: helloSource }), 0)
}

function createConnected(overrides?: Partial<SessionSettings>): ClassicProbe<ClassicServerSession> {
  const server = createServer(overrides)
  server.hear('CONNECT', helloSource)
  server.step()
  server.takeEvents()
  server.takeSaid()
  return server
}

describe('a classic server session', () => {
  it('waits for CONNECT and says nothing', () => {
    const server = createServer()
    server.runUntil(4_999)
    expect(server.session.state).toBe('connecting')
    expect(server.takeEvents()).toEqual([])
    expect(server.takeSaid()).toEqual([])
  })

  it('is over when it is abandoned before CONNECT came, and not after', () => {
    const left = createServer()
    left.session.abandon()
    left.step()
    expect(left.takeEvents()).toEqual(['closed'])
    expect([left.session.state, left.session.wasEstablished]).toEqual(['closed', false])

    const connected = createConnected()
    connected.session.abandon()
    expect([connected.session.state, connected.session.wasEstablished]).toEqual(['connected', true])
  })

  it('stands when CONNECT comes, and answers CONNECTED', () => {
    const server = createServer()
    server.hear('CONNECT', helloSource)
    server.step()
    expect(server.session.state).toBe('connected')
    expect(server.events).toEqual([
      { type: 'peer', remote: helloSource },
      { type: 'connected', remote: helloSource, isResumed: false },
    ])
    expect(server.said).toEqual([{ at: 0, text: 'CONNECTED', to: helloSource }])
  })

  it('talks to the port that CONNECT came from, which a NAT may have changed', () => {
    const server = createServer()
    server.hear('CONNECT', behindNat)
    server.step()
    expect(server.events).toEqual([
      { type: 'peer', remote: behindNat },
      { type: 'connected', remote: behindNat, isResumed: false },
    ])
    server.hear('from elsewhere', helloSource)
    expect(server.session.stats.droppedForeign).toBe(1)
  })

  it('takes CONNECT from no other host', () => {
    const server = createServer()
    server.hear('CONNECT', stranger)
    server.step()
    expect(server.session.state).toBe('connecting')
    expect(server.session.stats.droppedForeign).toBe(1)
    expect(server.takeSaid()).toEqual([])
  })

  it.each(['data', '', 'PING', 'PONG', 'CLOSE', 'CLOSED', 'CONNECTED', 'CONNECT ', 'HELLO secret'])(
    'drops and counts %j before CONNECT came',
    (text) => {
      const server = createServer()
      server.hear(text, helloSource)
      server.step()
      expect(server.session.state).toBe('connecting')
      expect(server.session.stats.droppedMalformed).toBe(1)
      expect(server.takeEvents()).toEqual([])
      expect(server.takeSaid()).toEqual([])
    },
  )

  it('answers each CONNECT that comes again', () => {
    const server = createConnected()
    server.hear('CONNECT', helloSource)
    server.hear('CONNECT', helloSource)
    server.step()
    expect(server.takeSaid()).toEqual(['CONNECTED', 'CONNECTED'])
    expect(server.takeEvents()).toEqual([])
  })

  it('takes CONNECTED for a message', () => {
    const server = createConnected()
    server.hear('CONNECTED', helloSource)
    server.step()
    expect(server.messages).toEqual(['CONNECTED'])
  })

  it('closes when nobody came within the time of the handshake, and nothing has ended', () => {
    const server = createServer()
    server.send('lost')
    server.runUntil(5_000)
    expect(server.takeEvents()).toEqual(['undelivered', 'closed'])
    expect(server.session.state).toBe('closed')
  })

  it('does not count a pause of the main loop into that time', () => {
    const server = createServer()
    server.step(60_000, 100)
    expect(server.session.state).toBe('connecting')
  })

  it('is over when the client is silent too long, and hands back what was queued', () => {
    const server = createConnected()
    server.runUntil(3_000)
    server.send('lost')
    server.runUntil(10_000)
    expect(server.takeEvents()).toEqual(['stalled', 'ended', 'undelivered', 'peer', 'closed'])
    expect(server.session.state).toBe('closed')
    expect(server.session.nextDeadline).toBe(Infinity)
  })

  it('answers CLOSE with CLOSED, again and again for a while, and is over', () => {
    const server = createConnected()
    server.hear('CLOSE', helloSource)
    server.step()
    expect(server.events).toEqual([{ type: 'ended', cause: 'closed-there', code: 0, reason: '', willReconnect: false }])
    expect(server.session.state).toBe('closing')
    server.step(200)
    server.hear('CLOSE', helloSource)
    server.hear('late data', helloSource)
    server.runUntil(999)
    expect(server.takeSaid()).toEqual(['CLOSED', 'CLOSED'])
    expect(server.takeEvents()).toEqual(['ended'])

    server.runUntil(1_000)

    expect(server.takeEvents()).toEqual(['peer', 'closed'])
    server.hear('CLOSE', helloSource)
    server.runUntil(60_000)
    expect(server.takeSaid()).toEqual([])
    expect(server.session.stats.droppedForeign).toBe(1)
  })

  it('drains no longer than its own close, but says CLOSED first', () => {
    const server = createConnected()
    server.hear('CLOSE', helloSource)
    server.session.close(0, 0, '')
    server.step()
    expect(server.takeSaid()).toEqual(['CLOSED'])
    expect(server.session.state).toBe('closing')

    server.session.close(0, 0, '')
    server.step()

    expect(server.session.state).toBe('closed')
  })

  it('says only CLOSED after CLOSE, whatever else was still to be said', () => {
    const server = createConnected()
    server.session.ping(0)
    server.hear('PING', helloSource)
    server.hear('CLOSE', helloSource)
    server.step()
    expect(server.takeSaid()).toEqual(['CLOSED'])
  })

  it('answers the CLOSE that comes while it closes itself, and then has closed of its own accord', () => {
    const server = createConnected()
    server.close(4, 'mine')
    server.step()
    server.hear('CLOSE', helloSource)
    server.step()
    expect(server.takeSaid()).toEqual(['CLOSE', 'CLOSED'])
    expect(server.events).toEqual([
      { type: 'ended', cause: 'closed-here', code: 4, reason: 'mine', willReconnect: false },
    ])
    server.runUntil(999)
    expect(server.session.state).toBe('closing')
    server.hear('CLOSED', helloSource)
    server.step()
    expect(server.session.state).toBe('closed')
  })

  it('says CLOSE five times and no more, even where its time does not pass', () => {
    const server = createConnected()
    server.close()
    for (let now = 0; now < 20_000; now += 100) server.step(now, 0)
    expect(server.takeSaid()).toEqual(Array(5).fill('CLOSE'))
    expect(server.session.state).toBe('closing')
  })

  it('closes at once where nobody had come yet', () => {
    const server = createServer()
    server.now = 100
    server.close()
    expect(server.session.nextDeadline).toBe(100)
    server.step()
    expect(server.takeEvents()).toEqual(['closed'])
    expect(server.takeSaid()).toEqual([])
  })
})

describe('a classic server session that is flooded', () => {
  it('drops what is above the rate, and tells of it once a second', () => {
    const server = createConnected({ maxMessagesPerSecond: 100 })
    for (let i = 0; i < 300; i += 1) server.hear(`message ${i}`, helloSource)
    server.step()
    expect(server.messages.length).toBeLessThanOrEqual(100)
    expect(server.eventsOf('rate-limited')).toEqual([{ type: 'rate-limited', droppedPackets: 1, graceMs: 5_000 }])
    expect(server.session.stats.droppedRateLimited).toBeGreaterThanOrEqual(200)
  })

  it('answers no more PINGs than the rate allows', () => {
    const server = createConnected({ maxMessagesPerSecond: 100 })
    for (let i = 0; i < 300; i += 1) server.hear('PING', helloSource)
    server.step()
    expect(server.takeSaid().length).toBeLessThanOrEqual(100)
  })

  it('says CLOSE when it goes on, and hands over nothing more', () => {
    const server = createConnected({ maxMessagesPerSecond: 100 })
    server.send('queued while it is judged')
    for (let now = 1; now <= 7_000; now += 1) {
      server.hear('message', helloSource, now)
      server.step(now)
    }
    const ended = server.events.findIndex(({ type }) => type === 'ended')
    expect(server.events[ended]).toMatchObject({ cause: 'closed-here', code: closeCodes.rateLimited })
    expect(server.events.slice(ended).map(({ type }) => type)).not.toContain('message')
    expect(server.said.map(({ text }) => text)).toContain('CLOSE')
    server.runUntil(12_000)
    expect(server.eventsOf('ended')).toHaveLength(1)
    expect(server.session.state).toBe('closed')
  })
})
