import { describe, expect, it } from 'vitest'
import type { Delivery } from '../../lib/session/delivery.ts'
import type { SendOutcome } from '../../lib/session/session.ts'
import { EchoSession } from '../support/echo-session.ts'
import { SessionPair } from '../support/session-pair.ts'
import { checkAgreement, checkLives, checkQueues, Ledger } from './checks.ts'

interface Arrival {
  readonly message: Uint8Array
  readonly delivery: Delivery
  readonly channel: number
}

/** A ledger whose messages are kept instead of sent. */
function setUp() {
  const ledger = new Ledger('test')
  const sent: Arrival[] = []
  const create = (now: number, remote: { host: string; port: number }) => new EchoSession(now, remote)
  const { a } = new SessionPair({
    seed: 1,
    a: { session: ({ now, remote }) => create(now, remote) },
    b: { session: ({ now, remote }) => create(now, remote) },
  })
  let outcome: SendOutcome = 'accepted'
  a.session.send = (_now, message, delivery, channel) => {
    if (outcome === 'accepted') sent.push({ message, delivery, channel })
    return outcome
  }
  const send = (delivery: Delivery, channel = 0, bytes = 20): Arrival => {
    ledger.send(0, a, bytes, delivery, channel)
    return sent.at(-1) ?? expect.fail('nothing was sent')
  }
  const arrive = (arrival: Arrival) => ledger.arrive(5, { type: 'message', ...arrival })
  const giveUp = (...messages: Arrival[]) => ledger.giveUp({ type: 'undelivered', messages })
  const answer = (next: SendOutcome) => (outcome = next)
  return { ledger, endpoint: a, send, arrive, giveUp, answer }
}

describe('Ledger', () => {
  it('is content when everything arrives as it was sent', () => {
    const { ledger, send, arrive } = setUp()
    for (const arrival of [send('reliable'), send('reliable', 1), send('latest'), send('unreliable')]) arrive(arrival)
    ledger.checkComplete()
    expect([ledger.sentMessages, ledger.arrivedMessages]).toEqual([4, 4])
    expect(ledger.latenciesMs[0]).toEqual({ delivery: 'reliable', channel: 0, latencyMs: 5 })
  })

  it.each(['reliable', 'reliable-unordered'] as const)('misses a %s message that never came', (delivery) => {
    const { ledger, send, arrive } = setUp()
    send(delivery)
    arrive(send(delivery, 1))
    expect(ledger.isComplete()).toBe(false)
    expect(() => ledger.checkComplete()).toThrow('message 0 of 20 B on channel 0')
  })

  it('misses the newest of the latest messages, and no older one', () => {
    const { ledger, send, arrive } = setUp()
    send('latest')
    const newest = send('latest')
    expect(() => ledger.checkComplete()).toThrow('message 1')
    arrive(newest)
    ledger.checkComplete()
  })

  it('does not miss what may be lost, nor what its sender was told of', () => {
    const { ledger, send, giveUp } = setUp()
    send('sequenced')
    send('unreliable')
    giveUp(send('reliable'), send('latest'))
    ledger.checkComplete()
  })

  it.each(['reliable', 'reliable-unordered', 'sequenced', 'latest'] as const)(
    'catches a %s message that arrives twice',
    (delivery) => {
      const { send, arrive } = setUp()
      const arrival = send(delivery)
      arrive(arrival)
      expect(() => arrive(arrival)).toThrow('arrived twice')
    },
  )

  it.each(['reliable', 'sequenced', 'latest'] as const)(
    'catches a %s message that arrives after a newer one',
    (delivery) => {
      const { send, arrive } = setUp()
      const [older, newer] = [send(delivery), send(delivery)]
      arrive(newer)
      expect(() => arrive(older)).toThrow('arrived after message 1')
    },
  )

  it('lets channels, and unordered messages, overtake each other', () => {
    const { send, arrive } = setUp()
    const arrivals = [send('reliable', 0), send('reliable', 1), send('reliable-unordered'), send('reliable-unordered')]
    for (const arrival of arrivals.reverse()) arrive(arrival)
  })

  it('lets unreliable messages come twice and late', () => {
    const { send, arrive } = setUp()
    const [older, newer] = [send('unreliable'), send('unreliable')]
    for (const arrival of [newer, older, older]) arrive(arrival)
  })

  it('catches what was never sent, or otherwise', () => {
    const { send, arrive, giveUp } = setUp()
    const { message, delivery, channel } = send('reliable')
    const changed = message.slice()
    changed[10] = (changed[10] ?? 0) ^ 1
    expect(() => arrive({ message: changed, delivery, channel })).toThrow('other bytes')
    expect(() => arrive({ message: message.subarray(0, 19), delivery, channel })).toThrow('other bytes')
    expect(() => arrive({ message, delivery, channel: 1 })).toThrow('arrived as')
    expect(() => arrive({ message, delivery: 'latest', channel })).toThrow('arrived as')
    expect(() => arrive({ message: new Uint8Array([0, 0, 0, 9]), delivery, channel })).toThrow('not sent')
    expect(() => arrive({ message: new Uint8Array(1), delivery, channel })).toThrow('not sent')
    expect(() => giveUp({ message: changed, delivery, channel })).toThrow('not sent')
  })

  it('catches a message that is given up twice', () => {
    const { send, giveUp } = setUp()
    const arrival = send('reliable')
    expect(() => giveUp(arrival, arrival)).toThrow('twice')
  })

  it('counts what a full queue refuses, and catches any other refusal', () => {
    const { ledger, endpoint, answer } = setUp()
    answer('queue-full')
    expect(ledger.send(0, endpoint, 10, 'reliable', 0)).toBe(false)
    expect([ledger.refusedMessages, ledger.sentMessages]).toEqual([1, 0])
    answer('closed')
    expect(() => ledger.send(0, endpoint, 10, 'reliable', 0)).toThrow('closed')
  })
})

