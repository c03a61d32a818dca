import { describe, expect, it } from 'vitest'
import { ByteFramer, LineFramer, type Framer } from '../../lib/cli/framers.ts'

describe('LineFramer', () => {
  it('makes a message of each line, without its newline', () => {
    expect(cut(new LineFramer(), ['one\ntwo\n\nfour\n'])).toEqual(['one', 'two', '', 'four'])
  })

  it('puts together a line that comes in pieces', () => {
    expect(cut(new LineFramer(), ['on', 'e', '\n', 'tw', 'o\nth', 'ree\n'])).toEqual(['one', 'two', 'three'])
  })

  it('takes what follows the last newline for a line, too', () => {
    expect(cut(new LineFramer(), ['one\ntwo'])).toEqual(['one', 'two'])
  })

  it('leaves carriage returns and bytes that are no text as they are', () => {
    const [line] = [...new LineFramer().push(Buffer.from([0xff, 0x0d, 0x00, 0x0a]))]

    expect(line).toEqual(Buffer.from([0xff, 0x0d, 0x00]))
  })

  it('keeps no more of a line without end than its limit, and goes on with the next line', () => {
    const pieces = [...Array.from({ length: 100 }, () => 'xxx'), 'x\n', 'next\n']

    expect(cut(new LineFramer(8), pieces)).toEqual(['xxxxxxxx', 'next'])
    expect(cut(new LineFramer(8), [pieces.join('')])).toEqual(['xxxxxxxx', 'next'])
  })
})

describe('ByteFramer', () => {
  it('passes on at once what comes, in pieces of its limit', () => {
    const framer = new ByteFramer(4)

    expect([...framer.push(Buffer.from('ab'))].map(String)).toEqual(['ab'])
    expect([...framer.push(Buffer.from('cdefghijkl'))].map(String)).toEqual(['cdef', 'ghij', 'kl'])
    expect([...framer.end()]).toEqual([])
  })
})

function cut(framer: Framer, pieces: readonly string[]): string[] {
  const messages = pieces.flatMap((piece) => [...framer.push(Buffer.from(piece))].map(String))
  return [...messages, ...[...framer.end()].map(String)]
}
