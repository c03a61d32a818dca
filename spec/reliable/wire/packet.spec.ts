import { describe, expect, it } from 'vitest'
import { AckSection } from '../../../lib/reliable/wire/ack-section.ts'
import { DeliveryCode, FrameType } from '../../../lib/reliable/wire/frame.ts'
import { isPacket, PacketReader, PacketWriter, readPacketNumber } from '../../../lib/reliable/wire/packet.ts'
import { ackSource, describePacket, fromHex, toHex } from '../../support/packet-description.ts'

const { reliable, sequenced, unreliable } = DeliveryCode
const message = fromHex('aabbcc')

function begun(length = 100, packetNumber = 7): { writer: PacketWriter; bytes: Uint8Array } {
  const writer = new PacketWriter()
  const bytes = new Uint8Array(length)
  writer.begin(bytes, length, packetNumber)
  return { writer, bytes }
}

function healthyAck(): AckSection {
  const ack = new AckSection()
  ack.fill(
    ackSource(500, 0, () => true),
    3,
  )
  return ack
}

describe('isPacket', () => {
  it('tells packets from handshake datagrams, which begin with a letter', () => {
    expect(isPacket(fromHex('80 0007 85'))).toBe(true)
    expect(isPacket(new TextEncoder().encode('HELLO'))).toBe(false)
  })

  it('takes nothing for a packet that ends with its header', () => {
    expect(isPacket(fromHex('80 0007'))).toBe(false)
    expect(isPacket(new Uint8Array(0))).toBe(false)
  })
})

describe('readPacketNumber', () => {
  it('reads the low 16 bits of the number that was written', () => {
    const { bytes } = begun(10, 0x12_3456)
    expect(readPacketNumber(bytes)).toBe(0x3456)
  })
})

describe('PacketWriter', () => {
  it('needs 6 bytes for a healthy header and 3 for the head of a message that ends the packet', () => {
    const { writer, bytes } = begun()
    writer.begin(bytes, bytes.length, 7, healthyAck())
    writer.message(reliable, 0, 9, message)
    expect(writer.finish()).toBe(6 + 3 + message.length)
  })

  it('needs 2 bytes for the head of a message that follows another one', () => {
    const { writer } = begun()
    writer.message(reliable, 0, 9, message)
    const before = writer.remaining
    writer.message(reliable, 0, 10, message)
    expect(before - writer.remaining).toBe(2 + message.length)
  })

  it('counts its frames, and is empty while it has none', () => {
    const { writer, bytes } = begun()
    writer.begin(bytes, bytes.length, 7, healthyAck())
    expect([writer.isEmpty, writer.frameCount, writer.packetNumber]).toEqual([true, 0, 7])
    writer.closed()
    writer.ping(1, 2)
    expect([writer.isEmpty, writer.frameCount]).toEqual([false, 2])
  })

  it('writes a frame whole or not at all', () => {
    const fragment = new Uint8Array(200)
    const writes: ((writer: PacketWriter) => boolean)[] = [
      (writer) => writer.message(reliable, 3, 9, message),
      (writer) => writer.message(unreliable, 0, -1, message),
      (writer) => writer.fragment(sequenced, 4, 9, fragment, 0, 1, 150),
      (writer) => writer.fragment(sequenced, 0, 9, fragment, 1, 1, 150),
      (writer) => writer.ping(1, 20_000),
      (writer) => writer.pong(1, 20_000, 0, 5),
      (writer) => writer.window(70_000),
      (writer) => writer.channelWindow(3, 70_000),
      (writer) => writer.close(3, message),
      (writer) => writer.closed(),
    ]
    for (const write of writes) {
      const { writer: probe } = begun(300)
      const before = probe.remaining
      expect(write(probe)).toBe(true)
      const needed = 3 + before - probe.remaining
      expect(write(begun(needed).writer)).toBe(true)
      const { writer: tight } = begun(needed - 1)
      expect([write(tight), tight.isEmpty, tight.remaining]).toEqual([false, true, needed - 4])
    }
  })

  it('takes the length from the message that ends the packet, and from no other', () => {
    const { writer, bytes } = begun()
    writer.message(reliable, 0, 1, message)
    writer.message(reliable, 0, 5, message)
    expect(toHex(bytes.subarray(0, writer.finish()))).toBe('800007' + '40000103aabbcc' + '000005aabbcc')
    writer.begin(bytes, bytes.length, 7)
    writer.message(reliable, 0, 1, message)
    writer.closed()
    expect(toHex(bytes.subarray(0, writer.finish()))).toBe('800007' + '40000103aabbcc' + '85')
  })

  it('forgets what was implied when a packet begins', () => {
    const { writer, bytes } = begun()
    writer.message(reliable, 9, 1, message)
    writer.begin(bytes, bytes.length, 8)
    writer.message(reliable, 9, 2, message)
    expect(describePacket(bytes.subarray(0, writer.finish()))?.frames).toMatchObject([{ channel: 9, sequence: 2 }])
  })

  it('rounds times to microseconds, and takes those before 0 for 0', () => {
    const { writer, bytes } = begun()
    writer.pong(1, 1.23456, -5, 0.0004)
    expect(describePacket(bytes.subarray(0, writer.finish()))?.frames).toMatchObject([
      { time: 1235, arrived: 0, held: 0 },
    ])
  })

  it.each([-1, 0.5, 65_536])('refuses the close code %d', (code) => {
    expect(() => begun().writer.close(code, message)).toThrow(RangeError)
  })

  it('refuses a reason of more than 256 bytes', () => {
    expect(() => begun(400).writer.close(0, new Uint8Array(257))).toThrow(RangeError)
    expect(begun(400).writer.close(0, new Uint8Array(256))).toBe(true)
  })
})

