import { describe, expect, it } from 'vitest'
import { MAX_TRACKED_PACKETS, PacketState, SentPackets } from '../../../lib/reliable/recovery/sent-packets.ts'

const createFrames = () => ({ clear: () => {} })

describe('SentPackets', () => {
  it('numbers packets one after the other, from the first on', () => {
    const packets = new SentPackets(65_534, createFrames)
    const numbers = [0, 1, 2].map((now) => packets.add(now, 100, PacketState.inFlight).packetNumber)

    expect(numbers).toEqual([65_534, 65_535, 65_536])
    expect(packets.next).toBe(65_537)
    expect(packets.at(65_535).sentAt).toBe(1)
  })

  it('hands out the record of the next packet before it is added', () => {
    const packets = new SentPackets(0, createFrames)
    const { sentFrames } = packets.peekNext()

    expect(packets.add(0, 100, PacketState.inFlight).sentFrames).toBe(sentFrames)
  })

  it('keeps every record while it grows', () => {
    const packets = new SentPackets(7, createFrames)
    for (let i = 0; i < 1_000; i += 1) packets.add(i, i, PacketState.inFlight)

    for (let i = 0; i < 1_000; i += 1) expect(packets.at(7 + i)).toMatchObject({ packetNumber: 7 + i, sentAt: i })
  })

  it('needs no room for packets that nobody acks', () => {
    const packets = new SentPackets(0, createFrames)
    for (let i = 0; i < 100_000; i += 1) packets.add(i, 20, PacketState.untracked)

    expect(packets.isFull).toBe(false)
    expect(packets.oldest).toBe(packets.next)
  })

  it('is full when too many numbers lie between the oldest and the next', () => {
    const packets = new SentPackets(0, createFrames)
    packets.add(0, 100, PacketState.inFlight)
    for (let i = 1; i < MAX_TRACKED_PACKETS; i += 1) packets.add(i, 20, PacketState.untracked)

    expect(packets.isFull).toBe(true)
    packets.retireOldest()
    expect(packets.isFull).toBe(false)
    expect(packets.oldest).toBe(1)
  })

  it('uses records again', () => {
    const packets = new SentPackets(0, createFrames)
    const records = new Set()
    for (let i = 0; i < 1_000; i += 1) {
      records.add(packets.add(i, 100, PacketState.inFlight))
      packets.retireOldest()
    }

    expect(records.size).toBeLessThanOrEqual(64)
  })
})
