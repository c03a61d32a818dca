import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isUtf8Range, MsgpackScan } from '../../lib/core/msgpack-scan.ts'
import { fuzzRuns } from '../support/fuzz-runs.ts'
import { decodeNaively, encodeNaively } from '../support/naive-msgpack.ts'
import { Malformed } from '../support/network-prose.ts'

const scan = new MsgpackScan()

function scanOf(hex: string, maxDepth = 64): { problem: string; offset: number } {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  scan.run(bytes, 0, bytes.length, maxDepth)
  return { problem: scan.problem, offset: scan.offset }
}

function isAccepted(bytes: Uint8Array, maxDepth = 64): boolean {
  return scan.run(bytes, 0, bytes.length, maxDepth)
}

function isAcceptedNaively(bytes: Uint8Array): boolean {
  try {
    decodeNaively(bytes)
    return true
  } catch (error) {
    if (error instanceof Malformed) return false
    throw error
  }
}

describe('a scan of MessagePack', () => {
  it.each([
    ['an empty array', '90'],
    ['an empty map', '80'],
    ['nil, booleans, small integers', '95 c0 c2 c3 7f e0'],
    ['every integer', '98 cc ff cd ffff ce ffffffff cf ffffffffffffffff d0 80 d1 8000 d2 80000000 d3 8000000000000000'],
    ['floats, NaN too', '93 ca 7fc00000 cb 7ff8000000000000 cb 3ff0000000000000'],
    ['strings of every length', '94 a161 d901 61 da0001 61 db00000001 61'],
    ['binary data of every length', '93 c401 ff c50001 ff c600000001 ff'],
    ['arrays and maps of every length', '94 dc0001 01 dd00000001 01 de0001 a161 01 df00000001 a161 01'],
    ['keys of every kind', '85 01 01 cb3ff8000000000000 01 c2 01 a161 01 c401 62 01'],
    ['keys 1 and true', '82 01 01 c3 01'],
    ['a single value', '01'],
  ])('accepts %s', (_what, hex) => {
    expect(scanOf(hex)).toEqual({ problem: '', offset: 0 })
  })

  it.each([
    ['nothing at all', '', 'it ends too early', 0],
    ['something behind the value', '9001', 'something follows it', 1],
    ['0xC1', '91 c1', 'there is a byte 0xC1, which MessagePack never uses', 1],
    ['an extension of a fixed length', '91 d4 01 00', 'there is an extension, and none is known here', 1],
    ['an extension with a length', '91 c7 01 01 00', 'there is an extension, and none is known here', 1],
    ['an array that ends early', '92 01', 'a count is larger than what is left', 0],
    ['a map that ends early', '81 a161', 'it ends too early', 3],
    ['a count that is cut off', '91 dc 00', 'a count is cut off', 1],
    ['a length that is cut off', '91 da 00', 'a length is cut off', 1],
    ['an integer that is cut off', '91 ce 0000', 'an integer is cut off', 1],
    ['a float that is cut off', '91 cb 0000', 'a float is cut off', 1],
    ['a string that is cut off', '91 a261', 'a string is longer than what is left', 1],
    ['binary data that are cut off', '91 c402 ff', 'binary data are longer than what is left', 1],
    ['nested counts of which each fits, but not all', '93 93 93 01 01 01', 'a count is larger than what is left', 1],
    ['a string that is not UTF-8', '91 a1 ff', 'a string is not UTF-8', 1],
    ['a long string that is not UTF-8', `91 d9 40 ${'61'.repeat(63)} c3`, 'a string is not UTF-8', 1],
    ['half of a surrogate pair', '91 a3 eda080', 'a string is not UTF-8', 1],
    ['a key that is nil', '81 c0 01', 'a key is nil', 1],
    ['a key that is NaN', '81 cb 7ff8000000000000 01', 'a key is NaN', 1],
    ['a key that is a table', '81 90 01', 'a key is a table', 1],
    ['a binary key that is not UTF-8', '81 c401 ff 01', 'a key of binary data is not UTF-8', 1],
    ['a string key twice', '82 a161 01 a161 02', 'a map has a key twice', 4],
    ['a string and a binary key that are equal', '82 a161 01 c40161 02', 'a map has a key twice', 4],
    ['1 and 1.0', '82 01 01 cb 3ff0000000000000 02', 'a map has a key twice', 3],
    ['1 in two lengths', '82 01 01 cf 0000000000000001 02', 'a map has a key twice', 3],
    ['-1 in two lengths', '82 ff 01 d3 ffffffffffffffff 02', 'a map has a key twice', 3],
    ['-1 and -1.0', '82 d1 ffff 01 ca bf800000 02', 'a map has a key twice', 5],
    [
      '2**60 as an integer and as a float',
      '82 cf 1000000000000000 01 cb 43b0000000000000 01',
      'a map has a key twice',
      11,
    ],
    ['true twice', '82 c3 01 c3 01', 'a map has a key twice', 3],
    ['a key twice with another map between', '82 a161 81 a162 01 a161 01', 'a map has a key twice', 7],
  ])('refuses %s', (_what, hex, problem, offset) => {
    expect(scanOf(hex)).toEqual({ problem, offset })
  })

  it('takes the same keys in different maps', () => {
    expect(scanOf('92 81 a161 81 a161 01 81 a161 02').problem).toBe('')
  })

  it.each(['a161', 'cd 1001', 'c3', 'cb 3ff8000000000000', 'cf ffffffffffffffff'])(
    'finds %s twice among more keys than are compared one by one',
    (key) => {
      const others = Array.from({ length: 40 }, (_, i) => `cd 10${(i + 16).toString(16)} 01`).join('')
      expect(scanOf(`de 0029 ${others} ${key} 01`).problem).toBe('')
      expect(scanOf(`de 002a ${key} 01 ${others} ${key} 01`).problem).toBe('a map has a key twice')
    },
  )

  it('goes as deep as it may, and no deeper', () => {
    expect(scanOf('91'.repeat(63) + '90').problem).toBe('')
    expect(scanOf('91'.repeat(64) + '90').problem).toBe('tables are nested deeper than 64')
    expect(scanOf('81a161'.repeat(255) + '80', 256).problem).toBe('')
    expect(scanOf('81a161'.repeat(256) + '80', 256).problem).toBe('tables are nested deeper than 256')
    expect(scanOf('80', 1).problem).toBe('')
    expect(scanOf('91'.repeat(100_000) + '90', 1_000_000).problem).toBe('tables are nested deeper than 256')
  })

  it('stops at the headers by which decoders are made to allocate gigabytes', () => {
    const bomb = Buffer.concat(Array.from({ length: 24_000 }, () => Buffer.of(0xdc, 0xff, 0xff)))
    expect(isAccepted(bomb)).toBe(false)
    expect(scan.values).toBeLessThan(65)
  })

  it('tells which tables plain objects can hold', () => {
    expect([scanOf('81 a161 81 a162 01'), scan.hasPlainKeys]).toEqual([{ problem: '', offset: 0 }, true])
    for (const hex of ['81 01 01', '81 c3 01', '81 c40161 01', '91 81 a9 5f5f70726f746f5f5f 01', '81 ca 3fc00000 01']) {
      expect([scanOf(hex).problem, scan.hasPlainKeys], hex).toEqual(['', false])
    }
    expect([scanOf('81 a9 5f5f70726f746f5f60 01').problem, scan.hasPlainKeys]).toEqual(['', true])
  })

  it('counts what a decoder will make', () => {
    scanOf('93 81 a161 90 c400 82 01 02 03 04')
    expect([scan.values, scan.texts, scan.binaries, scan.arrays, scan.maps]).toEqual([10, 1, 1, 2, 2])
  })

  it('looks at nothing outside of the range that it is given', () => {
    const bytes = Buffer.from('c1c1 92a16101 c1c1'.replaceAll(' ', ''), 'hex')
    expect(scan.run(bytes, 2, 6, 64)).toBe(true)
    expect(scan.run(bytes, 2, 5, 64)).toBe(false)
    expect(scan.run(bytes, 2, 7, 64)).toBe(false)
  })

  it('asks a faster check of UTF-8 about long strings', () => {
    const asked: number[] = []
    const withCheck = new MsgpackScan((bytes) => asked.push(bytes.length) > 0)
    const bytes = Buffer.from(`92 a161 d940 ${'61'.repeat(64)}`.replaceAll(' ', ''), 'hex')
    expect(withCheck.run(bytes, 0, bytes.length, 64)).toBe(true)
    expect(asked).toEqual([64])
  })
})

