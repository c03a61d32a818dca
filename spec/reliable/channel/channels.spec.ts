import { describe, expect, it } from 'vitest'
import { deliveries } from '../../../lib/session/delivery.ts'
import { ChannelPair } from '../../support/channel-pair.ts'
import { countingBytes } from '../../support/frames.ts'
import { encodePacket, type FrameDescription, toHex } from '../../support/packet-description.ts'
import { full, SendingRig } from '../../support/sending.ts'

const MIB = 1024 * 1024

function packetOf(...frames: FrameDescription[]): Uint8Array {
  return encodePacket({ packetNumber: 0, ack: null, frames })
}

function dataOf(sequence: number, payload: Uint8Array): FrameDescription {
  return { type: 'DATA', delivery: 'reliable', channel: 0, sequence, fragment: null, payload: toHex(payload) }
}

/** Messages without faults in between, and what arrived of them. */
function exchange(pair: ChannelPair, messages: readonly Uint8Array[]): string[] {
  for (const message of messages) {
    while (pair.a.channels.send(pair.now, message, 'reliable', 0) === 'queue-full') pair.run(1)
  }
  pair.settle()
  return pair.b.received.map(({ message }) => toHex(message))
}

describe('Channels', () => {
  it('hands over what was sent, with its delivery and channel', () => {
    const pair = new ChannelPair({ seed: 1 })
    deliveries.forEach((delivery, i) => pair.a.channels.send(pair.now, full(i), delivery, i * 50))
    pair.settle()
    expect(pair.b.received).toEqual(
      deliveries.map((delivery, i) => ({ type: 'message', message: full(i), delivery, channel: i * 50 })),
    )
  })

  it('carries empty messages', () => {
    const pair = new ChannelPair({ seed: 1 })
    for (const delivery of deliveries) pair.a.channels.send(pair.now, new Uint8Array(0), delivery, 0)
    pair.settle()
    expect(pair.b.received.map(({ message }) => message.length)).toEqual([0, 0, 0, 0, 0])
  })

  it('carries messages of 16 MiB over a path that loses and reorders', () => {
    const pair = new ChannelPair({
      seed: 1,
      loss: 0.05,
      delay: 0.2,
      packetsPerTick: 500,
      settings: { maxMessageBytes: 16 * MIB, maxQueuedBytes: 32 * MIB },
    })
    const message = countingBytes(16 * MIB)
    pair.a.channels.send(pair.now, message, 'reliable', 0)
    pair.run(60)
    pair.settle()
    expect(pair.b.received).toHaveLength(1)
    expect(Buffer.compare(pair.b.received[0]?.message ?? new Uint8Array(0), message)).toBe(0)
  })

  it('carries the largest message on every channel, one after the other, within its credit', () => {
    const pair = new ChannelPair({ seed: 1, packetsPerTick: 300, settings: { maxQueuedBytes: 64 * MIB } })
    for (let channel = 0; channel < 20; channel += 1)
      pair.a.channels.send(pair.now, countingBytes(MIB, channel), 'reliable', channel)
    pair.settle()
    expect(pair.b.received.map(({ channel }) => channel)).toEqual([...Array(20).keys()])
    expect(pair.b.channels.stats.violations).toBe(0)
  })

  it('carries on across the wrap of the sequence, plain messages first and fragmented ones after', () => {
    const pair = new ChannelPair({ seed: 1, packetsPerTick: 1000 })
    const plain = Array.from({ length: 65_530 }, (_, i) => Uint8Array.of(i >> 8, i))
    const fragmented = Array.from({ length: 12 }, (_, i) => countingBytes(3000, i))
    expect(exchange(pair, [...plain, ...fragmented, full(1)])).toEqual([...plain, ...fragmented, full(1)].map(toHex))
  })

  it('keeps no more than its window for a receiver that takes nothing, and goes on when it does', () => {
    const pair = new ChannelPair({ seed: 1, loss: 0.05, packetsPerTick: 100, settings: { maxMessageBytes: 10_000 } })
    pair.b.isReading = false
    const messages = Array.from({ length: 4000 }, (_, i) => countingBytes(1000, i))
    for (const message of messages) pair.a.channels.send(pair.now, message, 'reliable', 3)
    pair.run(500)
    const windowMessages = Math.floor((10_000 + 512 * 1024) / (1000 + 64))
    expect(4000 - pair.a.channels.queuedMessages).toBe(windowMessages)
    expect([pair.a.channels.hasThin(pair.now), pair.a.channels.hasBulk(pair.now)]).toEqual([false, false])
    pair.b.isReading = true
    pair.settle()
    expect(pair.b.received.map(({ message }) => toHex(message))).toEqual(messages.map(toHex))
  })

  it('lets a channel that is out of credit hold up no other', () => {
    const pair = new ChannelPair({ seed: 1, packetsPerTick: 100, settings: { maxMessageBytes: 10_000 } })
    pair.b.isReading = false
    for (let count = 0; count < 600; count += 1) pair.a.channels.send(pair.now, new Uint8Array(1000), 'reliable', 3)
    pair.run(100)
    expect(pair.a.channels.queuedMessages).toBeGreaterThan(0)
    const waiting = pair.a.channels.queuedMessages
    for (const delivery of deliveries) pair.a.channels.send(pair.now, full(1), delivery, 4)
    pair.run(10)
    expect(pair.a.channels.queuedMessages).toBe(waiting)
  })

  it('grants credit again when the packet with it was lost', () => {
    const receiver = new SendingRig({ maxMessageBytes: 1000 })
    for (let sequence = 0; sequence < 400; sequence += 1) {
      expect(receiver.receive(packetOf(dataOf(sequence, new Uint8Array(1000))))).toEqual(['accepted'])
      receiver.channels.pollMessage()
    }
    expect(receiver.channels.hasThin(receiver.now)).toBe(true)
    const grant = receiver.packet()
    expect(grant.frames).toMatchObject([{ type: 'CHANNEL WINDOW', channel: 0 }])
    expect(receiver.channels.hasThin(receiver.now)).toBe(false)
    receiver.channels.onPacketLost(grant.sentFrames)
    const again = receiver.packet()
    expect(again.frames).toMatchObject([{ type: 'CHANNEL WINDOW', limit: 400 * 1064 + 1000 + 512 * 1024 }])
    receiver.channels.onPacketAcked(again.sentFrames)
    expect(receiver.channels.hasThin(receiver.now)).toBe(false)
  })

  it('counts a frame of a peer that ignores its credit, and drops it', () => {
    const receiver = new SendingRig({ maxMessageBytes: 1000 })
    let sequence = 0
    while (receiver.receive(packetOf(dataOf(sequence, new Uint8Array(1000))))[0] === 'accepted') sequence += 1
    expect(sequence).toBe(Math.floor((1000 + 512 * 1024) / 1064))
    expect(receiver.receive(packetOf(dataOf(sequence, new Uint8Array(1000))))).toEqual(['violation'])
    expect(receiver.channels.stats.violations).toBe(2)
  })

  it('leaves frames that have to do with something else to others', () => {
    const receiver = new SendingRig()
    const frames: FrameDescription[] = [
      { type: 'PING', id: 1, time: 2 },
      { type: 'CLOSED' },
      { type: 'WINDOW', limit: 5 },
    ]
    expect(receiver.receive(packetOf(...frames))).toEqual(['unhandled', 'unhandled', 'accepted'])
  })

  it('throws when packets have no room for a fragment', () => {
    expect(() => new SendingRig({ maxFrameBytes: 150 })).toThrow(RangeError)
    expect(() => new SendingRig({ maxFrameBytes: 160 })).not.toThrow()
  })

  it('hands out messages that are views of the packet they came in', () => {
    const receiver = new SendingRig()
    const packet = packetOf(dataOf(0, full(7)))
    receiver.receive(packet)
    expect(receiver.channels.pollMessage()?.message.buffer).toBe(packet.buffer)
  })
})
