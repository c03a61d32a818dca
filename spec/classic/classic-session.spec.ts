import { describe, expect, it } from 'vitest'
import { ClassicClient } from '../../lib/classic/client.ts'
import { ClassicServerSession } from '../../lib/classic/server-session.ts'
import {
  ClassicPair,
  roughWire,
  steadyWire,
  type Datagram,
  type PairOptions,
  type Side,
} from '../support/classic-pair.ts'
import { ClassicProbe, classicSettings, toText } from '../support/classic-probe.ts'
import { createRandom, integerBelow } from '../support/random.ts'

function connect(options?: PairOptions): ClassicPair {
  const pair = new ClassicPair(options)
  pair.run(100)
  expect(pair.client.session.state).toBe('connected')
  expect(pair.server.session.state).toBe('connected')
  return pair
}

function textsSince(pair: ClassicPair, index: number): string[] {
  return pair.sent.slice(index).map(({ text }) => text)
}

function endsOf(side: Side): unknown[] {
  return side.events.filter(({ type }) => type === 'ended')
}

describe('the opening', () => {
  it('takes one datagram each way, twice', () => {
    const pair = connect()
    expect(pair.sent.map(({ text }) => text)).toEqual([
      'HELLO secret',
      'CONNECT 192.0.2.1 40000',
      'CONNECT',
      'CONNECTED',
    ])
    expect(pair.client.events.map(({ type }) => type)).toEqual(['peer', 'peer', 'connecting', 'connected'])
    expect(pair.server.events.map(({ type }) => type)).toEqual(['peer', 'connected'])
  })

  it.each([0, 1, 2, 3])('comes to the same where datagram %i is lost', (lost) => {
    let count = 0
    const pair = new ClassicPair({ wire: () => (count++ === lost ? [] : [20]) })
    pair.run(1_000)
    expect(pair.client.session.state).toBe('connected')
    expect(pair.servers).toHaveLength(1)
    expect(pair.client.story).toEqual(['connecting', 'connected'])
    expect(pair.server.story).toEqual(['connected'])
  })

  it('comes to the same where everything arrives three times', () => {
    const pair = new ClassicPair({ wire: () => [20, 25, 60] })
    pair.run(1_000)
    expect(pair.client.story).toEqual(['connecting', 'connected'])
    expect(pair.servers).toHaveLength(1)
    expect(pair.server.story).toEqual(['connected'])
    expect(pair.client.messages).toEqual([])
    expect(pair.server.messages).toEqual([])
  })

  it('comes to the same where only every third of each word gets through', () => {
    const counts = new Map<string, number>()
    const wire = ({ text }: Datagram): number[] => {
      const count = (counts.get(text) ?? 0) + 1
      counts.set(text, count)
      return count % 3 === 0 ? [20] : []
    }
    const pair = new ClassicPair({ wire, settings: { handshakeTimeoutMs: 20_000 } })
    pair.run(20_000)
    expect(pair.servers).toHaveLength(1)
    expect(pair.client.story.slice(0, 2)).toEqual(['connecting', 'connected'])
    expect(pair.server.story.slice(0, 1)).toEqual(['connected'])
  })

  it('stands for the client with the first data, where all CONNECTED are lost', () => {
    const pair = new ClassicPair({ wire: ({ text }) => (text === 'CONNECTED' ? [] : [20]) })
    pair.onEvent = (side, event) => {
      if (side !== pair.client && event.type === 'connected') side.send(pair.now, 'welcome')
    }
    pair.run(100)
    expect(pair.client.session.state).toBe('connected')
    expect(pair.client.messages).toEqual(['welcome'])
  })

  it('is refused with GO AWAY!, again and again, until there is room', () => {
    let room = false
    const pair = new ClassicPair({ admits: () => room })
    pair.run(2_000)
    expect(pair.servers).toHaveLength(0)
    expect(pair.client.story.every((type) => type === 'refused')).toBe(true)
    room = true
    pair.run(10_000)
    expect(pair.client.session.state).toBe('connected')
  })

  it('has the client that lost its server without the server noticing find its session again', () => {
    const pair = connect({ settings: { timeoutMs: 2_000, reconnect: { minDelayMs: 10, maxDelayMs: 10, attempts: 9 } } })
    pair.server.session.setTimeout(60_000)
    pair.wire = () => []
    pair.run(2_500)
    expect(pair.client.session.state).toBe('dialing')
    pair.server.send(pair.now, 'for you')
    pair.wire = steadyWire(20)
    pair.run(1_000)
    expect(pair.servers).toHaveLength(1)
    expect(pair.client.story).toEqual(['connecting', 'connected', 'stalled', 'ended', 'connecting', 'connected'])
    expect(pair.server.story).toEqual(['connected', 'stalled', 'unstalled'])
    expect(pair.client.messages).toEqual(['for you'])
  })
})

