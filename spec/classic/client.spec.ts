import { describe, expect, it } from 'vitest'
import { ClassicClient } from '../../lib/classic/client.ts'
import type { Address } from '../../lib/core/address.ts'
import type { SessionSettings } from '../../lib/session/settings.ts'
import { ClassicProbe, classicSettings, toText } from '../support/classic-probe.ts'

const frontDoor: Address = { host: '192.0.2.1', port: 1_234 }
const privatePort: Address = { host: '192.0.2.1', port: 40_000 }
const stranger: Address = { host: '203.0.113.9', port: 40_000 }
/** The delay of the first attempt: half of it fixed, half of the rest by chance. */
const settings: Partial<SessionSettings> = { reconnect: { minDelayMs: 400, maxDelayMs: 1_600, attempts: 3 } }
const half = (): number => 0.5

function createClient(overrides: Partial<SessionSettings> = settings, token = 'secret'): ClassicProbe<ClassicClient> {
  return new ClassicProbe(new ClassicClient(0, classicSettings(overrides), frontDoor, token, half), 0)
}

/** A client that was shown its private port at the time 0. */
function createConnecting(overrides?: Partial<SessionSettings>): ClassicProbe<ClassicClient> {
  const client = createClient(overrides)
  client.step()
  client.hear('CONNECT 192.0.2.1 40000', frontDoor)
  return client
}

function createConnected(overrides?: Partial<SessionSettings>): ClassicProbe<ClassicClient> {
  const client = createConnecting(overrides)
  client.step()
  client.hear('CONNECTED', privatePort)
  client.step()
  client.takeEvents()
  client.takeSaid()
  return client
}

