import { Frame } from '../../lib/reliable/wire/frame.ts'
import { PacketReader, PacketWriter } from '../../lib/reliable/wire/packet.ts'

const scratch = new Uint8Array(65_507)
const writer = new PacketWriter()

/** A frame as it arrives: written to a packet of its own, and read from it. `padding` other bytes travel in the same packet. */
function arrived(write: (writer: PacketWriter) => boolean, padding: number): Frame {
  writer.begin(scratch, scratch.length, 0)
  if (!write(writer)) throw new RangeError('The frame does not fit')
  if (padding > 0) writer.close(0, new Uint8Array(padding))
  const reader = new PacketReader()
  const packet = scratch.slice(0, writer.finish())
  if (!reader.decode(packet, packet.length)) throw new Error('The frame is malformed')
  reader.nextFrame()
  return reader.frame
}

/** The frame of a message that is not fragmented. */
export function messageFrame(
  delivery: number,
  sequence: number,
  message: Uint8Array,
  { channel = 0, padding = 0 }: { channel?: number; padding?: number } = {},
): Frame {
  return arrived((writer) => writer.message(delivery, channel, sequence, message), padding)
}

/** The frames of a message in fragments of `size` bytes. */
export function fragmentFrames(
  delivery: number,
  sequence: number,
  message: Uint8Array,
  size: number,
  channel = 0,
): Frame[] {
  const last = Math.ceil(message.length / size) - 1
  return Array.from({ length: last + 1 }, (_, index) =>
    arrived((writer) => writer.fragment(delivery, channel, sequence, message, index, last, size), 0),
  )
}

/** Bytes that tell where in a message they belong. */
export function countingBytes(length: number, start = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (start + i * 7 + (i >> 8)) & 0xff)
}