describe('a wire that is cut for a while', () => {
  it('stalls both ends, and then delivers in order what was sent meanwhile', () => {
    const pair = connect()
    pair.wire = () => []
    pair.run(3_000)
    expect(pair.client.session.state).toBe('stalled')
    expect(pair.server.session.state).toBe('stalled')
    for (const text of ['one', 'two', 'three']) {
      pair.client.send(pair.now, text)
      pair.server.send(pair.now, text)
    }
    pair.wire = steadyWire(20)
    pair.run(1_000)
    expect(pair.client.messages).toEqual(['one', 'two', 'three'])
    expect(pair.server.messages).toEqual(['one', 'two', 'three'])
    expect(pair.client.story).toEqual(['connecting', 'connected', 'stalled', 'unstalled'])
  })

  it('ends both ends after the timeout, and the client comes back with what was queued', () => {
    const pair = connect()
    pair.wire = () => []
    pair.run(5_000)
    pair.client.send(pair.now, 'kept')
    pair.server.send(pair.now, 'lost')
    pair.run(7_000)
    expect(pair.server.story).toEqual(['connected', 'stalled', 'ended', 'undelivered', 'closed'])
    pair.wire = steadyWire(20)
    pair.run(10_000)
    expect(pair.servers).toHaveLength(2)
    expect(pair.server.messages).toEqual(['kept'])
    expect(pair.client.session.state).toBe('connected')
  })

  it('is not noticed where both are silent for shorter than the ping interval', () => {
    const pair = connect()
    const before = pair.sent.length
    pair.run(400)
    expect(pair.sent).toHaveLength(before)
  })

  it('is noticed by PING alone: a healthy link stays up for an hour', () => {
    const pair = connect()
    pair.run(3_600_000)
    expect(pair.client.story).toEqual(['connecting', 'connected'])
    expect(pair.client.session.rttMs).toBeCloseTo(40, 6)
    expect(pair.client.session.stats.droppedMalformed).toBe(0)
  })
})