describe('a classic client that dials', () => {
  it('talks to the front door, and says HELLO with its token at once', () => {
    const client = createClient()
    expect(client.session.state).toBe('dialing')
    client.step()
    expect(client.events).toEqual([{ type: 'peer', remote: frontDoor }])
    expect(client.said).toEqual([{ at: 0, text: 'HELLO secret', to: frontDoor }])
  })

  it('says HELLO and the space where it has no token', () => {
    const client = createClient({}, '')
    client.step()
    expect(client.takeSaid()).toEqual(['HELLO '])
  })

  it('throws where its token could not travel', () => {
    expect(() => createClient({}, 'two words')).toThrow(RangeError)
  })

  it('repeats HELLO until it is answered, ever more slowly', () => {
    const client = createClient()
    client.runUntil(4_999)
    expect(client.said.map(({ at }) => at)).toEqual([0, 200, 500, 950, 1_625, 2_625, 3_625, 4_625])
    expect(new Set(client.takeSaid())).toEqual(new Set(['HELLO secret']))
  })

  it('repeats HELLO once after a pause of the main loop', () => {
    const client = createClient()
    client.step(0)
    client.step(4_000)
    expect(client.takeSaid()).toEqual(['HELLO secret', 'HELLO secret'])
  })

  it('says CONNECT to the private port that it is shown', () => {
    const client = createConnecting()
    client.step()
    expect(client.session.state).toBe('connecting')
    expect(client.events.slice(1)).toEqual([
      { type: 'peer', remote: privatePort },
      { type: 'connecting', remote: privatePort },
    ])
    expect(client.said.at(-1)).toEqual({ at: 0, text: 'CONNECT', to: privatePort })
  })

  it.each(['0.0.0.0', '::'])('takes %s for the address that it said HELLO to', (host) => {
    const client = createClient()
    client.step()
    client.hear(`CONNECT ${host} 40000`, frontDoor)
    expect(client.session.remote).toEqual(privatePort)
  })

  it('takes the answer to a HELLO that it repeated neither for a proof nor for a message, where both come from one port', () => {
    const client = createClient()
    client.step()
    const connect = `CONNECT ${frontDoor.host} ${frontDoor.port}`
    client.hear(connect, frontDoor)
    client.hear(connect, frontDoor)
    expect(client.session.state).toBe('connecting')

    client.hear('CONNECTED', frontDoor)
    client.hear(connect, frontDoor)
    client.hear(`${connect}0`, frontDoor)
    client.step()

    expect(client.session.state).toBe('connected')
    expect(client.events.filter(({ type }) => type === 'message')).toHaveLength(1)
    expect(client.session.stats.droppedMalformed).toBe(2)
  })

  it('may be sent to another machine', () => {
    const client = createClient()
    client.hear('CONNECT 2001:db8::5 40000', frontDoor)
    expect(client.session.remote).toEqual({ host: '2001:db8::5', port: 40_000 })
  })

  it('knows the front door however its address was written', () => {
    const door = { host: '2001:DB8:0::1', port: 1_234 }
    const client = new ClassicProbe(new ClassicClient(0, classicSettings(), door, '', half), 0)
    client.hear('CONNECT :: 40000', { host: '2001:db8::1', port: 1_234 })
    expect(client.session.remote).toEqual({ host: '2001:db8::1', port: 40_000 })
  })

  it.each([stranger, privatePort])('takes no answer from anybody but the front door', (source) => {
    const client = createClient()
    client.step()
    client.hear('CONNECT 192.0.2.1 40000', source)
    client.hear('GO AWAY!', source)
    expect(client.session.state).toBe('dialing')
    expect(client.session.stats.droppedForeign).toBe(2)
  })

  it.each([
    'CONNECT',
    'CONNECTED',
    'CONNECT 192.0.2.1 0',
    'CONNECT 192.0.2.1 040000',
    'CONNECT nowhere 1',
    'PING',
    'CLOSE',
    '',
  ])('drops and counts an answer like %j', (text) => {
    const client = createClient()
    client.step()
    client.hear(text, frontDoor)
    client.step()
    expect(client.session.state).toBe('dialing')
    expect(client.session.stats.droppedMalformed).toBe(1)
    expect(client.takeEvents()).toEqual(['peer'])
    expect(client.takeSaid()).toEqual(['HELLO secret'])
  })

  it('gives up after the time of the handshake, waits and dials again', () => {
    const client = createClient()
    client.runUntil(5_000)
    expect(client.session.state).toBe('waiting')
    expect(client.events.slice(1)).toEqual([
      { type: 'unanswered', willReconnect: true },
      { type: 'peer', remote: undefined },
    ])
    client.takeSaid()

    client.runUntil(5_299)
    expect(client.takeSaid()).toEqual([])

    client.runUntil(5_300)
    expect(client.session.state).toBe('dialing')
    expect(client.events.at(-1)).toEqual({ type: 'peer', remote: frontDoor })
    expect(client.takeSaid()).toEqual(['HELLO secret'])
  })

  it('does not count a pause of the main loop into the time of the handshake', () => {
    const client = createClient()
    client.step(60_000, 250)
    expect(client.session.state).toBe('dialing')
    client.step(64_749, Infinity)
    expect(client.session.state).toBe('dialing')
    client.step(64_750, Infinity)
    expect(client.session.state).toBe('waiting')
  })

  it('waits longer before each attempt, and closes when there is none left', () => {
    const client = createClient()
    client.runUntil(60_000)
    const unanswered = client.eventsOf('unanswered').map(({ willReconnect }) => willReconnect)
    expect(unanswered).toEqual([true, true, true, false])
    expect(client.said.filter(({ text }, index) => text !== '' && index % 8 === 0).map(({ at }) => at)).toEqual([
      0, 5_300, 10_900, 17_100,
    ])
    expect(client.takeEvents().slice(-3)).toEqual(['unanswered', 'peer', 'closed'])
    expect(client.session.state).toBe('closed')
    expect(client.session.nextDeadline).toBe(Infinity)
  })

  it('closes at once where it is not to dial again', () => {
    const client = createClient({ reconnect: false })
    client.runUntil(5_000)
    expect(client.events.slice(1)).toEqual([
      { type: 'unanswered', willReconnect: false },
      { type: 'peer', remote: undefined },
      { type: 'closed' },
    ])
  })

  it('is told GO AWAY!, waits and dials again', () => {
    const client = createClient()
    client.step()
    client.hear('GO AWAY!', frontDoor)
    client.step()
    expect(client.session.state).toBe('waiting')
    expect(client.events.slice(1)).toEqual([
      { type: 'refused', code: 0, reason: '', willReconnect: true },
      { type: 'peer', remote: undefined },
    ])
    client.runUntil(300)
    expect(client.session.state).toBe('dialing')
  })

  it('is told GO AWAY! and closes where no attempt is left', () => {
    const client = createClient({ reconnect: { minDelayMs: 1, maxDelayMs: 1, attempts: 0 } })
    client.hear('GO AWAY!', frontDoor)
    client.step()
    expect(client.takeEvents()).toEqual(['peer', 'refused', 'peer', 'closed'])
  })
})

