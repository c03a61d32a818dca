import { describe, expect, it } from 'vitest'
import { ByteCutter, LineCutter, type Cutter } from '../../lib/cli/cutters.ts'

describe('LineCutter', () => {
  it('makes a message of each line, without its newline', () => {
    expect(cut(new LineCutter(), ['one\ntwo\n\nfour\n'])).toEqual(['one', 'two', '', 'four'])
  })

  it('puts together a line that comes in pieces', () => {
    expect(cut(new LineCutter(), ['on', 'e', '\n', 'tw', 'o\nth', 'ree\n'])).toEqual(['one', 'two', 'three'])
  })

  it('takes what follows the last newline for a line, too', () => {
    expect(cut(new LineCutter(), ['one\ntwo'])).toEqual(['one', 'two'])
  })

  it('leaves carriage returns and bytes that are no text as they are', () => {
    const [line] = [...new LineCutter().push(Buffer.from([0xff, 0x0d, 0x00, 0x0a]))]

    expect(line).toEqual(Buffer.from([0xff, 0x0d, 0x00]))
  })

  it('keeps no more of a line without end than its limit, and goes on with the next line', () => {
    const pieces = [...Array.from({ length: 100 }, () => 'xxx'), 'x\n', 'next\n']

    expect(cut(new LineCutter(8), pieces)).toEqual(['xxxxxxxx', 'next'])
    expect(cut(new LineCutter(8), [pieces.join('')])).toEqual(['xxxxxxxx', 'next'])
  })
})

describe('ByteCutter', () => {
  it('passes on at once what comes, in pieces of its limit', () => {
    const cutter = new ByteCutter(4)

    expect([...cutter.push(Buffer.from('ab'))].map(String)).toEqual(['ab'])
    expect([...cutter.push(Buffer.from('cdefghijkl'))].map(String)).toEqual(['cdef', 'ghij', 'kl'])
    expect([...cutter.end()]).toEqual([])
  })
})

function cut(cutter: Cutter, pieces: readonly string[]): string[] {
  const messages = pieces.flatMap((piece) => [...cutter.push(Buffer.from(piece))].map(String))
  return [...messages, ...[...cutter.end()].map(String)]
}
