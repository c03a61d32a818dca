import { BINARY, binary, CLOSE, CONTINUATION, PING, PONG, pong, TEXT, text, type Case } from './case.ts'

const more = { fin: false }

/** 1: payloads of all encodings of a length. */
const lengths: readonly Case[] = [0, 125, 126, 127, 128, 65_535, 65_536].flatMap((length, i) => [
  {
    id: `1.1.${i + 1}`,
    title: `text of ${length}`,
    frames: [[TEXT, '*'.repeat(length)]],
    answers: [text('*'.repeat(length))],
  },
  {
    id: `1.2.${i + 1}`,
    title: `bytes of ${length}`,
    frames: [[BINARY, Buffer.alloc(length, 0xfe)]],
    answers: [binary(Buffer.alloc(length, 0xfe))],
  },
])

const choppedLengths: readonly Case[] = [
  {
    id: '1.1.8',
    title: 'text in chops',
    frames: [[TEXT, '*'.repeat(65_536)]],
    answers: [text('*'.repeat(65_536))],
    chopBytes: 997,
  },
  {
    id: '1.2.8',
    title: 'bytes in chops',
    frames: [[BINARY, Buffer.alloc(65_536, 1)]],
    answers: [binary(Buffer.alloc(65_536, 1))],
    chopBytes: 997,
  },
]

/** 2: pings are answered with what they carry, pongs are not. */
const pings: readonly Case[] = [
  { id: '2.1', title: 'a ping', frames: [[PING]], answers: [pong()] },
  { id: '2.2', title: 'a ping with text', frames: [[PING, 'Hello, world!']], answers: [pong('Hello, world!')] },
  {
    id: '2.3',
    title: 'a ping with bytes',
    frames: [[PING, Buffer.from([0, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0, 0xff])]],
    answers: [pong(Buffer.from([0, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0, 0xff]))],
  },
  { id: '2.4', title: 'a ping of 125', frames: [[PING, '*'.repeat(125)]], answers: [pong('*'.repeat(125))] },
  { id: '2.5', title: 'a ping of 126', frames: [[PING, '*'.repeat(126)]], endsWith: 1002 },
  {
    id: '2.6',
    title: 'a ping byte by byte',
    frames: [[PING, '*'.repeat(125)]],
    answers: [pong('*'.repeat(125))],
    chopBytes: 1,
  },
  { id: '2.7', title: 'a pong', frames: [[PONG]], answers: [] },
  { id: '2.8', title: 'a pong with text', frames: [[PONG, 'unsolicited']], answers: [] },
  {
    id: '2.9',
    title: 'a pong, then a ping',
    frames: [
      [PONG, 'unsolicited'],
      [PING, 'ping'],
    ],
    answers: [pong('ping')],
  },
  {
    id: '2.10',
    title: 'ten pings',
    frames: Array.from({ length: 10 }, (_, i) => [PING, `payload-${i}`] as const),
    answers: Array.from({ length: 10 }, (_, i) => pong(`payload-${i}`)),
  },
  {
    id: '2.11',
    title: 'ten pings byte by byte',
    frames: Array.from({ length: 10 }, (_, i) => [PING, `payload-${i}`] as const),
    answers: Array.from({ length: 10 }, (_, i) => pong(`payload-${i}`)),
    chopBytes: 1,
  },
]

/** 3: reserved bits that mean nothing. RSV1 has a meaning where compression was agreed on, and is tried there by itself. */
const reservedBits: readonly Case[] = [
  { id: '3.1', title: 'RSV3', frames: [[TEXT, 'a', { rsv: 1 }]], endsWith: 1002 },
  {
    id: '3.2',
    title: 'RSV2 behind a message',
    frames: [[TEXT, 'a'], [TEXT, 'b', { rsv: 2 }], [PING]],
    answers: [text('a')],
    endsWith: 1002,
  },
  {
    id: '3.3',
    title: 'RSV2 and 3, in chops',
    frames: [[TEXT, 'a'], [TEXT, 'b', { rsv: 3 }], [PING]],
    answers: [text('a')],
    endsWith: 1002,
    chopBytes: 1,
  },
  { id: '3.5', title: 'RSV of bytes', frames: [[BINARY, 'a', { rsv: 3 }]], endsWith: 1002 },
  { id: '3.6', title: 'RSV of a ping', frames: [[PING, 'a', { rsv: 6 }]], endsWith: 1002 },
  { id: '3.7', title: 'RSV of a close', frames: [[CLOSE, '', { rsv: 7 }]], endsWith: 1002 },
  { id: '3.8', title: 'RSV1 of a ping', frames: [[PING, 'a', { rsv: 4 }]], endsWith: 1002 },
  { id: '3.9', title: 'RSV1 of a close', frames: [[CLOSE, '', { rsv: 4 }]], endsWith: 1002 },
]

