import { BINARY, binary, CONTINUATION, TEXT, text, type Case, type Sent } from './case.ts'

const KiB = 1024
const MiB = 1024 * KiB

/** A message in fragments of so many bytes. */
function inFragments(opcode: number, payload: Buffer, fragmentBytes: number): Sent[] {
  const frames: Sent[] = []
  for (let at = 0; at < payload.length; at += fragmentBytes) {
    const end = at + fragmentBytes
    frames.push([at === 0 ? opcode : CONTINUATION, payload.subarray(at, end), { fin: end >= payload.length }])
  }
  return frames
}

const words = (bytes: number): Buffer => Buffer.alloc(bytes, 'BAsd7&jh23')

/** 9 and 10: large messages, many fragments, many messages. */
export const sizeCases: readonly Case[] = [
  ...[64 * KiB, 256 * KiB, MiB, 4 * MiB].flatMap((bytes, i) => [
    {
      id: `9.1.${i + 1}`,
      title: `text of ${bytes}`,
      frames: [[TEXT, words(bytes)] as const],
      answers: [text(words(bytes))],
    },
    {
      id: `9.2.${i + 1}`,
      title: `bytes of ${bytes}`,
      frames: [[BINARY, words(bytes)] as const],
      answers: [binary(words(bytes))],
    },
  ]),
  ...[64, 4 * KiB, MiB].flatMap((fragment, i) => [
    {
      id: `9.3.${i + 1}`,
      title: `text of 4 MiB by ${fragment}`,
      frames: inFragments(TEXT, words(4 * MiB), fragment),
      answers: [text(words(4 * MiB))],
    },
    {
      id: `9.4.${i + 1}`,
      title: `bytes of 4 MiB by ${fragment}`,
      frames: inFragments(BINARY, words(4 * MiB), fragment),
      answers: [binary(words(4 * MiB))],
    },
  ]),
  ...[256, 2_048].flatMap((chopBytes, i) => [
    {
      id: `9.5.${i + 1}`,
      title: `text of 1 MiB in chops of ${chopBytes}`,
      frames: [[TEXT, words(MiB)] as const],
      answers: [text(words(MiB))],
      chopBytes,
    },
    {
      id: `9.6.${i + 1}`,
      title: `bytes of 1 MiB in chops of ${chopBytes}`,
      frames: [[BINARY, words(MiB)] as const],
      answers: [binary(words(MiB))],
      chopBytes,
    },
  ]),
  ...[0, 16, 64, 256, 1_024].flatMap((bytes, i) => [
    {
      id: `9.7.${i + 1}`,
      title: `500 texts of ${bytes}`,
      frames: Array.from({ length: 500 }, () => [TEXT, words(bytes)] as const),
      answers: Array.from({ length: 500 }, () => text(words(bytes))),
    },
    {
      id: `9.8.${i + 1}`,
      title: `500 times bytes of ${bytes}`,
      frames: Array.from({ length: 500 }, () => [BINARY, words(bytes)] as const),
      answers: Array.from({ length: 500 }, () => binary(words(bytes))),
    },
  ]),
  {
    id: '10.1.1',
    title: 'text of 65,536 by 1,300',
    frames: inFragments(TEXT, words(65_536), 1_300),
    answers: [text(words(65_536))],
  },
]
