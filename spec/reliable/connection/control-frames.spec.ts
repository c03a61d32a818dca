import { describe, expect, it } from 'vitest'
import { ClockOffset } from '../../../lib/reliable/connection/clock-offset.ts'
import { ControlFrames } from '../../../lib/reliable/connection/control-frames.ts'
import { FrameType, type Frame } from '../../../lib/reliable/wire/frame.ts'
import { PacketReader, PacketWriter } from '../../../lib/reliable/wire/packet.ts'

/** One end's control frames, on a clock that is ahead of the test's by so much. */
class End {
  readonly clock = new ClockOffset()
  readonly frames = new ControlFrames(this.clock)
  readonly #aheadMs: number

  constructor(aheadMs = 0) {
    this.#aheadMs = aheadMs
  }

  /** Writes a packet of at most so many bytes; returns it, and how many of its frames nobody acks. */
  write(now: number, room = 200, exchange = false): { packet: Uint8Array; unacked: number; types: number[] } {
    const writer = new PacketWriter()
    const packet = new Uint8Array(200)
    writer.begin(packet, room, 0)
    const unacked = this.frames.write(now + this.#aheadMs, writer)
    if (exchange) this.frames.writeExchange(now + this.#aheadMs, writer)
    if (writer.isEmpty) return { packet: packet.subarray(0, 0), unacked, types: [] }
    const written = packet.subarray(0, writer.finish())
    return { packet: written, unacked, types: typesOf(written) }
  }

  /** Takes a packet. Returns the round-trip times that somebody waits for. */
  read(now: number, packet: Uint8Array): number[] {
    const reader = new PacketReader()
    const rtts: number[] = []
    reader.decode(packet, packet.length)
    while (reader.nextFrame()) {
      if (reader.frame.type === FrameType.ping) this.frames.handlePing(now + this.#aheadMs, reader.frame)
      if (reader.frame.type === FrameType.pong) rtts.push(this.frames.handlePong(now + this.#aheadMs, reader.frame))
    }
    return rtts.filter((rtt) => !Number.isNaN(rtt))
  }
}

/** A PATH CHALLENGE as it arrives. */
function challenge(byte: number): Frame {
  const [writer, reader, packet] = [new PacketWriter(), new PacketReader(), new Uint8Array(20)]
  writer.begin(packet, packet.length, 0)
  writer.pathChallenge(new Uint8Array(8).fill(byte))
  reader.decode(packet, writer.finish())
  reader.nextFrame()
  return reader.frame
}

function typesOf(packet: Uint8Array): number[] {
  const reader = new PacketReader()
  const types: number[] = []
  reader.decode(packet, packet.length)
  while (reader.nextFrame()) types.push(reader.frame.type)
  return types
}

describe('ControlFrames', () => {
  it('has nothing to say at first', () => {
    const { frames } = new End()

    expect(frames.isDue).toBe(false)
  })

  it('answers each PING once, and tells the round trip to who waits for it', () => {
    const [here, there] = [new End(), new End()]
    here.frames.ping(true)
    there.read(1_025, here.write(1_000).packet)
    const answer = there.write(1_035)
    const rtts = here.read(1_060, answer.packet)

    expect(answer.types).toEqual([FrameType.pong])
    expect(rtts).toHaveLength(1)
    expect(rtts[0]).toBeCloseTo(50)
    expect(there.frames.isDue).toBe(false)
  })

  it('measures the other side’s clock, however long the answer was held', () => {
    const [here, there] = [new End(), new End(777_000)]
    here.frames.ping(false)
    there.read(1_025, here.write(1_000).packet)
    const rtts = here.read(1_090, there.write(1_065).packet)

    expect(rtts).toEqual([])
    expect(here.clock.offsetMs).toBeCloseTo(777_000)
  })

  it('does not believe a PONG twice, nor one to a PING that was never sent', () => {
    const [here, there, stranger] = [new End(), new End(), new End()]
    here.frames.ping(true)
    const { packet } = here.write(1_000)
    there.read(1_025, packet)
    const { packet: pong } = there.write(1_025)
    const first = here.read(1_050, pong)

    expect(first).toHaveLength(1)
    expect(here.read(1_051, pong)).toEqual([])
    expect(stranger.read(1_050, pong)).toEqual([])
    expect(stranger.clock.count).toBe(0)
  })

  it('owes a bounded number of PONGs', () => {
    const [here, there] = [new End(), new End()]
    for (let i = 0; i < 1_000; i += 1) {
      here.frames.ping(false)
      there.read(i, here.write(i).packet)
    }
    let pongs = 0
    while (there.frames.isDue) pongs += there.write(1_000).types.length

    expect(pongs).toBe(16)
  })

  it('counts PONG, CLOSE and CLOSED as what nobody acks, but not PING', () => {
    const [here, there] = [new End(), new End()]
    here.frames.ping(false)
    there.read(0, here.write(0).packet)
    there.frames.close(7, 'done')
    there.frames.closed()
    there.frames.ping(false)
    const { unacked, types } = there.write(1)

    expect(types).toEqual([FrameType.pong, FrameType.close, FrameType.closed, FrameType.ping])
    expect(unacked).toBe(3)
  })

  it('answers the newest PATH CHALLENGE once, with its data, which nobody acks', () => {
    const end = new End()
    const isNew = [challenge(1), challenge(2), challenge(2)].map((frame) => end.frames.handleChallenge(frame))
    const { packet, types, unacked } = end.write(0)

    expect(isNew).toEqual([true, true, false])
    expect(types).toEqual([FrameType.pathResponse])
    expect([...packet.subarray(4)]).toEqual(new Array(8).fill(2))
    expect(unacked).toBe(1)
    expect(end.frames.isDue).toBe(false)
  })

  it('keeps what does not fit for the next packet', () => {
    const end = new End()
    end.frames.close(7, 'a reason that needs some room')
    end.frames.closed()
    const first = end.write(0, 10)
    const second = end.write(0)

    expect(first.types).toEqual([FrameType.closed])
    expect(second.types).toEqual([FrameType.close])
  })

  it('measures the clock often at first and seldom later, on packets that leave anyway', () => {
    const [here, there] = [new End(), new End()]
    let pings = 0
    for (let now = 0; now < 60_000; now += 10) {
      const { packet, types } = here.write(now, 200, true)
      pings += types.filter((type) => type === FrameType.ping).length
      there.read(now, packet)
      here.read(now, there.write(now).packet)
    }

    expect(pings).toBeGreaterThanOrEqual(12)
    expect(pings).toBeLessThanOrEqual(18)
  })

  it('counts the ids of PINGs around', () => {
    const [here, there] = [new End(), new End()]
    let measured = 0
    for (let i = 0; i < 70_000; i += 1) {
      here.frames.ping(true)
      there.read(i, here.write(i).packet)
      measured += here.read(i, there.write(i).packet).length
    }

    expect(measured).toBe(70_000)
  })
})