describe('a classic client that connects', () => {
  it('repeats CONNECT until it is answered', () => {
    const client = createConnecting()
    client.takeSaid()
    client.runUntil(1_000)
    expect(client.said.map(({ at }) => at)).toEqual([0, 200, 500, 950])
    expect(client.said.every(({ text, to }) => text === 'CONNECT' && to.port === 40_000)).toBe(true)
  })

  it('stands when CONNECTED came', () => {
    const client = createConnecting()
    client.hear('CONNECTED', privatePort)
    client.step()
    expect(client.session.state).toBe('connected')
    expect(client.events.at(-1)).toEqual({ type: 'connected', remote: privatePort, isResumed: false })
    client.takeSaid()
    client.runUntil(499)
    expect(client.takeSaid()).toEqual([])
  })

  it('is not moved by another CONNECT', () => {
    const client = createConnecting()
    client.hear('CONNECT 192.0.2.1 40001', frontDoor)
    client.hear('GO AWAY!', frontDoor)
    expect(client.session.remote).toEqual(privatePort)
    expect(client.session.state).toBe('connecting')
  })

  it('hears nobody but its private port', () => {
    const client = createConnecting()
    client.hear('CONNECTED', frontDoor)
    client.hear('CONNECTED', stranger)
    expect(client.session.state).toBe('connecting')
    expect(client.session.stats.droppedForeign).toBe(2)
  })

  it('takes data for CONNECTED, which was lost, and hands it over', () => {
    const client = createConnecting()
    client.hear('good morning', privatePort)
    client.step()
    expect(client.takeEvents().slice(-2)).toEqual(['connected', 'message'])
    expect(client.session.state).toBe('connected')
  })

  it('takes an empty message for CONNECTED too', () => {
    const client = createConnecting()
    client.hear('', privatePort)
    client.step()
    expect(client.messages).toEqual([''])
  })

  it('takes PING for CONNECTED, and answers it', () => {
    const client = createConnecting()
    client.hear('PING', privatePort)
    client.step()
    expect(client.takeEvents().slice(-2)).toEqual(['connected', 'ping'])
    expect(client.takeSaid().at(-1)).toBe('PONG')
  })

  it('takes CLOSE for CONNECTED, and for the end', () => {
    const client = createConnecting({ reconnect: false })
    client.hear('CLOSE', privatePort)
    client.step()
    expect(client.takeEvents().slice(-2)).toEqual(['connected', 'ended'])
    expect(client.takeSaid().at(-1)).toBe('CLOSED')
  })

  it.each(['PONG', 'CLOSED'])('does not take %s for CONNECTED', (word) => {
    const client = createConnecting()
    client.hear(word, privatePort)
    expect(client.session.state).toBe('connecting')
    expect(client.session.stats.droppedMalformed).toBe(1)
  })

  it('gives up after the time of the handshake, and dials again from the front door', () => {
    const client = createConnecting()
    client.takeEvents()
    client.runUntil(5_300)
    expect(client.events.slice(2)).toEqual([
      { type: 'unanswered', willReconnect: true },
      { type: 'peer', remote: undefined },
      { type: 'peer', remote: frontDoor },
    ])
    expect(client.said.at(-1)).toEqual({ at: 5_300, text: 'HELLO secret', to: frontDoor })
  })

  it('has the whole time of the handshake for its second half', () => {
    const client = createClient()
    client.runUntil(4_900)
    client.hear('CONNECT 192.0.2.1 40000', frontDoor)
    client.runUntil(9_899)
    expect(client.session.state).toBe('connecting')
  })

  it('queues what is sent, and sends it in order once it stands', () => {
    const client = createClient()
    expect(['one', 'two'].map((text) => client.send(text))).toEqual(['accepted', 'accepted'])
    client.step()
    client.hear('CONNECT 192.0.2.1 40000', frontDoor)
    expect(client.send('three')).toBe('accepted')
    client.step()
    expect(client.takeSaid()).toEqual(['HELLO secret', 'CONNECT'])

    client.hear('CONNECTED', privatePort)
    client.step()

    expect(client.takeSaid()).toEqual(['one', 'two', 'three'])
  })
})

