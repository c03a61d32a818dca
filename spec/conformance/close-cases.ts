import { closePayload } from '../support/raw-frames.ts'
import { CLOSE, CONTINUATION, PING, TEXT, text, type Case } from './case.ts'

const validCodes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
const invalidCodes = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535]
const large = '*'.repeat(256 * 1024)

/** 7: goodbyes. */
export const closeCases: readonly Case[] = [
  {
    id: '7.1.1',
    title: 'a message, then goodbye',
    frames: [
      [TEXT, 'Hello'],
      [CLOSE, closePayload(1000)],
    ],
    answers: [text('Hello')],
    endsWith: 1000,
  },
  {
    id: '7.1.2',
    title: 'goodbye twice',
    frames: [
      [CLOSE, closePayload(1000)],
      [CLOSE, closePayload(1000)],
    ],
    endsWith: 1000,
  },
  {
    id: '7.1.3',
    title: 'a ping behind goodbye',
    frames: [
      [CLOSE, closePayload(1000)],
      [PING, 'late'],
    ],
    endsWith: 1000,
  },
  {
    id: '7.1.4',
    title: 'a message behind goodbye',
    frames: [
      [CLOSE, closePayload(1000)],
      [TEXT, 'late'],
    ],
    endsWith: 1000,
  },
  {
    id: '7.1.5',
    title: 'goodbye between two fragments',
    frames: [
      [TEXT, 'half', { fin: false }],
      [CLOSE, closePayload(1000)],
      [CONTINUATION, 'other half'],
    ],
    endsWith: 1000,
  },
  {
    id: '7.1.6',
    title: 'a large message, goodbye, and a ping',
    frames: [[TEXT, large], [TEXT, 'Hello'], [CLOSE, closePayload(1000)], [PING]],
    answers: [text(large), text('Hello')],
    endsWith: 1000,
  },
  { id: '7.3.1', title: 'goodbye without a code', frames: [[CLOSE]], endsWith: 'no code' },
  { id: '7.3.2', title: 'half a code', frames: [[CLOSE, 'a']], endsWith: 1002 },
  { id: '7.3.3', title: 'a code', frames: [[CLOSE, closePayload(1000)]], endsWith: 1000 },
  { id: '7.3.4', title: 'a code and a reason', frames: [[CLOSE, closePayload(1000, 'Hello World!')]], endsWith: 1000 },
  { id: '7.3.5', title: 'the longest reason', frames: [[CLOSE, closePayload(1000, '*'.repeat(123))]], endsWith: 1000 },
  { id: '7.3.6', title: 'a reason too long', frames: [[CLOSE, closePayload(1000, '*'.repeat(124))]], endsWith: 1002 },
  {
    id: '7.5.1',
    title: 'a reason that is no text',
    frames: [[CLOSE, closePayload(1000, Buffer.from('cebae1bdb9cf83cebcceb5eda080', 'hex'))]],
    endsWith: 1007,
  },
  ...validCodes.map((code, i) => ({
    id: `7.7.${i + 1}`,
    title: `code ${code}`,
    frames: [[CLOSE, closePayload(code)] as const],
    endsWith: code,
  })),
  ...invalidCodes.map((code, i) => ({
    id: `7.9.${i + 1}`,
    title: `code ${code}`,
    frames: [[CLOSE, closePayload(code)] as const],
    endsWith: 1002,
  })),
]
