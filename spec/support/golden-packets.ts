import {
  type AckDescription,
  encodePacket,
  type FrameDescription,
  fromHex,
  type PacketDescription,
  toHex,
} from './packet-description.ts'

/** A packet that every implementation reads in the same way, or refuses. */
export interface GoldenPacket {
  readonly name: string
  readonly hex: string
  /** `null`: malformed. */
  readonly packet: PacketDescription | null
}

const sixtyFour = 'ab'.repeat(64)

function data(overrides: Partial<FrameDescription & { type: 'DATA' }>): FrameDescription {
  return {
    type: 'DATA',
    delivery: 'reliable',
    channel: 0,
    sequence: 0,
    fragment: null,
    payload: '68690a',
    ...overrides,
  }
}

function ack(overrides: Partial<AckDescription>): AckDescription {
  return { largest: 0x1234, delayMs: 0, received: [[0, 32]], reach: 32, ...overrides }
}

function only(...frames: FrameDescription[]): PacketDescription {
  return { packetNumber: 7, ack: null, frames }
}

const acked: PacketDescription = { packetNumber: 0xffff, ack: ack({}), frames: [] }

/** Packets that are well formed, by what they show. */
const wellFormed: Record<string, PacketDescription> = {
  'a healthy game packet: an ack and a message of 64 bytes': {
    packetNumber: 0x0102,
    ack: ack({ largest: 0x0203, delayMs: 16 }),
    frames: [data({ sequence: 0x0405, payload: sixtyFour })],
  },
  'an ack alone, of form 1': acked,
  'an ack of form 2, the packet before the largest missing': {
    ...acked,
    ack: ack({
      received: [
        [0, 0],
        [2, 32],
      ],
    }),
  },
  'an ack of form 2, the eighth missing': {
    ...acked,
    ack: ack({
      received: [
        [0, 7],
        [9, 32],
      ],
    }),
  },
  'an ack of form 3, the ninth and the sixteenth missing': {
    ...acked,
    ack: ack({
      received: [
        [0, 8],
        [10, 15],
        [17, 32],
      ],
    }),
  },
  'an ack of form 4, the thirty-second missing': { ...acked, ack: ack({ received: [[0, 31]] }) },
  'an ack of form 4, nothing but the largest received': { ...acked, ack: ack({ received: [[0, 0]] }) },
  'an ack of form 5 without a gap': { ...acked, ack: ack({ received: [[0, 33]], reach: 33 }) },
  'an ack of form 5 with two gaps': {
    ...acked,
    ack: ack({
      received: [
        [0, 99],
        [101, 101],
        [205, 16_383],
      ],
      reach: 16_383,
    }),
  },
  'the shortest ack delay that is not none': { ...acked, ack: ack({ delayMs: 1 / 32 }) },
  'the longest ack delay': { ...acked, ack: ack({ delayMs: 251 }) },
  'an empty message': only(data({ payload: '' })),
  'a message of each delivery': only(
    data({ delivery: 'reliable', sequence: 1 }),
    data({ delivery: 'reliable-unordered', sequence: 2 }),
    data({ delivery: 'sequenced', sequence: null }),
    data({ delivery: 'latest', sequence: 3 }),
    data({ delivery: 'unreliable', sequence: null }),
  ),
  'messages in sequence, across the wrap': only(
    data({ sequence: 0xfffe }),
    data({ sequence: 0xffff }),
    data({ sequence: 0 }),
    data({ sequence: 1 }),
  ),
  'a sequence that is not the next one': only(data({ sequence: 5 }), data({ sequence: 4 }), data({ sequence: 4 })),
  'messages on other channels': only(
    data({ channel: 9, sequence: 5 }),
    data({ channel: 9, sequence: 6 }),
    data({ channel: 255, sequence: 7 }),
    data({ channel: 0, sequence: 8 }),
  ),
  'the next sequence after a frame that is no DATA': only(
    data({ sequence: 5 }),
    { type: 'CLOSED' },
    data({ sequence: 6 }),
  ),
  'a length of two bytes': only(data({ payload: sixtyFour }), data({ delivery: 'unreliable', sequence: null })),
  'the first fragment': only(data({ fragment: { index: 0, last: 2, size: 128 }, payload: 'f0'.repeat(128) })),
  'the last fragment': only(data({ fragment: { index: 2, last: 2, size: 128 }, payload: 'f2f2' })),
  'the last fragment as long as the others, of a sequenced message': only(
    data({ delivery: 'sequenced', channel: 3, fragment: { index: 1, last: 1, size: 128 }, payload: 'f1'.repeat(128) }),
  ),
  'the highest fragment there can be': only(
    data({ fragment: { index: 65_535, last: 65_535, size: 1166 }, payload: 'ff' }),
  ),
  'a PING': only({ type: 'PING', id: 0xbeef, time: 1_234_567_890 }),
  'a PONG, of times of each length': only({ type: 'PONG', id: 1, time: 63, arrived: 16_383, held: 16_384 }),
  'the highest number there can be': only({ type: 'WINDOW', limit: Number.MAX_SAFE_INTEGER }),
  'credit for a channel': only({ type: 'CHANNEL WINDOW', channel: 200, limit: 17_301_504 }),
  'a CLOSE with a reason': only({ type: 'CLOSE', code: 1000, reason: 'Bis später ☕', isFinal: false }),
  'a CLOSE without one': only({ type: 'CLOSE', code: 0, reason: '', isFinal: false }),
  'the longest reason': only({ type: 'CLOSE', code: 0xffff, reason: 'x'.repeat(256), isFinal: true }),
  'a CLOSED': only({ type: 'CLOSED' }),
  'a PATH CHALLENGE': only({ type: 'PATH CHALLENGE', data: '0123456789abcdef' }),
  'a PATH RESPONSE, and a message behind it': only(
    { type: 'PATH RESPONSE', data: 'fedcba9876543210' },
    data({ sequence: 6 }),
  ),
}

