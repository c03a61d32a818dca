import { describe, expect, it } from 'vitest'
import { DataLink } from '../../../lib/reliable/connection/data-link.ts'
import { Fifo } from '../../../lib/core/fifo.ts'
import type { SessionEvent } from '../../../lib/session/session.ts'
import { createPlainSealer, openLink } from '../../support/plain-pair.ts'
import { createSettings } from '../../support/settings.ts'

const prefix = new TextEncoder().encode('PREFIX')
const start = { sealer: createPlainSealer(true), limits: { mtuBytes: 600, maxMessageBytes: 100 }, rttMs: NaN }

function createLink(): { link: DataLink; events: Fifo<SessionEvent> } {
  const events = new Fifo<SessionEvent>()
  return { link: new DataLink(0, createSettings(), events, {}), events }
}

describe('DataLink', () => {
  it('keeps messages for its next connection, and hands back those that this cannot take', () => {
    const { link, events } = createLink()
    expect(link.send(0, new Uint8Array(50), 'reliable', 0)).toBe('accepted')
    expect(link.send(0, new Uint8Array(200), 'reliable', 0)).toBe('accepted')
    link.open(0, start)
    expect(link.isDrained).toBe(false)
    const event = events.shift()
    expect(event?.type === 'undelivered' && event.messages.map(({ message }) => message.length)).toEqual([200])
  })

  it('knows nothing of a connection that there is not', () => {
    const { link } = createLink()
    expect(link).toMatchObject({
      rttMs: NaN,
      clockOffsetMs: NaN,
      isDrained: true,
      isHeard: false,
      nextDeadline: Infinity,
    })
    expect(link.receive(0, new Uint8Array([0x80, 0, 0, 0]), 4)).toBe(false)
    expect(link.transmit(0, new Uint8Array(1_200))).toBe(0)
    expect(link.transmitBehind(prefix, 0, new Uint8Array(1_200))).toBe(0)
    expect(link.poll()).toBeUndefined()
  })

  it('writes packets behind a prefix, within the other side’s largest datagram, and counts both', () => {
    const { link } = createLink()
    link.open(0, start)
    for (let i = 0; i < 20; i += 1) link.send(0, new Uint8Array(100), 'reliable', 0)
    const into = new Uint8Array(1_200)
    const length = link.transmitBehind(prefix, 0, into)
    expect(into.subarray(0, prefix.length)).toEqual(prefix)
    expect(length).toBeGreaterThan(450)
    expect(length).toBeLessThanOrEqual(600)
    expect(link.stats.sentBytes).toBe(length)
  })

  it('sends nothing by itself before the other side was heard', () => {
    const { link } = openLink()
    link.send(0, new Uint8Array(10), 'reliable', 0)
    expect(link.transmit(0, new Uint8Array(1_200))).toBe(0)
    expect(link.nextDeadline).toBe(Infinity)
    link.heard(0)
    expect(link.transmit(0, new Uint8Array(1_200))).toBeGreaterThan(0)
  })

  it('drops and counts what does not open', () => {
    const { link } = openLink()
    expect(link.receive(0, new Uint8Array(30).fill(0x80), 30)).toBe(false)
    expect(link.stats).toMatchObject({ droppedMalformed: 1, receivedPackets: 0, receivedBytes: 0 })
  })

  it('takes a packet of the other side’s once, and counts all of its datagram', () => {
    const { link } = openLink(true)
    const other = openLink(false).link
    const into = new Uint8Array(1_200)
    const length = other.transmitBehind(prefix, 0, into)
    const packet = into.subarray(prefix.length, length)
    expect(link.receive(10, packet.slice(), length)).toBe(true)
    expect(link.stats.receivedBytes).toBe(length)
    expect(link.receive(10, packet.slice(), length)).toBe(false)
  })

  it('gives up once, keeping for the next connection what was never sent', () => {
    const { link, events } = openLink()
    link.heard(0)
    link.send(0, new Uint8Array(1), 'reliable', 0)
    link.transmit(0, new Uint8Array(1_200))
    link.send(1, new Uint8Array(2), 'reliable', 0)
    link.giveUp(true)
    link.giveUp(true)
    expect(events.length).toBe(1)
    expect(link.stats).toMatchObject({ queuedMessages: 1, queuedBytes: 2 })
    // The old connection still answers, and must not count the queue as its own.
    link.setStalled(1, true)
    link.sendClosed(1)
    expect(link.transmit(1, new Uint8Array(1_200))).toBeGreaterThan(0)
    expect(link.stats).toMatchObject({ queuedMessages: 1, queuedBytes: 2 })
  })

  it('can be resumed when it has stood, was not given up, and has a name', () => {
    const resumeId = new Uint8Array(16).fill(3)
    const { link } = createLink()
    link.open(0, { ...start, resumeId })
    expect(link.resumeId).toBeUndefined()
    link.heard(0)
    expect(link.resumeId).toEqual(resumeId)
    link.giveUp(true)
    expect(link.resumeId).toBeUndefined()
  })

  it('neither says nor hears anything while it is parked, and keeps what is sent', () => {
    const { link } = openLink(true)
    const other = openLink(false).link
    link.heard(0)
    other.heard(0)
    link.park(0)
    expect(link.send(0, new Uint8Array(10), 'reliable', 0)).toBe('accepted')
    const into = new Uint8Array(1_200)
    expect(link.transmit(0, into)).toBe(0)
    expect(link.nextDeadline).toBe(Infinity)
    const length = other.transmitBehind(prefix, 0, into)
    expect(link.receive(10, into.slice(prefix.length, length), length)).toBe(false)
    expect(link.stats).toMatchObject({ queuedMessages: 1, resumptions: 0 })
    link.resume(20, start)
    link.heard(30)
    expect(link.stats.resumptions).toBe(1)
    expect(link.transmit(30, into)).toBeGreaterThan(0)
  })
})
