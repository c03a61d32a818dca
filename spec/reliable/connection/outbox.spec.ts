import { describe, expect, it } from 'vitest'
import { Fifo } from '../../../lib/core/fifo.ts'
import { Outbox } from '../../../lib/reliable/connection/outbox.ts'
import type { Delivery } from '../../../lib/session/delivery.ts'
import type { SessionEvent } from '../../../lib/session/session.ts'
import { createStats } from '../../../lib/session/stats.ts'
import { createConnection } from '../../support/plain-pair.ts'
import { createSettings } from '../../support/settings.ts'

function createOutbox(changes: Parameters<typeof createSettings>[0] = {}) {
  const stats = createStats()
  const events = new Fifo<SessionEvent>()
  const outbox = new Outbox(createSettings(changes), stats, events)
  /** The lengths of the messages that were told to be undelivered, by event. */
  const undelivered = (): number[][] => {
    const told: number[][] = []
    for (let event = events.shift(); event !== undefined; event = events.shift()) {
      if (event.type === 'undelivered') told.push(event.messages.map(({ message }) => message.length))
    }
    return told
  }
  return { outbox, stats, events, undelivered, connect: () => createConnection(true, { stats }) }
}

const message = (length: number): Uint8Array => new Uint8Array(length).fill(length)

/** The lengths of the messages that a connection was handed. */
function lengthsIn(connection: ReturnType<typeof createConnection>): number[] {
  return connection.undelivered().map((unsent) => unsent.message.length)
}

describe('Outbox', () => {
  it('gives back what waits when there is to be no connection, the oldest first', () => {
    const { outbox, stats, events } = createOutbox()
    outbox.send(0, message(1), 'reliable', 0)
    outbox.send(0, message(2), 'unreliable', 7)
    expect(stats).toMatchObject({ queuedMessages: 2, queuedBytes: 3 })
    outbox.detach(false)
    expect(events.shift()).toEqual({
      type: 'undelivered',
      messages: [
        { message: message(1), delivery: 'reliable', channel: 0 },
        { message: message(2), delivery: 'unreliable', channel: 7 },
      ],
    })
    outbox.detach(false)
    expect(events.length).toBe(0)
    expect(stats).toMatchObject({ queuedMessages: 0, queuedBytes: 0 })
  })

  it('takes no more than the settings allow, and counts the rest', () => {
    const { outbox, stats } = createOutbox({ maxMessageBytes: 50, maxQueuedMessages: 3, maxQueuedBytes: 100 })
    const send = (length: number): string => outbox.send(0, message(length), 'reliable', 0)
    expect([51, 50, 50, 1, 0, 0].map(send)).toEqual([
      'too-large',
      'accepted',
      'accepted',
      'queue-full',
      'accepted',
      'queue-full',
    ])
    expect(stats.refusedMessages).toBe(2)
  })

  it('hands what waits to a connection, and says what that does not take', () => {
    const { outbox, stats, undelivered, connect } = createOutbox({
      maxMessageBytes: 20 * 1024 * 1024,
      maxQueuedBytes: 20 * 1024 * 1024,
    })
    const connection = connect()
    for (const length of [10, 17 * 1024 * 1024, 20]) outbox.send(0, message(length), 'reliable', 0)
    outbox.release(0, connection)
    expect(undelivered()).toEqual([[17 * 1024 * 1024]])
    expect(lengthsIn(connection)).toEqual([10, 20])
    expect(stats).toMatchObject({ queuedMessages: 2, queuedBytes: 30 })
  })

  it('lets what is sent go before what waits, from when a connection is opened until that is released', () => {
    const { outbox, stats, connect } = createOutbox()
    const connection = connect()
    outbox.send(0, message(1), 'reliable', 0)
    outbox.open(connection)
    outbox.send(0, message(2), 'reliable', 0)
    expect(stats).toMatchObject({ queuedMessages: 2, queuedBytes: 3 })
    outbox.release(0, connection)
    outbox.send(0, message(3), 'reliable', 0)
    expect(lengthsIn(connection)).toEqual([2, 1, 3])
  })

  it('hands back what waits', () => {
    const { outbox, stats, undelivered } = createOutbox()
    outbox.send(0, message(1), 'reliable', 0)
    outbox.giveUp()
    outbox.giveUp()
    expect(undelivered()).toEqual([[1]])
    expect(stats).toMatchObject({ queuedMessages: 0, queuedBytes: 0 })
  })

  it('hands what is sent from then on to the connection, and counts what that refuses', () => {
    const { outbox, stats, connect } = createOutbox()
    const connection = connect()
    outbox.release(0, connection)
    expect(outbox.send(0, message(3), 'reliable', 0)).toBe('accepted')
    while (outbox.send(0, new Uint8Array(50_000), 'reliable', 0) === 'accepted');
    expect(lengthsIn(connection)[0]).toBe(3)
    expect(stats.refusedMessages).toBe(1)
    expect(stats.queuedBytes).toBe(connection.queuedBytes)
  })

  it('takes back what a connection never sent, over its own limits if need be, and tells of the rest, once', () => {
    const { outbox, stats, undelivered, connect } = createOutbox({ maxQueuedMessages: 1 })
    const connection = connect()
    outbox.release(0, connection)
    outbox.send(0, message(1), 'reliable', 0)
    connection.pollTransmit(0, new Uint8Array(1_200))
    outbox.send(1, message(2), 'reliable', 0)
    outbox.send(1, message(3), 'reliable', 0)
    outbox.detach(true)
    outbox.detach(true)
    expect(undelivered()).toEqual([[1]])
    expect(stats).toMatchObject({ queuedMessages: 2, queuedBytes: 5, sentMessages: 1 })
    const next = connect()
    outbox.release(1, next)
    expect(lengthsIn(next)).toEqual([2, 3])
  })

  it('counts nothing of a connection that takes no messages any more, although that still answers', () => {
    const { outbox, stats, connect } = createOutbox()
    const connection = connect()
    outbox.release(0, connection)
    outbox.send(1, message(2), 'reliable', 0)
    outbox.detach(true)
    connection.setStalled(1, true)
    connection.sendClosed(1)
    expect(connection.pollTransmit(1, new Uint8Array(1_200))).toBeGreaterThan(0)
    outbox.count()
    expect(stats).toMatchObject({ queuedMessages: 1, queuedBytes: 2, sentMessages: 0 })
  })

  it.each<Delivery>(['sequenced', 'unreliable'])(
    'drops %s messages that waited too long, and counts them',
    (delivery) => {
      const { outbox, stats, undelivered, connect } = createOutbox()
      const connection = connect()
      outbox.send(0, message(1), delivery, 0)
      outbox.send(0, message(2), 'reliable', 0)
      outbox.send(700, message(3), delivery, 0)
      outbox.release(900, connection)
      expect(undelivered()).toEqual([])
      expect(lengthsIn(connection)).toEqual([2, 3])
      expect(stats).toMatchObject({ droppedStale: 1 })
    },
  )

  it('makes room with what waited too long, but not with what is still worth something', () => {
    const { outbox, stats } = createOutbox({ maxQueuedMessages: 2 })
    outbox.send(0, message(1), 'unreliable', 0)
    outbox.send(0, message(2), 'latest', 0)
    expect(outbox.send(200, message(3), 'reliable', 0)).toBe('queue-full')
    expect(outbox.send(300, message(4), 'reliable', 0)).toBe('accepted')
    expect(outbox.send(9_000, message(5), 'reliable', 0)).toBe('queue-full')
    expect(stats).toMatchObject({ droppedStale: 1, refusedMessages: 2, queuedMessages: 2, queuedBytes: 6 })
  })
})