describe('checkAgreement', () => {
  const here = { cause: 'closed-here', code: 7, reason: 'bye' } as const
  const there = { cause: 'closed-there', code: 7, reason: 'bye' } as const
  const timeout = { cause: 'timeout', code: 0, reason: '' } as const

  it('takes one that closed and one that was told so, and two that closed at once', () => {
    checkAgreement(here, there)
    checkAgreement(there, here)
    checkAgreement(here, { ...here, code: 8 })
  })

  it.each([
    [here, undefined],
    [here, { ...there, code: 8 }],
    [here, { ...there, reason: 'no' }],
    [there, there],
    [here, timeout],
  ])('does not take %o and %o', (a, b) => {
    expect(() => checkAgreement(a, b)).toThrow('do not agree')
  })

  it('takes a timeout where every word may have been lost', () => {
    checkAgreement(here, timeout, true)
    expect(() => checkAgreement(here, undefined, true)).toThrow('do not agree')
  })
})

describe('checkLives', () => {
  const connected = { type: 'connected', remote: { host: '10.0.0.1', port: 1 }, isResumed: false } as const
  const ended = { type: 'ended', cause: 'timeout', code: 0, reason: '', willReconnect: true } as const

  it('takes a connection that stands and ends, however often', () => {
    checkLives('a', [])
    checkLives('a', [connected, { type: 'stalled' }, ended, connected])
  })

  it('catches an end too many, and one too few', () => {
    expect(() => checkLives('a', [connected, ended, ended])).toThrow('a was told: connected, ended, ended')
    expect(() => checkLives('a', [connected, connected])).toThrow('connected, connected')
  })
})

describe('checkQueues', () => {
  it('catches a queue beyond its limits', () => {
    const { endpoint } = setUp()
    const limits = { maxQueuedMessages: 2, maxQueuedBytes: 100 }
    checkQueues(endpoint, limits)
    Object.assign(endpoint.session.stats, { queuedMessages: 3 })
    expect(() => checkQueues(endpoint, limits)).toThrow('3 messages queued')
    Object.assign(endpoint.session.stats, { queuedMessages: 2, queuedBytes: 101 })
    expect(() => checkQueues(endpoint, limits)).toThrow('101 bytes queued')
    Object.assign(endpoint.session.stats, { queuedBytes: -1 })
    expect(() => checkQueues(endpoint, limits)).toThrow('-1 bytes')
  })
})
