import { describe, expect, it } from 'vitest'
import { deliveries, type Delivery } from '../../lib/session/delivery.ts'
import { EchoSession } from '../support/echo-session.ts'
import { SessionPair } from '../support/session-pair.ts'
import { Mail } from './mail.ts'

interface Arrival {
  readonly message: Uint8Array
  readonly delivery: Delivery
  readonly channel: number
}

/** Two ends whose letters are kept instead of sent. */
function setUp() {
  const mail = new Mail('test', { next: 0 })
  const sent: Arrival[] = []
  const { a, b } = new SessionPair({
    seed: 1,
    a: { session: ({ now, remote }) => new EchoSession(now, remote) },
    b: { session: ({ now, remote }) => new EchoSession(now, remote) },
  })
  a.session.send = (_now, message, delivery, channel) => {
    sent.push({ message, delivery, channel })
    return 'accepted'
  }
  const send = (delivery: Delivery, channel = 0): Arrival => {
    mail.send(0, a, 20, delivery, channel)
    return sent.at(-1) ?? expect.fail('nothing was sent')
  }
  const arrive = (arrival: Arrival, at = b) => mail.arrive(at, { type: 'message', ...arrival })
  const handBack = (...messages: Arrival[]) => mail.handBack(a, { type: 'undelivered', messages })
  return { mail, a, b, send, arrive, handBack }
}

describe('Mail', () => {
  it('is settled when all that has to has arrived or was handed back', () => {
    const { mail, send, arrive, handBack } = setUp()
    const letters = deliveries.map((delivery) => send(delivery))
    expect(mail.isSettled).toBe(false)
    for (const letter of letters.slice(0, 2)) arrive(letter)
    expect(() => mail.checkSettled()).toThrow('latest letter 3')
    handBack(...letters.slice(3, 4))
    mail.checkSettled()
  })

  it('misses of the latest letters the newest alone', () => {
    const { mail, send, arrive } = setUp()
    send('latest')
    const newest = send('latest')
    expect(() => mail.checkSettled()).toThrow('letter 1')
    arrive(newest)
    mail.checkSettled()
  })

  it('is owed nothing by somebody who was killed', () => {
    const { mail, a, send } = setUp()
    send('reliable')
    mail.excuse(a)
    mail.checkSettled()
  })

  it.each(deliveries.slice(0, 4))('takes no %s letter twice, at whichever end', (delivery) => {
    const { a, send, arrive } = setUp()
    const letter = send(delivery)
    arrive(letter)
    expect(() => arrive(letter)).toThrow('twice')
    expect(() => arrive(letter, a)).toThrow('came back')
  })

  it('takes no letter that was not sent, or not like this', () => {
    const { send, arrive } = setUp()
    const letter = send('reliable')
    expect(() => arrive({ ...letter, message: new Uint8Array(20).fill(9) })).toThrow('not sent')
    expect(() => arrive({ ...letter, message: letter.message.subarray(1, 20) })).toThrow('not sent')
    expect(() => arrive({ ...letter, channel: 1 })).toThrow('channel 1')
  })

  it.each(['reliable', 'sequenced', 'latest'] as const)(
    'takes no %s letter that is older than the last',
    (delivery) => {
      const { send, arrive } = setUp()
      const [older, newer] = [send(delivery), send(delivery)]
      arrive(newer)
      expect(() => arrive(older)).toThrow('after letter')
    },
  )

  it('takes nothing back twice, nor what was not sent', () => {
    const { send, handBack } = setUp()
    const letter = send('reliable')
    handBack(letter)
    expect(() => handBack(letter)).toThrow('twice')
    expect(() => handBack({ ...letter, message: new Uint8Array(3) })).toThrow('did not send')
  })
})