describe('closing', () => {
  it('sends what is queued first, then CLOSE, and both ends know why', () => {
    const pair = connect()
    const before = pair.sent.length
    pair.client.send(pair.now, 'last words')
    pair.client.session.close(pair.now, 7, 'enough')
    pair.run(5_000)
    expect(textsSince(pair, before)).toEqual(['last words', 'CLOSE', 'CLOSED'])
    expect(endsOf(pair.client)).toEqual([
      { type: 'ended', cause: 'closed-here', code: 7, reason: 'enough', willReconnect: false },
    ])
    expect(endsOf(pair.server)).toEqual([
      { type: 'ended', cause: 'closed-there', code: 0, reason: '', willReconnect: false },
    ])
    expect(pair.server.messages).toEqual(['last words'])
    expect(pair.client.story.slice(-2)).toEqual(['ended', 'closed'])
    expect(pair.server.story.slice(-2)).toEqual(['ended', 'closed'])
    expect(pair.isQuiet).toBe(true)
  })

  it('by the server has the client dial again', () => {
    const pair = connect()
    pair.server.session.close(pair.now, 0, '')
    pair.run(2_000)
    expect(pair.servers).toHaveLength(2)
    expect(pair.client.story).toEqual(['connecting', 'connected', 'ended', 'connecting', 'connected'])
    expect(pair.client.session.state).toBe('connected')
    expect(pair.server.session.state).toBe('connected')
  })

  it('repeats CLOSE a few times, ever more slowly, and then ends without an answer', () => {
    const pair = connect()
    pair.wire = () => []
    const start = pair.now
    const before = pair.sent.length
    pair.client.session.close(start, 0, '')
    pair.runUntil(start + 2_624)
    expect(pair.client.session.state).toBe('closing')
    pair.runUntil(start + 2_625)
    const closes = pair.sent.slice(before).filter(({ from }) => from === pair.client.address)
    expect(closes.map(({ at, text }) => [at - start, text])).toEqual(
      [0, 200, 500, 950, 1_625].map((at) => [at, 'CLOSE']),
    )
    expect(pair.client.story.slice(-2)).toEqual(['ended', 'closed'])
  })

  it.each(['CLOSE', 'CLOSED'])('comes to the same where the first %s is lost', (word) => {
    const pair = connect()
    let isLost = false
    pair.wire = ({ text }) => {
      const loses = text === word && !isLost
      isLost ||= loses
      return loses ? [] : [20]
    }
    const start = pair.now
    pair.client.session.close(start, 0, '')
    pair.runUntil(start + 240)
    expect(pair.client.isClosed).toBe(true)
    pair.run(2_000)
    expect(endsOf(pair.server)).toHaveLength(1)
    expect(pair.isQuiet).toBe(true)
  })

  it('by both at once ends cleanly on both sides, each of its own accord', () => {
    const pair = connect()
    pair.client.session.close(pair.now, 1, 'mine')
    pair.server.session.close(pair.now, 2, 'yours')
    pair.run(3_000)
    expect(endsOf(pair.client)).toMatchObject([{ cause: 'closed-here', code: 1, reason: 'mine', willReconnect: false }])
    expect(endsOf(pair.server)).toMatchObject([{ cause: 'closed-here', code: 2, reason: 'yours' }])
    expect(pair.isQuiet).toBe(true)
  })

  it('by both at once ends cleanly where the first CLOSE of either is lost', () => {
    for (const loser of ['client', 'server'] as const) {
      const pair = connect()
      let isLost = false
      pair.wire = ({ from }: Datagram) => {
        const loses = from === pair[loser].address && !isLost
        isLost ||= loses
        return loses ? [] : [20]
      }
      pair.client.session.close(pair.now, 0, '')
      pair.server.session.close(pair.now, 0, '')
      pair.run(4_000)
      expect([...endsOf(pair.client), ...endsOf(pair.server)]).toHaveLength(2)
      expect(pair.isQuiet).toBe(true)
    }
  })

  it('while stalled still says CLOSE, and hands back what was queued', () => {
    const pair = connect()
    pair.wire = () => []
    pair.run(1_500)
    pair.client.send(pair.now, 'lost')
    const before = pair.sent.length
    pair.client.session.close(pair.now, 0, '')
    pair.run(10)
    expect(pair.client.story.slice(-2)).toEqual(['stalled', 'undelivered'])
    expect(textsSince(pair, before)).toEqual(['CLOSE'])
    pair.wire = steadyWire(20)
    pair.run(1_000)
    expect(pair.client.story.slice(-2)).toEqual(['ended', 'closed'])
  })

  it('twice is closing once', () => {
    const pair = connect()
    pair.client.session.close(pair.now, 1, 'first')
    pair.client.session.close(pair.now, 2, 'second')
    pair.run(3_000)
    pair.client.session.close(pair.now, 3, 'third')
    expect(endsOf(pair.client)).toMatchObject([{ code: 1, reason: 'first' }])
    expect(pair.client.session.pollEvent()).toBeUndefined()
  })

  it('takes nothing more to send', () => {
    const pair = connect()
    pair.client.session.close(pair.now, 0, '')
    expect(pair.client.send(pair.now, 'late')).toBe('closed')
    pair.run(3_000)
    expect(pair.client.send(pair.now, 'later')).toBe('closed')
    expect(pair.server.send(pair.now, 'later')).toBe('closed')
  })

  it('still hands over what the other side sent before it heard of it', () => {
    const pair = connect()
    pair.server.send(pair.now, 'on its way')
    pair.client.session.close(pair.now, 0, '')
    pair.run(3_000)
    expect(pair.client.messages).toEqual(['on its way'])
  })

  it('does not count a pause of the main loop into its time', () => {
    const pair = connect()
    pair.wire = () => []
    pair.client.session.close(pair.now, 0, '')
    pair.step()
    pair.now += 60_000
    pair.step(100)
    expect(pair.client.session.state).toBe('closing')
  })

  it('during the opening leaves the server with a session that stood and one CLOSE, or none at all', () => {
    const pair = new ClassicPair({ wire: ({ text }) => (text === 'CONNECTED' ? [] : [20]) })
    pair.run(70)
    expect(pair.client.session.state).toBe('connecting')
    pair.client.session.close(pair.now, 0, '')
    pair.run(3_000)
    expect(pair.client.story).toEqual(['connecting', 'closed'])
    expect(pair.server.story).toEqual(['connected', 'ended', 'closed'])
    expect(pair.isQuiet).toBe(true)
  })

  it('hands back what did not get out in its time', () => {
    const remote = { host: '198.51.100.7', port: 50_000 }
    const probe = new ClassicProbe(new ClassicServerSession(0, classicSettings(), { source: remote }), 0)
    probe.hear('CONNECT', remote)
    probe.step()
    probe.send('stuck')
    probe.close()
    probe.session.handleTimeout(2_625, Infinity)
    probe.drain()
    expect(probe.takeEvents().slice(-4)).toEqual(['ended', 'undelivered', 'peer', 'closed'])
  })
})

