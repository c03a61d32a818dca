import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ClassicClient } from '../../lib/classic/client.ts'
import { ClassicFrontDoor } from '../../lib/classic/front-door.ts'
import { ClassicServerSession } from '../../lib/classic/server-session.ts'
import type { Address } from '../../lib/core/address.ts'
import type { Session, SessionState } from '../../lib/session/session.ts'
import { ClassicProbe, classicSettings, toBytes } from '../support/classic-probe.ts'
import { fuzzRuns } from '../support/fuzz-runs.ts'

const frontDoor: Address = { host: '192.0.2.1', port: 1_234 }
const privatePort: Address = { host: '192.0.2.1', port: 40_000 }
const clientAddress: Address = { host: '198.51.100.7', port: 50_000 }
const stranger: Address = { host: '203.0.113.9', port: 9 }

const word = fc.constantFrom(
  ...['HELLO', 'HELLO ', 'HELLO secret', 'CONNECT', 'CONNECT :: 40000', 'CONNECT 192.0.2.1 40001', 'CONNECT 1 1'],
  ...['CONNECTED', 'GO AWAY!', 'PING', 'PONG', 'CLOSE', 'CLOSED', 'data', ''],
)
const bytes = fc.oneof(word.map(toBytes), fc.uint8Array({ maxLength: 40 }))
const source = fc.constantFrom(frontDoor, privatePort, clientAddress, stranger, { ...clientAddress, port: 50_001 })
/** What can happen to a session, at any moment and in any order. */
const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('hear' as const), bytes, source, ageMs: fc.nat(100) }) },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('sleep' as const), ms: fc.nat(3_000), maxSilenceMs: fc.nat(3_000) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('send' as const), bytes }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('ping' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('close' as const) }) },
)

/** Brings a new client or server session to a state. */
const lives: Record<string, () => ClassicProbe<Session>> = {
  'a client that dials': () => createClient(),
  'a client that connects': () => createClient('CONNECT :: 40000'),
  'a client that stands': () => createClient('CONNECT :: 40000', 'CONNECTED'),
  'a client that is stalled': () => aged(createClient('CONNECT :: 40000', 'CONNECTED'), 1_000),
  'a client that closes': () => closed(createClient('CONNECT :: 40000', 'CONNECTED')),
  'a client that leaves the opening': () => closed(createClient('CONNECT :: 40000')),
  'a client that waits': () => createClient('GO AWAY!'),
  'a client that waits after CLOSE': () => createClient('CONNECT :: 40000', 'CONNECTED', 'CLOSE'),
  'a client that is closed': () => closed(createClient()),
  'a server that waits for CONNECT': () => createServer(),
  'a server that stands': () => createServer('CONNECT'),
  'a server that is stalled': () => aged(createServer('CONNECT'), 1_000),
  'a server that closes': () => closed(createServer('CONNECT')),
  'a server that drains': () => createServer('CONNECT', 'CLOSE'),
  'a server that is closed': () => closed(createServer()),
}

const states: Record<string, SessionState> = {
  'a client that dials': 'dialing',
  'a client that connects': 'connecting',
  'a client that stands': 'connected',
  'a client that is stalled': 'stalled',
  'a client that closes': 'closing',
  'a client that leaves the opening': 'closing',
  'a client that waits': 'waiting',
  'a client that waits after CLOSE': 'waiting',
  'a client that is closed': 'closed',
  'a server that waits for CONNECT': 'connecting',
  'a server that stands': 'connected',
  'a server that is stalled': 'stalled',
  'a server that closes': 'closing',
  'a server that drains': 'closing',
  'a server that is closed': 'closed',
}

function createClient(...heard: string[]): ClassicProbe<Session> {
  const settings = classicSettings({ reconnect: { minDelayMs: 100, maxDelayMs: 200, attempts: 4 } })
  const probe = new ClassicProbe<Session>(new ClassicClient(0, settings, frontDoor, 'secret', () => 0.5), 0)
  return told(probe, heard)
}

