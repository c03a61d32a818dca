import { describe, expect, it } from 'vitest'
import { DeliveryRate } from '../../../lib/reliable/congestion/delivery-rate.ts'
import { SentPacket } from '../../../lib/reliable/recovery/sent-packets.ts'

/** Sends packets of 1,000 bytes at these times; returns their records. */
function send(rate: DeliveryRate, times: readonly number[], inFlightBefore = 0): SentPacket[] {
  return times.map((now, i) => {
    const packet = new SentPacket(undefined)
    packet.sentAt = now
    packet.bytes = 1_000
    rate.onPacketSent(now, packet, inFlightBefore + i * 1_000)
    return packet
  })
}

describe('DeliveryRate', () => {
  it('is what was delivered over the time that it took', () => {
    const rate = new DeliveryRate(0)
    const first = send(rate, [0, 10, 20, 30, 40])
    for (const [i, packet] of first.entries()) rate.onPacketAcked(50 + i * 10, packet)
    rate.takeSample(50)
    const second = send(rate, [90, 100, 110, 120, 130])
    for (const [i, packet] of second.entries()) rate.onPacketAcked(140 + i * 10, packet)

    expect(rate.takeSample(50)).toBeCloseTo(5_000 / 90)
    expect(rate.delivered).toBe(10_000)
  })

  it('is not deceived by acks that come in a clump', () => {
    const rate = new DeliveryRate(0)
    const packets = send(rate, [0, 25, 50, 75, 100])
    for (const packet of packets) rate.onPacketAcked(150, packet)

    expect(rate.takeSample(50)).toBeLessThanOrEqual(5_000 / 100)
  })

  it('is not deceived by packets that left in a clump', () => {
    const rate = new DeliveryRate(0)
    const packets = send(rate, [0, 0, 0, 0, 0])
    for (const [i, packet] of packets.entries()) rate.onPacketAcked(50 + i * 20, packet)

    expect(rate.takeSample(50)).toBeCloseTo(5_000 / 130)
  })

  it('says nothing about less time than the path takes', () => {
    const rate = new DeliveryRate(0)
    const [packet] = send(rate, [0])
    rate.onPacketAcked(10, packet ?? new SentPacket(undefined))

    expect(rate.takeSample(50)).toBeNaN()
    expect(rate.takeSample(50)).toBeNaN()
  })

  it('knows that a program had nothing more to send, until all that was sent before is delivered', () => {
    const rate = new DeliveryRate(0)
    rate.onAppLimited(0)
    const limited = send(rate, [0, 10])
    for (const packet of limited) rate.onPacketAcked(60, packet)
    rate.takeSample(50)
    const wasLimited = rate.isAppLimited
    const free = send(rate, [60, 70])
    for (const packet of free) rate.onPacketAcked(130, packet)
    rate.takeSample(50)

    expect(wasLimited).toBe(true)
    expect(rate.isAppLimited).toBe(false)
  })
})
