import { describe, expect, it } from 'vitest'
import { Outbox } from '../../../lib/reliable/connection/outbox.ts'
import { createStats } from '../../../lib/session/stats.ts'
import { createConnection } from '../../support/plain-pair.ts'
import { createSettings } from '../../support/settings.ts'

function createOutbox(changes: Parameters<typeof createSettings>[0] = {}) {
  const stats = createStats()
  return { outbox: new Outbox(createSettings(changes), stats), stats }
}

const message = (length: number): Uint8Array => new Uint8Array(length).fill(length)

describe('Outbox', () => {
  it('gives back what waits, the oldest first', () => {
    const { outbox, stats } = createOutbox()
    outbox.push(0, message(1), 'reliable', 0)
    outbox.push(0, message(2), 'unreliable', 7)
    expect(stats).toMatchObject({ queuedMessages: 2, queuedBytes: 3 })
    expect(outbox.takeAll()).toEqual([
      { message: message(1), delivery: 'reliable', channel: 0 },
      { message: message(2), delivery: 'unreliable', channel: 7 },
    ])
    expect(outbox.takeAll()).toEqual([])
    expect(stats).toMatchObject({ queuedMessages: 0, queuedBytes: 0 })
  })

  it('takes no more than the settings allow, and counts the rest', () => {
    const { outbox, stats } = createOutbox({ maxMessageBytes: 50, maxQueuedMessages: 3, maxQueuedBytes: 100 })
    expect(outbox.push(0, message(51), 'reliable', 0)).toBe('too-large')
    expect(outbox.push(0, message(50), 'reliable', 0)).toBe('accepted')
    expect(outbox.push(0, message(50), 'reliable', 0)).toBe('accepted')
    expect(outbox.push(0, message(1), 'reliable', 0)).toBe('queue-full')
    expect(outbox.push(0, message(0), 'reliable', 0)).toBe('accepted')
    expect(outbox.push(0, message(0), 'reliable', 0)).toBe('queue-full')
    expect(stats.refusedMessages).toBe(2)
  })

  it('hands what waits to a connection, and says what that does not take', () => {
    const { outbox } = createOutbox({ maxMessageBytes: 20 * 1024 * 1024, maxQueuedBytes: 20 * 1024 * 1024 })
    const connection = createConnection()
    outbox.push(0, message(10), 'reliable', 0)
    outbox.push(0, message(17 * 1024 * 1024), 'reliable', 0)
    outbox.push(0, message(20), 'reliable', 0)
    expect(outbox.handOver(0, connection).map((refused) => refused.message.length)).toEqual([17 * 1024 * 1024])
    expect(connection.undelivered().map((unsent) => unsent.message.length)).toEqual([10, 20])
  })

  it('takes back what a connection never sent, over its own limits if need be, and returns the rest', () => {
    const { outbox, stats } = createOutbox({ maxQueuedMessages: 1 })
    const connection = createConnection()
    connection.send(0, message(1), 'reliable', 0)
    connection.pollTransmit(0, new Uint8Array(1_200))
    connection.send(1, message(2), 'reliable', 0)
    connection.send(1, message(3), 'reliable', 0)
    expect(outbox.takeBack(connection).map((sent) => sent.message.length)).toEqual([1])
    expect(stats).toMatchObject({ queuedMessages: 2, queuedBytes: 5 })
    expect(outbox.takeAll().map((unsent) => unsent.message.length)).toEqual([2, 3])
  })

  it.each(['sequenced', 'unreliable'] as const)(
    'drops %s messages that waited too long, and counts them',
    (delivery) => {
      const { outbox, stats } = createOutbox()
      const connection = createConnection()
      outbox.push(0, message(1), delivery, 0)
      outbox.push(0, message(2), 'reliable', 0)
      outbox.push(700, message(3), delivery, 0)
      expect(outbox.handOver(900, connection)).toEqual([])
      expect(connection.undelivered().map((unsent) => unsent.message.length)).toEqual([2, 3])
      expect(stats).toMatchObject({ droppedStale: 1 })
    },
  )

  it('makes room with what waited too long, but not with what is still worth something', () => {
    const { outbox, stats } = createOutbox({ maxQueuedMessages: 2 })
    outbox.push(0, message(1), 'unreliable', 0)
    outbox.push(0, message(2), 'latest', 0)
    expect(outbox.push(200, message(3), 'reliable', 0)).toBe('queue-full')
    expect(outbox.push(300, message(4), 'reliable', 0)).toBe('accepted')
    expect(outbox.push(9_000, message(5), 'reliable', 0)).toBe('queue-full')
    expect(stats).toMatchObject({ droppedStale: 1, refusedMessages: 2, queuedMessages: 2, queuedBytes: 6 })
  })
})