describe('a classic client that stands', () => {
  it('takes CONNECTED that comes again for a sign of life and no more', () => {
    const client = createConnected()
    client.step(400)
    client.hear('CONNECTED', privatePort)
    client.step(899)
    expect(client.takeEvents()).toEqual([])
    expect(client.takeSaid()).toEqual([])
    expect(client.session.stats.droppedMalformed).toBe(0)
  })

  it.each(['CONNECT', 'HELLO', 'HELLO secret', 'GO AWAY!', 'CONNECT 192.0.2.1 40001'])(
    'takes %j for a message',
    (text) => {
      const client = createConnected()
      client.hear(text, privatePort)
      client.step()
      expect(client.messages).toEqual([text])
      expect(client.session.state).toBe('connected')
    },
  )

  it('dials again when the server is silent too long, with what was queued', () => {
    const client = createConnected()
    client.runUntil(5_000)
    client.send('kept')
    client.runUntil(10_000)
    expect(client.eventsOf('ended')).toEqual([
      { type: 'ended', cause: 'timeout', code: 0, reason: 'timed out', willReconnect: true },
    ])
    expect(client.session.state).toBe('waiting')
    expect(client.events.at(-1)).toEqual({ type: 'peer', remote: undefined })

    client.runUntil(10_300)
    client.hear('CONNECT 192.0.2.1 40007', frontDoor)
    client.hear('CONNECTED', { host: '192.0.2.1', port: 40_007 })
    client.takeSaid()
    client.step()

    expect(client.session.state).toBe('connected')
    expect(client.takeSaid()).toEqual(['kept'])
    expect(client.eventsOf('undelivered')).toEqual([])
  })

  it('starts its backoff anew after each connection that stood for ten seconds', () => {
    const client = createConnected()
    client.runUntil(10_000)
    for (let round = 0; round < 4; round += 1) {
      client.runUntil(client.now + 300)
      expect(client.session.state).toBe('dialing')
      client.hear('CONNECT 192.0.2.1 40000', frontDoor)
      client.hear('CONNECTED', privatePort)
      client.runUntil(client.now + 5_000)
      client.hear('PING', privatePort)
      client.runUntil(client.now + 5_000)
      client.hear('PING', privatePort)
      client.runUntil(client.now + 10_000)
      expect(client.session.state).toBe('waiting')
    }
  })

  it('goes on with its backoff after one that stood for less, and gives up after as many as it may try', () => {
    const client = createConnected({ reconnect: { minDelayMs: 400, maxDelayMs: 8_000, attempts: 2 } })
    for (const limitMs of [400, 800]) {
      client.hear('CLOSE', privatePort)
      expect(client.session.state).toBe('waiting')
      client.runUntil(client.now + limitMs)
      expect(client.session.state).toBe('dialing')
      client.hear('CONNECT 192.0.2.1 40000', frontDoor)
      client.hear('CONNECTED', privatePort)
      expect(client.session.state).toBe('connected')
    }
    client.hear('CLOSE', privatePort)
    expect(client.session.state).toBe('closing')
  })

  it('closes when it is not to dial again, and hands back what was queued', () => {
    const client = createConnected({ reconnect: false })
    client.runUntil(5_000)
    client.send('lost')
    client.runUntil(10_000)
    expect(client.takeEvents()).toEqual(['stalled', 'ended', 'undelivered', 'peer', 'closed'])
  })

  it('answers CLOSE with CLOSED, and dials again', () => {
    const client = createConnected()
    client.hear('CLOSE', privatePort)
    client.step()
    expect(client.events).toEqual([
      { type: 'ended', cause: 'closed-there', code: 0, reason: '', willReconnect: true },
      { type: 'peer', remote: undefined },
    ])
    expect(client.said).toEqual([{ at: 0, text: 'CLOSED', to: privatePort }])
    client.runUntil(300)
    expect(client.said.at(-1)).toEqual({ at: 300, text: 'HELLO secret', to: frontDoor })
  })

  it('answers CLOSE once more while it waits, as its CLOSED was lost', () => {
    const client = createConnected()
    client.hear('CLOSE', privatePort)
    client.step()
    client.step(200)
    client.hear('CLOSE', privatePort)
    client.hear('CLOSE', stranger)
    client.hear('data', privatePort)
    client.step()
    expect(client.said.map(({ at, text }) => [at, text])).toEqual([
      [0, 'CLOSED'],
      [200, 'CLOSED'],
    ])
    expect(client.session.stats.droppedForeign).toBe(2)
  })

  it('does not take an answer on its new connection for one to a PING on the old', () => {
    const client = createConnected()
    client.session.ping(0)
    client.step()
    client.hear('CLOSE', privatePort)
    client.runUntil(300)
    client.hear('CONNECT 192.0.2.1 40000', frontDoor)
    client.hear('CONNECTED', privatePort)
    client.hear('PONG', privatePort)
    client.step()
    expect(client.eventsOf('pong')).toEqual([])
    expect(client.session.stats.droppedMalformed).toBe(1)
  })

  it('says CLOSED before it dials, even where it dials at once', () => {
    const client = createConnected({ reconnect: { minDelayMs: 0, maxDelayMs: 0, attempts: 3 } })
    client.hear('CLOSE', privatePort)
    client.step()
    expect(client.takeSaid()).toEqual(['CLOSED'])
    client.step()
    expect(client.takeSaid()).toEqual(['HELLO secret'])
  })

  it('is not kept from dialing by a server that goes on saying CLOSE', () => {
    const client = createConnected()
    client.hear('CLOSE', privatePort)
    for (let now = 10; now <= 310; now += 10) {
      client.hear('CLOSE', privatePort, now)
      client.step(now)
    }
    expect(client.session.state).toBe('dialing')
  })

  it('waits by the clock, so a pause of the main loop does not lengthen the wait', () => {
    const client = createConnected()
    client.hear('CLOSE', privatePort)
    client.step(0)
    client.step(300, 0)
    expect(client.session.state).toBe('dialing')
  })

  it('drains after CLOSE where it is not to dial again', () => {
    const client = createConnected({ reconnect: false })
    client.hear('CLOSE', privatePort)
    client.step()
    expect(client.session.state).toBe('closing')
    client.runUntil(1_000)
    expect(client.takeEvents()).toEqual(['ended', 'peer', 'closed'])
  })
})