describe('time', () => {
  const door = { host: '192.0.2.1', port: 1_234 }
  const privatePort = { host: '192.0.2.1', port: 40_000 }

  it('may arrive late without running backwards', () => {
    const probe = new ClassicProbe(new ClassicClient(0, classicSettings(), door, '', () => 0.5), 0)
    probe.step(1_000)
    probe.hear('CONNECT 192.0.2.1 40000', door, 400)
    probe.step(1_000)
    expect(probe.said.at(-1)).toMatchObject({ at: 1_000, text: 'CONNECT' })
    probe.hear('CONNECTED', privatePort, 900)
    probe.hear('data', privatePort, 800)
    probe.step(1_000)
    expect(probe.session.state).toBe('connected')
    expect(probe.session.nextDeadline).toBe(1_500)
  })

  it('is known exactly: a loop that sleeps until each deadline always finds something to do, and misses nothing', () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const random = createRandom(seed)
      const start = random() * 2 ** (seed % 40)
      const settings = classicSettings({
        pingIntervalMs: 100 + random() * 700,
        handshakeTimeoutMs: 900 + random() * 900,
      })
      const probe = new ClassicProbe(new ClassicClient(start, settings, door, '', random), start)
      probe.step()
      for (let sleeps = 0; sleeps < 60; sleeps += 1) {
        if (probe.session.state === 'dialing' && random() < 0.2) probe.hear('CONNECT :: 40000', door)
        if (probe.session.state === 'connecting' && random() < 0.2) probe.hear('CONNECTED', privatePort)
        if (probe.session.state === 'stalled' && random() < 0.1) probe.hear('data', privatePort)
        if (sleeps === 50) probe.close()
        probe.step()
        const { nextDeadline, state } = probe.session
        if (state === 'closed') break
        expect(nextDeadline).toBeGreaterThan(probe.now)

        // A moment before there is nothing to do; at the deadline there is.
        probe.takeEvents()
        probe.takeSaid()
        probe.step(Math.max(probe.now, nextDeadline - 0.01))
        expect([probe.takeEvents(), probe.takeSaid()]).toEqual([[], []])
        probe.step(probe.session.nextDeadline)
        expect(probe.events.length + probe.said.length).toBeGreaterThan(0)
      }
    }
  })

  it('can be slept through: steps at any other times come to the same words in the same order', () => {
    const stories = [7, 16, 50].map((stepMs) => {
      const probe = new ClassicProbe(new ClassicClient(0, classicSettings(), door, '', () => 0.5), 0)
      for (let now = 0; now < 30_000; now += stepMs) {
        if (now >= 5_600 && probe.session.state === 'dialing') probe.hear('CONNECT :: 40000', door)
        if (now >= 7_000 && probe.session.state === 'connecting') probe.hear('CONNECTED', privatePort)
        probe.step(now)
      }
      return probe.takeEvents().slice(0, 12)
    })
    expect(stories[1]).toEqual(stories[0])
    expect(stories[2]).toEqual(stories[0])
  })

  it('leaves nothing behind on either side', () => {
    const pair = new ClassicPair({
      settings: { timeoutMs: 2_000, reconnect: { minDelayMs: 50, maxDelayMs: 50, attempts: 99 } },
    })
    for (let round = 0; round < 20; round += 1) {
      pair.run(3_000)
      pair.server.session.close(pair.now, 0, '')
    }
    pair.client.session.close(pair.now, 0, '')
    pair.run(10_000)
    expect(pair.isQuiet).toBe(true)
    expect(pair.servers.length).toBeGreaterThan(19)
    expect(pair.servers.every(({ isClosed }) => isClosed)).toBe(true)
  })
})