/** Bytes among which the first bytes of MessagePack's values are frequent. */
const likely = fc.oneof(
  fc.integer({ min: 0, max: 255 }),
  fc.constantFrom(
    0x81,
    0x82,
    0x91,
    0x92,
    0xa1,
    0xa2,
    0x61,
    0x01,
    0xc0,
    0xc4,
    0xca,
    0xcb,
    0xcc,
    0xcf,
    0xd3,
    0xd9,
    0xdc,
    0xde,
  ),
)

describe('any bytes', () => {
  it('are accepted where a naive decoder accepts them, and nowhere else', () => {
    fc.assert(
      fc.property(fc.array(likely, { maxLength: 40 }), (numbers) => {
        const bytes = Uint8Array.from(numbers)
        const isTable = isAccepted(bytes) && scan.isTable
        expect(isTable).toBe(isAcceptedNaively(bytes))
      }),
      fuzzRuns(20_000),
    )
  })

  it('make no difference when a bit of a table is flipped: both still agree', () => {
    const table = encodeNaively({
      a: [1, 'é', { b: Buffer.of(1, 2) }],
      m: new Map<unknown, unknown>([
        [1, 2],
        [1.5, 'x'],
        [true, null],
      ]),
    })
    for (let bit = 0; bit < table.length * 8; bit += 1) {
      const flipped = Buffer.from(table)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect([bit, isAccepted(flipped) && scan.isTable]).toEqual([bit, isAcceptedNaively(flipped)])
    }
  })

  it('are UTF-8 here where they are for the platform', () => {
    const lead = fc.constantFrom(
      0x61,
      0xc2,
      0xdf,
      0xe0,
      0xe1,
      0xed,
      0xef,
      0xf0,
      0xf3,
      0xf4,
      0xf5,
      0xc0,
      0x80,
      0x8f,
      0x90,
      0x9f,
      0xa0,
      0xbf,
    )
    fc.assert(
      fc.property(fc.array(lead, { maxLength: 8 }), (numbers) => {
        const bytes = Uint8Array.from(numbers)
        let isText = true
        try {
          new TextDecoder('utf-8', { fatal: true }).decode(bytes)
        } catch {
          isText = false
        }
        expect(isUtf8Range(bytes, 0, bytes.length)).toBe(isText)
      }),
      fuzzRuns(20_000),
    )
  })
})