describe('a classic client that is closed', () => {
  it('says nothing to a front door that has not answered', () => {
    const client = createClient()
    client.send('lost')
    client.step()
    client.takeSaid()
    client.close(3, 'enough')
    client.step()
    expect(client.takeSaid()).toEqual([])
    expect(
      client.eventsOf('undelivered').flatMap(({ messages }) => messages.map(({ message }) => toText(message))),
    ).toEqual(['lost'])
    expect(client.takeEvents()).toEqual(['peer', 'undelivered', 'peer', 'closed'])
  })

  it('says CLOSE once to a private port that has not answered, and waits shortly', () => {
    const client = createConnecting()
    client.send('lost')
    client.step()
    client.takeSaid()
    client.takeEvents()
    client.close()
    client.step()
    expect(client.said).toEqual([{ at: 0, text: 'CLOSE', to: privatePort }])
    expect(client.session.state).toBe('closing')
    expect(client.send('late')).toBe('closed')

    client.runUntil(199)
    expect(client.takeEvents()).toEqual(['undelivered'])
    client.runUntil(200)
    expect(client.takeEvents()).toEqual(['peer', 'closed'])
    expect(client.takeSaid()).toEqual(['CLOSE'])
  })

  it('says it once, even where its time does not pass', () => {
    const client = createConnecting()
    client.close()
    for (let now = 0; now < 5_000; now += 100) client.step(now, 0)
    expect(client.takeSaid().filter((text) => text === 'CLOSE')).toEqual(['CLOSE'])
  })

  it('has done so as soon as that port says CLOSED', () => {
    const client = createConnecting()
    client.close()
    client.step()
    client.hear('CONNECTED', privatePort)
    client.hear('data', privatePort)
    client.hear('CLOSED', privatePort)
    client.step()
    expect(client.takeEvents().slice(-2)).toEqual(['peer', 'closed'])
    expect(client.messages).toEqual([])
    expect(client.session.stats.droppedMalformed).toBe(2)
  })

  it('does not dial again where it waited to', () => {
    const client = createConnected()
    client.runUntil(10_000)
    client.takeEvents()
    client.takeSaid()
    client.close()
    client.runUntil(60_000)
    expect(client.takeEvents()).toEqual(['closed'])
    expect(client.takeSaid()).toEqual([])
  })

  it('still says CLOSED to the server that closed just before', () => {
    const client = createConnected()
    client.hear('CLOSE', privatePort)
    client.close()
    client.step()
    expect(client.takeSaid()).toEqual(['CLOSED'])
    client.step(500)
    client.hear('CLOSE', privatePort)
    client.runUntil(1_000)
    expect(client.takeSaid()).toEqual(['CLOSED'])
    expect(client.takeEvents()).toEqual(['ended', 'peer', 'closed'])
  })
})