describe('a rough network', () => {
  const seeds = Array.from({ length: 300 }, (_, index) => index + 1)

  it.each(seeds)('loses, doubles and reorders, and nothing breaks (seed %i)', (seed) => {
    const random = createRandom(seed)
    const chances = { loss: random() * 0.4, double: random() * 0.3, jitterMs: random() * 150 }
    const pair = new ClassicPair({ wire: roughWire(random, chances), seed })
    const sent = { client: new Set<string>(), server: new Set<string>() }
    for (let message = 0; message < 40; message += 1) {
      pair.run(integerBelow(random, 400))
      const fromClient = `client ${message}`
      if (pair.client.send(pair.now, fromClient) === 'accepted') sent.client.add(fromClient)
      for (const [index, server] of pair.servers.entries()) {
        const fromServer = `server ${index} ${message}`
        if (server.send(pair.now, fromServer) === 'accepted') sent.server.add(fromServer)
      }
    }
    const closer = random() < 0.5 ? pair.client : (pair.servers.at(-1) ?? pair.client)
    closer.session.close(pair.now, 9, 'done')
    pair.run(integerBelow(random, 300))
    pair.client.session.close(pair.now, 9, 'done')
    pair.run(60_000)

    expect(pair.isQuiet).toBe(true)
    const received = pair.servers.flatMap(({ messages }) => messages)
    expect(received.filter((text) => !sent.client.has(text))).toEqual([])
    expect(pair.client.messages.filter((text) => !sent.server.has(text))).toEqual([])
    for (const side of [pair.client, ...pair.servers]) {
      expect(side.story.at(-1)).toBe('closed')
      expect(side.events.filter(({ type }) => type === 'closed')).toHaveLength(1)
      expect(side.peer).toBeUndefined()
      const connections = side.story.filter((type) => type === 'connected').length
      expect(endsOf(side)).toHaveLength(connections)
    }
  })

  it('that only delays delivers everything once, in order, both ways', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const random = createRandom(seed)
      const pair = new ClassicPair({ wire: steadyWire(random() * 200), seed })
      const texts: string[] = []
      for (let message = 0; message < 50; message += 1) {
        pair.run(random() * 100)
        texts.push(`message ${message}`)
        pair.client.send(pair.now, `message ${message}`)
        if (pair.servers.length > 0) pair.server.send(pair.now, `message ${message}`)
      }
      pair.client.session.close(pair.now, 0, '')
      pair.run(5_000)
      expect(pair.server.messages).toEqual(texts)
      expect(pair.client.messages).toEqual(texts.slice(-pair.client.messages.length))
      expect(pair.isQuiet).toBe(true)
    }
  })
})

describe('what cannot be sent', () => {
  it('is handed back, each message once, and nothing else', () => {
    const pair = connect({ settings: { reconnect: false } })
    pair.wire = () => []
    pair.run(1_500)
    for (const text of ['one', 'two']) pair.client.send(pair.now, text)
    pair.run(20_000)
    const undelivered = pair.client.events.flatMap((event) =>
      event.type === 'undelivered' ? event.messages.map(({ message }) => toText(message)) : [],
    )
    expect(undelivered).toEqual(['one', 'two'])
    expect(pair.client.story.slice(-3)).toEqual(['ended', 'undelivered', 'closed'])
  })
})