function createServer(...heard: string[]): ClassicProbe<Session> {
  return told(
    new ClassicProbe<Session>(new ClassicServerSession(0, classicSettings(), { source: clientAddress }), 0),
    heard,
  )
}

function told(probe: ClassicProbe<Session>, heard: readonly string[]): ClassicProbe<Session> {
  for (const text of heard) {
    probe.step()
    probe.hear(text, probe.session.remote)
  }
  return probe
}

function aged(probe: ClassicProbe<Session>, ms: number): ClassicProbe<Session> {
  probe.step(ms)
  return probe
}

function closed(probe: ClassicProbe<Session>): ClassicProbe<Session> {
  probe.close()
  return probe
}

describe.each(Object.keys(lives))('%s', (name) => {
  const create = (): ClassicProbe<Session> => {
    const probe = lives[name]?.()
    if (probe === undefined) throw new Error(`There is no ${name}.`)
    return probe
  }

  it('is in its state', () => {
    expect(create().session.state).toBe(states[name])
  })

  it('survives whatever happens, in any order', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const probe = create()
        for (const happening of actions) {
          if (happening.type === 'hear') probe.hear(happening.bytes, happening.source, probe.now - happening.ageMs)
          else if (happening.type === 'send') probe.session.send(probe.now, happening.bytes, 'unreliable', 0)
          else if (happening.type === 'ping') probe.session.ping(probe.now)
          else if (happening.type === 'close') probe.close()
          else probe.step(probe.now + happening.ms, happening.maxSilenceMs)
        }
        probe.step()
        probe.close()
        probe.runUntil(probe.now + 60_000)

        expect(probe.session.state).toBe('closed')
        expect(probe.session.nextDeadline).toBe(Infinity)
        expect(probe.events.filter(({ type }) => type === 'closed')).toHaveLength(1)
        expect(probe.events.at(-1)).toEqual({ type: 'closed' })
        expect(probe.session.stats).toMatchObject({ queuedMessages: 0, queuedBytes: 0 })
        const names = probe.events.map(({ type }) => type)
        const connections = names.filter((type) => type === 'connected').length
        expect(names.filter((type) => type === 'ended')).toHaveLength(connections)
        if (connections === 0) expect(names).not.toContain('message')
        const stalls = names.filter((type) => type === 'stalled' || type === 'unstalled' || type === 'connected')
        expect(stalls.join(' ')).not.toMatch(/(?<!un)stalled stalled|unstalled unstalled|connected unstalled/)
      }),
      fuzzRuns(1000),
    )
  })

  it('takes nothing from strangers', () => {
    fc.assert(
      fc.property(fc.array(bytes), (datagrams) => {
        const told = create()
        const untold = create()
        for (const datagram of datagrams) told.hear(datagram, stranger)
        told.runUntil(told.now + 3_000)
        untold.runUntil(untold.now + 3_000)
        expect(told.events).toEqual(untold.events)
        expect(told.said).toEqual(untold.said)
        expect(told.session.stats.droppedForeign).toBe(datagrams.length)
      }),
      fuzzRuns(300),
    )
  })
})

describe('a front door', () => {
  it('survives whatever comes, and answers each HELLO at most once', () => {
    const into = new Uint8Array(100)
    const visit = fc.record({ bytes, source, isWelcome: fc.boolean() })
    fc.assert(
      fc.property(fc.array(visit, { maxLength: 60 }), (visits) => {
        const door = new ClassicFrontDoor('secret')
        let answers = 0
        for (const { bytes: datagram, source: from, isWelcome } of visits) {
          door.handleDatagram(0, datagram, from)
          for (let event = door.pollEvent(); event; event = door.pollEvent()) {
            if (event.type !== 'request') continue
            if (isWelcome) door.admit(0, event.request, privatePort)
            else door.refuse(0, event.request, 0, '')
          }
          while (door.pollTransmit(0, into) !== undefined) answers += 1
        }
        expect(answers).toBe(door.stats.receivedHellos)
        expect(door.stats.receivedHellos + door.stats.droppedMalformed).toBe(visits.length)
      }),
      fuzzRuns(1000),
    )
  })
})