/** 4: opcodes that mean nothing. */
const reservedOpcodes: readonly Case[] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode, i) => [
  { id: `4.1.${i + 1}`, title: `opcode ${opcode}`, frames: [[opcode], [PING]], endsWith: 1002 },
  {
    id: `4.2.${i + 1}`,
    title: `opcode ${opcode} with a payload behind a message`,
    frames: [[TEXT, 'a'], [opcode, 'reserved'], [PING]],
    answers: [text('a')],
    endsWith: 1002,
  },
])

/** 5: fragments. */
const fragments: readonly Case[] = [
  {
    id: '5.1',
    title: 'a ping in two',
    frames: [
      [PING, 'a', more],
      [CONTINUATION, 'b'],
    ],
    endsWith: 1002,
  },
  {
    id: '5.2',
    title: 'a pong in two',
    frames: [
      [PONG, 'a', more],
      [CONTINUATION, 'b'],
    ],
    endsWith: 1002,
  },
  {
    id: '5.3',
    title: 'a text in two',
    frames: [
      [TEXT, 'a', more],
      [CONTINUATION, 'b'],
    ],
    answers: [text('ab')],
  },
  {
    id: '5.5',
    title: 'a text in two, byte by byte',
    frames: [
      [TEXT, 'a', more],
      [CONTINUATION, 'b'],
    ],
    answers: [text('ab')],
    chopBytes: 1,
  },
  {
    id: '5.6',
    title: 'a ping between',
    frames: [
      [TEXT, 'a', more],
      [PING, 'p'],
      [CONTINUATION, 'b'],
    ],
    answers: [pong('p'), text('ab')],
  },
  {
    id: '5.8',
    title: 'a ping between, byte by byte',
    frames: [
      [TEXT, 'a', more],
      [PING, 'p'],
      [CONTINUATION, 'b'],
    ],
    answers: [pong('p'), text('ab')],
    chopBytes: 1,
  },
  {
    id: '5.9',
    title: 'a continuation of nothing',
    frames: [
      [CONTINUATION, 'a'],
      [TEXT, 'b'],
    ],
    endsWith: 1002,
  },
  {
    id: '5.12',
    title: 'more of nothing',
    frames: [
      [CONTINUATION, 'a', more],
      [TEXT, 'b'],
    ],
    endsWith: 1002,
  },
  {
    id: '5.15',
    title: 'a continuation behind the last',
    frames: [
      [TEXT, 'a', more],
      [CONTINUATION, 'b'],
      [CONTINUATION, 'c', more],
      [TEXT, 'd'],
    ],
    answers: [text('ab')],
    endsWith: 1002,
  },
  {
    id: '5.16',
    title: 'a continuation of nothing, twice',
    frames: [
      [CONTINUATION, 'a', more],
      [TEXT, 'b', more],
      [CONTINUATION, 'c'],
    ],
    endsWith: 1002,
  },
  {
    id: '5.18',
    title: 'a text within a text',
    frames: [
      [TEXT, 'a', more],
      [TEXT, 'b'],
    ],
    endsWith: 1002,
  },
  {
    id: '5.18.2',
    title: 'bytes within a text',
    frames: [
      [TEXT, 'a', more],
      [BINARY, 'b'],
    ],
    endsWith: 1002,
  },
  {
    id: '5.19',
    title: 'a text in five with pings between',
    frames: [
      [TEXT, '1', more],
      [CONTINUATION, '2', more],
      [PING, 'p1'],
      [CONTINUATION, '3', more],
      [CONTINUATION, '4', more],
      [PING, 'p2'],
      [CONTINUATION, '5'],
    ],
    answers: [pong('p1'), pong('p2'), text('12345')],
  },
  {
    id: '5.20',
    title: 'the same byte by byte',
    frames: [
      [TEXT, '1', more],
      [CONTINUATION, '2', more],
      [PING, 'p1'],
      [CONTINUATION, '3', more],
      [CONTINUATION, '4', more],
      [PING, 'p2'],
      [CONTINUATION, '5'],
    ],
    answers: [pong('p1'), pong('p2'), text('12345')],
    chopBytes: 1,
  },
  {
    id: '5.21',
    title: 'empty fragments',
    frames: [
      [TEXT, '', more],
      [CONTINUATION, '', more],
      [CONTINUATION, ''],
    ],
    answers: [text('')],
  },
  {
    id: '5.22',
    title: 'a length in more bytes than it needs',
    frames: [[TEXT, 'a', { length: 1n }]],
    answers: [text('a')],
  },
]

export const framingCases: readonly Case[] = [
  ...lengths,
  ...choppedLengths,
  ...pings,
  ...reservedBits,
  ...reservedOpcodes,
  ...fragments,
]