/** Packets that are not, by the rule that they break. */
const malformed: Record<string, string> = {
  'no byte at all': '',
  'flags without a packet number': '80 00',
  'neither an ack nor a frame': '80 0007',
  'the top bit is not set': '00 0007 85',
  'a reserved flag is set': '88 0007 85',
  'ack form 6': '86 0007 0000 00',
  'ack form 7': '87 0007 0000 00',
  'an ack that ends early': '81 0007 1234',
  'form 2 with nothing missing': '82 0007 1234 00 00',
  'form 3 for what fits form 2': '83 0007 1234 00 00ff',
  'form 4 for what fits form 3': '84 0007 1234 00 0000ffff',
  'form 5 for what fits form 1': '85 0007 1234 00 00 20',
  'form 5 that reaches too far': '85 0007 1234 00 00 80004000',
  'form 5 with 33 gaps': `85 0007 1234 00 21 20 ${'0000'.repeat(33)}`,
  'form 5 that ends early': '85 0007 1234 00 01 20 00',
  'a varint of two bytes for 63': '80 0007 82 403f',
  'a varint of four bytes for 16,383': '80 0007 82 80003fff',
  'a varint of eight bytes for 2^30 - 1': '80 0007 82 c00000003fffffff',
  'a varint of 2^53': '80 0007 82 c020000000000000',
  'a varint that ends early': '80 0007 82 40',
  'an MTU probe, which is reserved': '80 0007 88',
  'an unknown type': '80 0007 ff',
  'delivery 5': '80 0007 05 0000 aa',
  'a channel that is implied': '80 0007 20 00 0000 aa',
  'a sequence that is implied': '80 0007 40 0005 01 aa 00 0006 bb',
  'a next sequence with no DATA before': '80 0007 08 aa',
  'a next sequence after another delivery': '80 0007 40 0005 01 aa 09 bb',
  'a next sequence after another channel': '80 0007 40 0005 01 aa 28 01 bb',
  'a next sequence where there is none': '80 0007 0a aa',
  'a next sequence after a message without one': `80 0007 42 01 aa 1a 00 01 ${'bb'.repeat(128)}`,
  'a sequence that ends early': '80 0007 00 00',
  'a length for the frame that ends the packet': '80 0007 40 0005 01 aa',
  'a length that reaches over the end': '80 0007 40 0005 05 aa 85',
  'a fragment that is the only one': `80 0007 10 0005 00 00 8080 ${'aa'.repeat(128)}`,
  'a fragment beyond the last': `80 0007 10 0005 03 02 ${'aa'.repeat(128)}`,
  'a fragment of 65,537': `80 0007 10 0005 00 80010000 ${'aa'.repeat(128)}`,
  'a fragment that is too small': `80 0007 10 0005 00 01 ${'aa'.repeat(127)}`,
  'a last fragment of a size that is too small': '80 0007 10 0005 01 01 407f aa',
  'a last fragment that is longer than the others': `80 0007 10 0005 01 01 4080 ${'aa'.repeat(129)}`,
  'an empty fragment': '80 0007 10 0005 01 01 4080',
  'a PING that ends early': '80 0007 80 0001',
  'a PONG that ends early': '80 0007 81 0001 00 00',
  'a CLOSE whose reason ends early': '80 0007 84 0000 05 6162',
  'a CLOSE with a reason of 257 bytes': `80 0007 84 0000 4101 ${'78'.repeat(257)}`,
  'a PATH CHALLENGE that ends early': '80 0007 86 0123456789abcd',
  'a PATH RESPONSE that ends early': '80 0007 87 0123456789abcd',
  'a frame that is well formed, and one that is not': '80 0007 85 ff',
}

/** What the vectors are written from. */
export function goldenPackets(): GoldenPacket[] {
  return [
    ...Object.entries(wellFormed).map(([name, packet]) => ({ name, hex: toHex(encodePacket(packet)), packet })),
    ...Object.entries(malformed).map(([name, hex]) => ({ name, hex: toHex(fromHex(hex)), packet: null })),
  ]
}
