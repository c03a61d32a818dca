import { Channels, type ChannelsSettings } from '../../lib/reliable/channel/channels.ts'
import type { CopyPolicy } from '../../lib/reliable/channel/copies.ts'
import { SentFrames } from '../../lib/reliable/channel/sent-frames.ts'
import { PACKET_HEADER_BYTES, PacketReader, PacketWriter } from '../../lib/reliable/wire/packet.ts'
import type { Delivery } from '../../lib/session/delivery.ts'
import { channelsSettings } from './channel-pair.ts'
import { describePacket, type FrameDescription, fromHex } from './packet-description.ts'

/** A packet that was written, and what it carried. */
export interface WrittenPacket {
  readonly frames: readonly FrameDescription[]
  readonly sentFrames: SentFrames
  readonly bytes: Uint8Array
}

/** One sending `Channels`, of which packets are taken one by one. */
export class SendingRig {
  readonly channels: Channels
  /** What was counted of what leaves. */
  readonly counts = { sentMessages: 0, droppedStale: 0 }
  now = 1000
  #nextPacketNumber = 0
  readonly #room: number
  readonly #writer = new PacketWriter()

  constructor(settings: Partial<ChannelsSettings> = {}) {
    const all = { ...channelsSettings, ...settings }
    this.channels = new Channels(all, this.counts)
    this.#room = all.maxFrameBytes
  }

  /** Sends a message of these bytes, or of so many. */
  send(message: Uint8Array | number, delivery: Delivery = 'reliable', channel = 0): string {
    const bytes = typeof message === 'number' ? new Uint8Array(message) : message
    return this.channels.send(this.now, bytes, delivery, channel)
  }

  /** Writes a packet with what is new or lost. */
  packet({ room = this.#room, allowBulk = true }: { room?: number; allowBulk?: boolean } = {}): WrittenPacket {
    return this.#write(room, (writer, sentFrames) => this.channels.writeNew(this.now, writer, sentFrames, allowBulk))
  }

  /** Writes a packet with what is new or lost, and with copies. */
  packetWithCopies(policy: CopyPolicy, budgetBytes = Infinity): WrittenPacket {
    return this.#write(this.#room, (writer, sentFrames) => {
      this.channels.writeNew(this.now, writer, sentFrames, true)
      this.channels.writeCopies(this.now, writer, sentFrames, budgetBytes, policy)
    })
  }

  /** Writes a packet that probes, after what is new or lost if that is wanted. */
  probe(budgetBytes = Infinity, isAfterNew = false): WrittenPacket {
    return this.#write(this.#room, (writer, sentFrames) => {
      if (isAfterNew) this.channels.writeNew(this.now, writer, sentFrames, true)
      this.channels.writeProbe(this.now, writer, sentFrames, budgetBytes)
    })
  }

  /** Writes packets until there is nothing to write. */
  packets(): WrittenPacket[] {
    const written: WrittenPacket[] = []
    while (this.channels.hasThin(this.now) || this.channels.hasBulk(this.now)) written.push(this.packet())
    return written
  }

  /** Hands frames of another side's packet to the channels. */
  receive(bytes: Uint8Array, packetNumber = 0): string[] {
    const reader = new PacketReader()
    if (!reader.decode(bytes, bytes.length)) throw new Error('The packet is malformed')
    const verdicts: string[] = []
    while (reader.nextFrame()) verdicts.push(this.channels.handleFrame(this.now, packetNumber, reader.frame))
    return verdicts
  }

  #write(room: number, write: (writer: PacketWriter, sentFrames: SentFrames) => void): WrittenPacket {
    const buffer = new Uint8Array(room + PACKET_HEADER_BYTES)
    const sentFrames = new SentFrames()
    this.#writer.begin(buffer, buffer.length, this.#nextPacketNumber)
    this.#nextPacketNumber += 1
    write(this.#writer, sentFrames)
    const bytes = buffer.subarray(0, this.#writer.finish())
    return { frames: describePacket(bytes)?.frames ?? [], sentFrames, bytes }
  }
}

/** What a packet holds, in short: each message by the byte that it is full of, each fragment by its number. */
export function contentsOf({ frames }: WrittenPacket): string[] {
  return frames.map((frame) => {
    if (frame.type !== 'DATA') return frame.type
    return frame.fragment === null ? `${fromHex(frame.payload)[0] ?? ''}` : `fragment ${frame.fragment.index}`
  })
}

/** A message that is full of one value, by which it is known again. */
export function full(value: number, length = 8): Uint8Array {
  return new Uint8Array(length).fill(value)
}
