import { describe, expect, it } from 'vitest'
import { ClassicServerSession } from '../../lib/classic/server-session.ts'
import type { Address } from '../../lib/core/address.ts'
import type { SessionSettings } from '../../lib/session/settings.ts'
import { ClassicProbe, classicSettings, toBytes } from '../support/classic-probe.ts'

const peer: Address = { host: '198.51.100.7', port: 50_000 }

/** A session that stands since the time 0; the server's end serves for both. */
function createConnected(overrides: Partial<SessionSettings> = {}): ClassicProbe<ClassicServerSession> {
  const probe = new ClassicProbe(new ClassicServerSession(0, classicSettings(overrides), { source: peer }), 0)
  probe.hear('CONNECT', peer)
  probe.step()
  probe.takeEvents()
  probe.takeSaid()
  return probe
}

describe('messages', () => {
  it('arrive byte for byte, an empty one too, with the delivery that the network gives', () => {
    const probe = createConnected()
    const binary = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    probe.hear(binary, peer)
    probe.hear('', peer)
    probe.step()
    expect(probe.events).toEqual([
      { type: 'message', message: binary, delivery: 'unreliable', channel: 0 },
      { type: 'message', message: new Uint8Array(0), delivery: 'unreliable', channel: 0 },
    ])
    expect(probe.session.stats.receivedMessages).toBe(2)
  })

  it('go out in order at the next chance, each in its datagram', () => {
    const probe = createConnected()
    for (const text of ['one', 'two', 'three']) expect(probe.send(text)).toBe('accepted')
    expect(probe.session.nextDeadline).toBe(0)
    expect(probe.session.stats).toMatchObject({ queuedMessages: 3, queuedBytes: 11, sentMessages: 0 })
    probe.step()
    expect(probe.takeSaid()).toEqual(['one', 'two', 'three'])
    expect(probe.session.stats).toMatchObject({ queuedMessages: 0, queuedBytes: 0, sentMessages: 3 })
  })

  it.each(['HELLO', 'CONNECT', 'CONNECTED', 'GO AWAY!', 'PING', 'PONG', 'CLOSE', 'CLOSED'])(
    'cannot be the word %s',
    (word) => {
      expect(createConnected().send(word)).toBe('reserved')
    },
  )

  it.each(['HELLO ', 'HELLO you', 'CONNECT 1.2.3.4 5', 'ping', 'PING!'])('can be %j', (text) => {
    expect(createConnected().send(text)).toBe('accepted')
  })

  it('cannot be larger than a datagram or the largest message', () => {
    const byDatagram = createConnected({ mtuBytes: 10, maxMessageBytes: 100 })
    expect([byDatagram.send('x'.repeat(10)), byDatagram.send('x'.repeat(11))]).toEqual(['accepted', 'too-large'])
    const byMessage = createConnected({ mtuBytes: 100, maxMessageBytes: 10 })
    expect([byMessage.send('x'.repeat(10)), byMessage.send('x'.repeat(11))]).toEqual(['accepted', 'too-large'])
  })

  it('travel unreliably, on the one channel, and are never empty', () => {
    const { session } = createConnected()
    expect(session.send(0, toBytes('x'), 'reliable', 0)).toBe('unsupported')
    expect(session.send(0, toBytes('x'), 'sequenced', 0)).toBe('unsupported')
    expect(session.send(0, toBytes('x'), 'unreliable', 1)).toBe('unsupported')
    expect(session.send(0, new Uint8Array(0), 'unreliable', 0)).toBe('unsupported')
    expect(session.stats.queuedMessages).toBe(0)
  })

  it('wait within a limit, and are refused and counted beyond it', () => {
    const probe = createConnected({ maxQueuedMessages: 2 })
    expect(['one', 'two', 'three'].map((text) => probe.send(text))).toEqual(['accepted', 'accepted', 'queue-full'])
    expect(probe.session.stats.refusedMessages).toBe(1)
  })

  it('from anywhere else are dropped, counted, and no sign of life', () => {
    const probe = createConnected()
    probe.step(900)
    probe.hear('boo', { ...peer, port: 50_001 })
    probe.hear('PING', { ...peer, host: '203.0.113.9' })
    probe.step(1_000)
    expect(probe.messages).toEqual([])
    expect(probe.session.state).toBe('stalled')
    expect(probe.session.stats).toMatchObject({ droppedForeign: 2, receivedMessages: 0, receivedPackets: 1 })
  })
})

