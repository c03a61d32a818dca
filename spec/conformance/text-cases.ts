import { CONTINUATION, TEXT, text, type Case } from './case.ts'

const more = { fin: false }

/** Bytes that are text, in hexadecimal: the shortest and longest of each length, and what stands at the edges. */
const valid: readonly string[] = [
  'cebae1bdb9cf83cebcceb5',
  '00',
  'c280',
  'e0a080',
  'f0908080',
  '7f',
  'dfbf',
  'efbfbf',
  'f48fbfbf',
  'ed9fbf',
  'ee8080',
  'efbfbd',
  'efbfbe',
  'f09fbfbe',
  'f09fbfbf',
  'f0afbfbe',
  'f48fbfbe',
  'efbbbf61',
]

/** Bytes that are no text: alone and missing continuations, too long, surrogates, beyond Unicode. */
const invalid: readonly string[] = [
  'cebae1bdb9cf83cebcceb5eda080656469746564',
  'ce',
  'cebae1',
  'cebae1bd',
  'f8888080 80'.replace(' ', ''),
  'fc8480808080',
  'f7bfbfbf',
  'fbbfbfbfbf',
  'fdbfbfbfbfbf',
  'f4908080',
  '80',
  'bf',
  '80bf',
  '80bf80bf80bf',
  'c020',
  'e0a020',
  'c0',
  'e080',
  'f08080',
  'fe',
  'ff',
  'fefeffff',
  'c0af',
  'e080af',
  'f08080af',
  'f8808080af',
  'fc80808080af',
  'c1bf',
  'e09fbf',
  'f08fbfbf',
  'c080',
  'e08080',
  'f0808080',
  'eda080',
  'edadbf',
  'edae80',
  'edafbf',
  'edb080',
  'edbe80',
  'edbfbf',
  'eda080edb080',
  'edafbfedbfbf',
]

const greek = Buffer.from(valid[0] ?? '', 'hex')

/** 6: text is UTF-8, whole and in pieces that end within a character. */
export const textCases: readonly Case[] = [
  { id: '6.1.1', title: 'no text', frames: [[TEXT]], answers: [text('')] },
  {
    id: '6.1.2',
    title: 'no text in three',
    frames: [[TEXT, '', more], [CONTINUATION, '', more], [CONTINUATION]],
    answers: [text('')],
  },
  {
    id: '6.2.1',
    title: 'text in pieces within characters',
    frames: [
      [TEXT, greek.subarray(0, 3), more],
      [CONTINUATION, greek.subarray(3, 4), more],
      [CONTINUATION, greek.subarray(4)],
    ],
    answers: [text(greek)],
  },
  {
    id: '6.2.3',
    title: 'text, a fragment a byte',
    frames: Array.from(greek, (byte, i) => [
      i === 0 ? TEXT : CONTINUATION,
      Buffer.from([byte]),
      { fin: i === greek.length - 1 },
    ]),
    answers: [text(greek)],
  },
  {
    id: '6.4.1',
    title: 'pieces of no text',
    frames: [
      [TEXT, greek, more],
      [CONTINUATION, Buffer.from('f4908080', 'hex'), more],
      [CONTINUATION, 'edited'],
    ],
    endsWith: 1007,
  },
  ...valid.map((hex, i) => ({
    id: `6.5.${i + 1}`,
    title: `text ${hex}`,
    frames: [[TEXT, Buffer.from(hex, 'hex')] as const],
    answers: [text(Buffer.from(hex, 'hex'))],
  })),
  ...invalid.map((hex, i) => ({
    id: `6.6.${i + 1}`,
    title: `no text ${hex}`,
    frames: [[TEXT, Buffer.from(hex, 'hex')] as const],
    endsWith: 1007,
  })),
]
