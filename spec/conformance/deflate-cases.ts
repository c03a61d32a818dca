import { deflateRawSync, constants } from 'node:zlib'
import { BINARY, binary, CLOSE, CONTINUATION, PING, pong, TEXT, text, type Case, type Sent } from './case.ts'

const TAIL = Buffer.from([0, 0, 0xff, 0xff])
const rsv1 = { rsv: 4 }
const more = { fin: false }

/** The payload of a compressed message (RFC 7692, 7.2.1). */
export function deflate(payload: string | Uint8Array, options: { level?: number; windowBits?: number } = {}): Buffer {
  const bytes = deflateRawSync(payload, { ...options, finishFlush: constants.Z_SYNC_FLUSH })
  return bytes.subarray(-4).equals(TAIL) ? bytes.subarray(0, -4) : bytes
}

const words = (bytes: number): Buffer => Buffer.alloc(bytes, 'BAsd7&jh23 {"type":"position"} ')

/** 12 and 13: compressed messages, on a connection where that was agreed on. */
export const deflateCases: readonly Case[] = [
  ...[16, 64, 256, 1_024, 4_096, 8_192, 16_384, 65_536, 131_072].flatMap((bytes, i) => [
    {
      id: `12.1.${i + 1}`,
      title: `20 compressed texts of ${bytes}`,
      frames: Array.from({ length: 20 }, () => [TEXT, deflate(words(bytes)), rsv1] as const),
      answers: Array.from({ length: 20 }, () => text(words(bytes))),
    },
    {
      id: `12.2.${i + 1}`,
      title: `compressed bytes of ${bytes}`,
      frames: [[BINARY, deflate(words(bytes), { level: 9 }), rsv1] as const],
      answers: [binary(words(bytes))],
    },
  ]),
  { id: '12.3.1', title: 'an empty message', frames: [[TEXT, deflate(''), rsv1]], answers: [text('')] },
  {
    id: '12.3.2',
    title: 'an empty message as RFC 7692 has it',
    frames: [[TEXT, Buffer.from([0]), rsv1]],
    answers: [text('')],
  },
  {
    id: '12.3.3',
    title: 'compressed and not, by turns',
    frames: [
      [TEXT, deflate('a'), rsv1],
      [TEXT, 'b'],
      [BINARY, deflate('c'), rsv1],
      [BINARY, 'd'],
    ],
    answers: [text('a'), text('b'), binary('c'), binary('d')],
  },
  {
    id: '12.3.4',
    title: 'stored, not compressed',
    frames: [[TEXT, deflate('Hello', { level: 0 }), rsv1]],
    answers: [text('Hello')],
  },
  {
    id: '12.3.5',
    title: 'the example of RFC 7692, 7.2.3.1',
    frames: [[TEXT, Buffer.from('f248cdc9c90700', 'hex'), rsv1]],
    answers: [text('Hello')],
  },
  {
    id: '12.3.6',
    title: 'that of 7.2.3.4, a last block',
    frames: [[TEXT, Buffer.from('f348cdc9c9070000', 'hex'), rsv1]],
    answers: [text('Hello')],
  },
  {
    id: '12.3.7',
    title: 'that of 7.2.3.5, two blocks',
    frames: [[TEXT, Buffer.from('f248050000 00ffffcac9c90700'.replace(' ', ''), 'hex'), rsv1]],
    answers: [text('Hello')],
  },
  { id: '12.4.1', title: 'fragments', frames: fragmentsOf(words(10_000), 100), answers: [text(words(10_000))] },
  {
    id: '12.4.2',
    title: 'fragments with a ping between',
    frames: [
      [TEXT, deflate('Hello').subarray(0, 3), { ...rsv1, ...more }],
      [PING, 'p'],
      [CONTINUATION, deflate('Hello').subarray(3)],
    ],
    answers: [pong('p'), text('Hello')],
  },
  {
    id: '12.5.1',
    title: 'RSV1 of a continuation',
    frames: [
      [TEXT, deflate('Hello').subarray(0, 3), { ...rsv1, ...more }],
      [CONTINUATION, deflate('Hello').subarray(3), rsv1],
    ],
    endsWith: 1002,
  },
  { id: '12.5.2', title: 'RSV1 of a ping', frames: [[PING, 'a', rsv1]], endsWith: 1002 },
  { id: '12.5.3', title: 'RSV1 of a close', frames: [[CLOSE, '', rsv1]], endsWith: 1002 },
  {
    id: '12.5.4',
    title: 'what cannot be inflated',
    frames: [[TEXT, Buffer.from('ffffffff', 'hex'), rsv1]],
    endsWith: 1007,
  },
  {
    id: '12.5.5',
    title: 'what inflates to no text',
    frames: [[TEXT, deflate(Buffer.from([0xff])), rsv1]],
    endsWith: 1007,
  },
  {
    id: '12.5.6',
    title: '64 MiB in 64 KiB',
    frames: [[BINARY, deflate(Buffer.alloc(64 * 1024 * 1024), { level: 9 }), rsv1]],
    endsWith: 1009,
  },
]

function fragmentsOf(payload: Buffer, fragmentBytes: number): Sent[] {
  const compressed = deflate(payload)
  const frames: Sent[] = []
  for (let at = 0; at < compressed.length; at += fragmentBytes) {
    const isLast = at + fragmentBytes >= compressed.length
    const options = { fin: isLast, ...(at === 0 && rsv1) }
    frames.push([at === 0 ? TEXT : CONTINUATION, compressed.subarray(at, at + fragmentBytes), options])
  }
  return frames
}