describe('signs of life', () => {
  it('are asked for with PING when nothing was heard for a while', () => {
    const probe = createConnected()
    probe.runUntil(999)
    expect(probe.said.map(({ at, text }) => [at, text])).toEqual([[500, 'PING']])
  })

  it('are not asked for while the other side is heard', () => {
    const probe = createConnected()
    for (let now = 400; now < 4_000; now += 400) {
      probe.hear('still here', peer, now)
      probe.runUntil(now)
    }
    expect(probe.takeSaid()).toEqual([])
  })

  it('are given with PONG, one for each PING, and told', () => {
    const probe = createConnected()
    probe.hear('PING', peer)
    probe.hear('PING', peer)
    probe.step()
    expect(probe.takeEvents()).toEqual(['ping', 'ping'])
    expect(probe.takeSaid()).toEqual(['PONG', 'PONG'])
  })

  it('measure the round trip, by the time of arrival', () => {
    const probe = createConnected()
    probe.session.ping(0)
    probe.step(0)
    probe.hear('PONG', peer, 80)
    probe.step(100)
    expect(probe.events).toEqual([{ type: 'pong', rttMs: 80 }])
    expect(probe.session.rttMs).toBe(80)
    expect(probe.session.stats).toMatchObject({ rttMs: 80, rttVarianceMs: 40 })
  })

  it('that may belong to either of two PINGs are told and not measured', () => {
    const probe = createConnected()
    probe.session.ping(0)
    probe.step(0)
    probe.session.ping(100)
    probe.step(100)
    probe.hear('PONG', peer, 130)
    probe.step(130)
    expect(probe.events).toEqual([{ type: 'pong', rttMs: 30 }])
    expect(probe.session.rttMs).toBeNaN()
  })

  it('that nobody asked for are dropped and counted, and are signs of life', () => {
    const probe = createConnected()
    probe.step(900)
    probe.takeSaid()
    probe.hear('PONG', peer)
    probe.hear('PONG', peer)
    expect(probe.session.stats.droppedMalformed).toBe(1)
    probe.takeEvents()
    probe.step(1_399)
    expect(probe.session.state).toBe('connected')
    expect(probe.takeSaid()).toEqual([])
  })

  it('are asked for once, however often the user asks in one step', () => {
    const probe = createConnected()
    probe.session.ping(0)
    probe.session.ping(0)
    expect(probe.session.nextDeadline).toBe(0)
    probe.step()
    expect(probe.takeSaid()).toEqual(['PING'])
  })

  it('are asked for once where the user asks as the interval ends', () => {
    const probe = createConnected()
    probe.session.ping(500)
    probe.step(500)
    expect(probe.takeSaid()).toEqual(['PING'])
  })

  it('are not asked for where there is nobody to ask', () => {
    const probe = new ClassicProbe(new ClassicServerSession(0, classicSettings(), { source: peer }), 0)
    probe.session.ping(0)
    probe.step()
    expect(probe.takeSaid()).toEqual([])
  })
})

describe('a stalled link', () => {
  it('is told, and holds back what is sent until the other side is heard', () => {
    const probe = createConnected()
    probe.runUntil(1_000)
    expect(probe.takeEvents()).toEqual(['stalled'])
    expect(probe.session.state).toBe('stalled')
    for (const text of ['one', 'two']) expect(probe.send(text)).toBe('accepted')
    probe.runUntil(2_000)
    expect(new Set(probe.takeSaid())).toEqual(new Set(['PING']))

    probe.hear('anything', peer)
    probe.step()

    expect(probe.takeEvents()).toEqual(['unstalled', 'message'])
    expect(probe.session.state).toBe('connected')
    expect(probe.takeSaid()).toEqual(['one', 'two'])
  })

  it('refuses what does not fit into the queue', () => {
    const probe = createConnected({ maxQueuedBytes: 5 })
    probe.runUntil(1_000)
    expect(['four', 'no', 'x'].map((text) => probe.send(text))).toEqual(['accepted', 'queue-full', 'accepted'])
    expect(probe.session.stats).toMatchObject({ queuedMessages: 2, queuedBytes: 5, refusedMessages: 1 })
  })

  it('is not what a late main loop makes of a healthy one', () => {
    const probe = createConnected()
    probe.hear('sent in time', peer, 14_000)
    probe.step(15_000, 250)
    expect(probe.session.state).toBe('connected')
    expect(probe.takeEvents()).toEqual(['message'])
  })

  it('takes several steps to time out where each adds little silence', () => {
    const probe = createConnected()
    for (let now = 1_000; now < 40_000; now += 1_000) probe.step(now, 250)
    expect(probe.session.state).toBe('stalled')
    probe.step(40_000, 250)
    expect(probe.session.state).toBe('closed')
  })

  it('ends by the timeout that is set meanwhile, for this session alone', () => {
    const settings = classicSettings()
    const first = new ClassicServerSession(0, settings, { source: peer })
    const second = new ClassicServerSession(0, settings, { source: peer })
    const probes = [first, second].map((session) => new ClassicProbe(session, 0))
    for (const probe of probes) probe.hear('CONNECT', peer)
    first.setTimeout(2_000)
    for (const probe of probes) probe.runUntil(2_000)
    expect([first.state, second.state]).toEqual(['closed', 'stalled'])
  })
})

describe('what is counted', () => {
  it('is every datagram and byte, both ways', () => {
    const probe = createConnected()
    const { sentPackets, sentBytes, receivedPackets, receivedBytes } = probe.session.stats
    expect([sentPackets, sentBytes, receivedPackets, receivedBytes]).toEqual([1, 9, 1, 7])
    probe.send('12345')
    probe.hear('123', peer)
    probe.step()
    expect(probe.session.stats).toMatchObject({ sentPackets: 2, sentBytes: 14, receivedPackets: 2, receivedBytes: 10 })
  })

  it('comes with rates', () => {
    const probe = createConnected()
    for (let now = 20; now <= 5_000; now += 20) {
      probe.hear('x'.repeat(40), peer, now)
      probe.now = now
      probe.send('x'.repeat(20))
      probe.step(now)
    }
    const { sendRate, receiveRate } = probe.session.stats
    expect(sendRate / 1_000).toBeCloseTo(1, 1)
    expect(receiveRate / 2_000).toBeCloseTo(1, 1)
  })

  it('leaves out what the protocol cannot tell', () => {
    const { session } = createConnected()
    expect(session.stats.lossRate).toBeNaN()
    expect(session.clockOffsetMs).toBeNaN()
    expect(session.stats.congestionWindowBytes).toBe(Infinity)
  })
})