describe('PacketReader', () => {
  function readerOf(hex: string): PacketReader | undefined {
    const bytes = fromHex(hex)
    const reader = new PacketReader()
    return reader.decode(bytes, bytes.length) ? reader : undefined
  }

  it('reads one frame after the other, and then none', () => {
    const reader = readerOf('80 0007 85 00 0005 aabb')
    expect(reader?.frameCount).toBe(2)
    expect([reader?.nextFrame(), reader?.frame.type]).toEqual([true, FrameType.closed])
    expect([reader?.nextFrame(), reader?.frame.type]).toEqual([true, FrameType.data])
    expect([reader?.nextFrame(), reader?.nextFrame()]).toEqual([false, false])
  })

  it('hands payloads out as views of the packet', () => {
    const bytes = fromHex('80 0007 00 0005 aabb')
    const reader = new PacketReader()
    reader.decode(bytes, bytes.length)
    reader.nextFrame()
    const payload = reader.frame.payload()
    expect(toHex(payload)).toBe('aabb')
    expect(payload.buffer).toBe(bytes.buffer)
  })

  it('reads no frame of a packet that is malformed further on', () => {
    const bytes = fromHex('80 0007 85 ff')
    const reader = new PacketReader()
    expect([reader.decode(bytes, bytes.length), reader.nextFrame()]).toEqual([false, false])
  })

  it('has no frames left of the packet before', () => {
    const reader = new PacketReader()
    const closed = fromHex('80 0007 85 85')
    reader.decode(closed, closed.length)
    const ackOnly = fromHex('81 0008 0001 00')
    expect(reader.decode(ackOnly, ackOnly.length)).toBe(true)
    expect([reader.hasAck, reader.frameCount, reader.nextFrame()]).toEqual([true, 0, false])
    expect([reader.decode(closed, closed.length), reader.hasAck]).toEqual([true, false])
  })

  it('ignores what lies beyond the length that it is told', () => {
    const bytes = fromHex('80 0007 00 0005 aabb 00000000')
    const reader = new PacketReader()
    expect(reader.decode(bytes, 8)).toBe(true)
    reader.nextFrame()
    expect(reader.frame.payloadBytes).toBe(2)
  })

  it.each([0x02, 0x81])('takes no CLOSE with a reserved flag: %i', (flags) => {
    const reader = readerOf(`80 0007 84 ${flags.toString(16).padStart(2, '0')} 0001 00`)
    expect(reader?.nextFrame() ?? false).toBe(false)
  })

  it('reads a reason that is not UTF-8 with replacement characters', () => {
    const reader = readerOf('80 0007 84 00 0001 02 41ff')
    reader?.nextFrame()
    expect(reader?.frame.reason()).toBe('A\ufffd')
  })
})
