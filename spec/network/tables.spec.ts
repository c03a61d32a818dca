import fc from 'fast-check'
import { runInNewContext } from 'node:vm'
import * as network from 'udpipe/network'
import { decodeTable, encodeTable, type Table } from 'udpipe/network'
import { describe, expect, it } from 'vitest'
import { TableCheck } from '../../lib/network/wire/table-check.ts'
import { fuzzRuns } from '../support/fuzz-runs.ts'
import { decodeNaively, encodeNaively } from '../support/naive-msgpack.ts'

const there = (table: unknown): unknown => decodeTable(encodeTable(table as Table))
const hexOf = (table: unknown): string => encodeTable(table as Table).toString('hex')
const table = (hex: string): unknown => decodeTable(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
// eslint-disable-next-line no-sparse-arrays
const holed = [1, , 3]

describe('what travels', () => {
  it.each([
    ['null', [null], [null], '91c0'],
    ['undefined in an array', [undefined], [null], '91c0'],
    ['a hole in an array', holed, [1, null, 3], '9301c003'],
    ['a property that is undefined', { a: undefined, b: 1 }, { b: 1 }, '81a16201'],
    ['a value of a Map that is undefined', new Map([[1, undefined]]), new Map([[1, null]]), '8101c0'],
    ['booleans', [true, false], [true, false], '92c3c2'],
    ['small integers', [0, 127, -1, -32], [0, 127, -1, -32], '94007fffe0'],
    ['integers of 8 bits', [128, 255, -33, -128], [128, 255, -33, -128], '94cc80ccffd0dfd080'],
    ['integers of 16 bits', [256, 65_535, -129], [256, 65_535, -129], '93cd0100cdffffd1ff7f'],
    [
      'integers of 32 bits',
      [65_536, 2 ** 32 - 1, -(2 ** 31)],
      [65_536, 2 ** 32 - 1, -(2 ** 31)],
      '93ce00010000ceffffffffd280000000',
    ],
    [
      'integers beyond 32 bits',
      [2 ** 32, -(2 ** 31) - 1],
      [2 ** 32, -(2 ** 31) - 1],
      '92cb41f0000000000000cbc1e0000000200000',
    ],
    [
      'fractions',
      [1.5, NaN, Infinity, -Infinity],
      [1.5, NaN, Infinity, -Infinity],
      '94cb3ff8000000000000cb7ff8000000000000cb7ff0000000000000cbfff0000000000000',
    ],
    ['bigints that are safe', [5n, -5n], [5, -5], '92d30000000000000005d3fffffffffffffffb'],
    [
      'bigints that are not',
      [2n ** 64n - 1n, -(2n ** 63n)],
      [2n ** 64n - 1n, -(2n ** 63n)],
      '92cfffffffffffffffffd38000000000000000',
    ],
    ['strings', ['', 'é', '😀'], ['', 'é', '😀'], '93a0a2c3a9a4f09f9880'],
    ['a Buffer', [Buffer.of(1, 255)], [Buffer.of(1, 255)], '91c40201ff'],
    ['a Uint8Array', [Uint8Array.of(1)], [Buffer.of(1)], '91c40101'],
    ['an array', [[1, [2]]], [[1, [2]]], '9192019102'],
    ['a plain object', { a: { b: 1 } }, { a: { b: 1 } }, '81a16181a16201'],
    ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1 }), { a: 1 }, '81a16101'],
    [
      'a Map with keys of every kind',
      new Map<unknown, unknown>([
        [1, 'one'],
        ['ten', 10],
        [true, 0],
        [1.5, 2],
      ]),
      new Map<unknown, unknown>([
        [1, 'one'],
        ['ten', 10],
        [true, 0],
        [1.5, 2],
      ]),
      '8401a36f6e65a374656e0ac300cb3ff800000000000002',
    ],
    ['a Map of which all keys are strings', new Map([['a', 1]]), { a: 1 }, '81a16101'],
    [
      'a Map with bigint keys',
      new Map([
        [2n ** 60n, 1],
        [7n, 2],
      ]),
      new Map<unknown, number>([
        [2n ** 60n, 1],
        [7, 2],
      ]),
      '82d3100000000000000001d3000000000000000702',
    ],
  ])('%s', (_what, sent, received, hex) => {
    expect(there(sent)).toEqual(received)
    expect(hexOf(sent)).toBe(hex)
  })

  it('keeps __proto__, constructor, toJSON and hasOwnProperty for keys as any other', () => {
    const sent = JSON.parse(
      '{"__proto__": {"x": 1}, "constructor": 2, "toJSON": 3, "hasOwnProperty": 4, "a": [{"toJSON": null}]}',
    ) as Table
    const received = there(sent) as Record<string, unknown>
    expect(JSON.stringify(received)).toBe(JSON.stringify(sent))
    expect(Object.getPrototypeOf(received)).toBe(Object.prototype)
    expect((received as { x?: number }).x).toBe(undefined)
    expect(there({ toJSON: 1, gone: undefined })).toEqual({ toJSON: 1 })
  })

  it('gives bytes a copy of their own, as a Buffer', () => {
    const bytes = encodeTable({ data: Buffer.of(1, 2, 3), 1: new Map([[1, Buffer.of(9)]]) })
    const { data, 1: map } = decodeTable(bytes) as unknown as { data: Buffer; 1: Map<number, Buffer> }
    bytes.fill(0)
    expect(data).toEqual(Buffer.of(1, 2, 3))
    expect(map.get(1)).toEqual(Buffer.of(9))
    expect([Buffer.isBuffer(data), Buffer.isBuffer(map.get(1))]).toEqual([true, true])
  })

  it('keeps a byte order mark, short and long, in keys too', () => {
    const sent = { a: '\uFEFFx', b: `\uFEFF${'long '.repeat(40)}`, [`\uFEFF${'k'.repeat(80)}`]: 1 }
    expect(there(sent)).toEqual(sent)
  })

  it('sends the same object twice where it stands twice', () => {
    const shared = { x: 1 }
    expect(there([shared, shared])).toEqual([{ x: 1 }, { x: 1 }])
  })

  it('reads a getter, once for the look and once for the table, and passes on what it throws', () => {
    expect(
      there({
        get now() {
          return 5
        },
      }),
    ).toEqual({ now: 5 })
    const broken = {
      get now(): number {
        throw new RangeError('no')
      },
    }
    expect(() => there(broken)).toThrow(RangeError)
    expect(there([1])).toEqual([1])
  })

  it('does not ask toJSON', () => {
    expect(() => there({ a: { toJSON: () => 'x' } })).toThrow(/table\.a\.toJSON: a function cannot travel/)
  })

  it('goes as deep as maxDepth', () => {
    expect(() => encodeTable(nested(64))).not.toThrow()
    expect(() => encodeTable(nested(65))).toThrow(/nested 64 deep/)
    expect(encodeTable(nested(256), { maxDepth: 256 })).toHaveLength(256)
    expect(() => decodeTable(Buffer.from(`${'91'.repeat(64)}90`, 'hex'))).toThrow(/nested deeper than 64/)
  })
})

describe('what does not travel throws, with the path to it', () => {
  class Player {
    name = 'Ada'
  }
  const cycle: Record<string, unknown> = { name: 'a' }
  cycle['self'] = { again: [cycle] }

  it.each<[string, unknown, RegExp]>([
    ['a string', 'text', /^table: a string is no table/],
    ['a number', 5, /^table: a number is no table/],
    ['null', null, /^table: null is no table/],
    ['a Buffer', Buffer.alloc(1), /^table: a Buffer is no table/],
    ['a function', [() => {}], /^table\[0\]: a function cannot travel/],
    ['a symbol', { a: Symbol('x') }, /^table\.a: a symbol cannot travel/],
    [
      'a class instance',
      { players: [0, 1, 2, { owner: new Player() }] },
      /^table\.players\[3\]\.owner: a Player cannot travel/,
    ],
    ['a Date', [new Date(0)], /^table\[0\]: a Date cannot travel/],
    ['a RegExp', [/x/], /^table\[0\]: a RegExp cannot travel/],
    ['a Set', { players: [0, 1, 2, { owner: new Set() }] }, /^table\.players\[3\]\.owner: a Set cannot travel/],
    ['a WeakMap', [new WeakMap()], /^table\[0\]: a WeakMap cannot travel/],
    ['another typed array', [new Uint16Array(1)], /^table\[0\]: an? Uint16Array cannot travel/],
    ['a DataView', [new DataView(new ArrayBuffer(1))], /^table\[0\]: a DataView cannot travel/],
    ['an ArrayBuffer', [new ArrayBuffer(1)], /^table\[0\]: an ArrayBuffer cannot travel/],
    ['a boxed number', [Object(5)], /^table\[0\]: a Number cannot travel/],
    ['a boxed string', [Object('x')], /^table\[0\]: a String cannot travel/],
    ['a promise', [Promise.resolve()], /^table\[0\]: a Promise cannot travel/],
    ['an Error', [new TypeError('x')], /^table\[0\]: a TypeError cannot travel/],
    ['a class of arrays', [new (class List extends Array {})()], /^table\[0\]: a List cannot travel/],
    ['a class of Maps', [new (class Index extends Map {})()], /^table\[0\]: an Index cannot travel/],
    ['an object of another realm', [runInNewContext('({})')], /^table\[0\]: an Object cannot travel/],
    ['a bigint that is too large', [2n ** 64n], /^table\[0\]: 18446744073709551616n has more than 64 bits/],
    ['a bigint that is too small', [-(2n ** 63n) - 1n], /^table\[0\]: -9223372036854775809n has more/],
    ['half of a surrogate pair', { text: 'a\ud800' }, /^table\.text: a string has half of a surrogate pair/],
    ['half of a surrogate pair in a key', { 'a\ud800': 1 }, /^table\["a\\ud800"\]: a string has half/],
    ['half of a surrogate pair in a key of a Map', new Map([['\udc00', 1]]), /half of a surrogate pair/],
    ['a cycle', cycle, /^table\.self\.again\[0\]: a table cannot hold itself: this is table, /],
    ['a key of a Map that is null', new Map([[null, 1]]), /^table\[null\]: null cannot be a key/],
    ['a key of a Map that is undefined', new Map([[undefined, 1]]), /cannot be a key/],
    ['a key of a Map that is NaN', new Map([[NaN, 1]]), /^table\[NaN\]: NaN cannot be a key/],
    ['a key of a Map that is an object', new Map([[{}, 1]]), /^table\[an Object\]: an Object cannot be a key/],
    ['a key of a Map that is bytes', new Map([[Buffer.alloc(1), 1]]), /^table\[a Buffer\]: a Buffer cannot be a key/],
    [
      '1 and 1n as keys',
      new Map<unknown, number>([
        [1, 1],
        [1n, 2],
      ]),
      /^table\[1\]: the keys 1n and 1 are the same/,
    ],
    [
      '1n and 1 as keys',
      new Map<unknown, number>([
        [1n, 1],
        [1, 2],
      ]),
      /the keys 1n and 1 are the same/,
    ],
    [
      '2**40 and 2n**40n as keys',
      new Map<unknown, number>([
        [2 ** 40, 1],
        [2n ** 40n, 2],
      ]),
      /are the same/,
    ],
    ['a key of a Map that is too large', new Map([[2n ** 70n, 1]]), /has more than 64 bits/],
  ])('%s', (_what, sent, message) => {
    let error: unknown
    try {
      there(sent)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(network.UDPipeError)
    expect(error).toMatchObject({ code: 'ERR_TABLE_INVALID', message: expect.stringMatching(message) as string })
  })

  it('a table over maxTableBytes, as encoded', () => {
    expect(encodeTable([Buffer.alloc(1_000)], { maxTableBytes: 1_004 })).toHaveLength(1_004)
    expect(() => encodeTable([Buffer.alloc(1_001)], { maxTableBytes: 1_004 })).toThrow(
      expect.objectContaining({ code: 'ERR_MESSAGE_TOO_LARGE' }),
    )
    expect(() => encodeTable(['é'.repeat(600)], { maxTableBytes: 1_004 })).toThrow(/has 1204 bytes/)
  })

  it('a small graph with more paths than anybody could count, within as many steps as there may be bytes', () => {
    let graph: unknown[] = []
    for (let i = 0; i < 40; i += 1) graph = [graph, graph]
    const check = new TableCheck()

    expect(check.run(graph, 64, 1024 * 1024)).toBe(false)

    expect(check.problem?.code).toBe('ERR_MESSAGE_TOO_LARGE')
    expect(check.steps).toBeLessThanOrEqual(1024 * 1024)
  })

  it('a cycle, without a walk through all that is beside it', () => {
    const wide: unknown[] = []
    wide.push(wide, ...Array.from({ length: 100_000 }, () => [1]))
    const check = new TableCheck()
    expect(check.run(wide, 64, 1024 * 1024)).toBe(false)
    expect(check.steps).toBeLessThan(100)
  })
})

describe('what arrives', () => {
  it.each([
    ['float 32', '91 ca 3fc00000', [1.5]],
    ['binary keys as strings', '81 c40161 01', { a: 1 }],
    [
      'binary keys beside others',
      '82 c40161 01 02 03',
      new Map<unknown, number>([
        ['a', 1],
        [2, 3],
      ]),
    ],
    ['an empty table of Lua', '90', []],
    ['integers longer than they need be', '91 cf 0000000000000007', [7]],
    [
      'an object within a Map, and a Map within an object',
      '82 01 81 a161 01 02 81 a162 81 03 04',
      new Map<number, unknown>([
        [1, { a: 1 }],
        [2, { b: new Map([[3, 4]]) }],
      ]),
    ],
    [
      'a sparse table',
      '82 01 a36f6e65 a374656e 0a',
      new Map<unknown, unknown>([
        [1, 'one'],
        ['ten', 10],
      ]),
    ],
  ])('%s', (_what, hex, received) => {
    expect(table(hex)).toEqual(received)
  })

  it.each([
    ['no table', '01', /a single value, at byte 0/],
    ['two tables', '9090', /something follows it, at byte 1/],
    ['a key twice', '82 a161 01 a161 02', /a key twice, at byte 4/],
    ['an extension', '91 d4 00 00', /an extension, and none is known here, at byte 1/],
    ['a table of more than is there', 'dd ffffffff', /larger than what is left, at byte 0/],
  ])('%s throws from decodeTable, and says where', (_what, hex, message) => {
    expect(() => table(hex)).toThrow(
      expect.objectContaining({ code: 'ERR_TABLE_MALFORMED', message: expect.stringMatching(message) as string }),
    )
  })

  it('is checked by decodeTable for its kind and its size', () => {
    const decode = decodeTable as (bytes: unknown, options?: unknown) => unknown
    expect(() => decode('text')).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID' }))
    expect(() => decode(Buffer.alloc(100), { maxTableBytes: 99 })).toThrow(
      expect.objectContaining({ code: 'ERR_MESSAGE_TOO_LARGE' }),
    )
    expect(() => decode(Buffer.of(0x90), { depth: 1 })).toThrow(expect.objectContaining({ code: 'ERR_OPTION_UNKNOWN' }))
  })
})

describe('any table', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ maxLength: 100 }),
    fc.constantFrom('__proto__', 'constructor', 'toJSON', '\uFEFF'.padEnd(80, 'x')),
  )
  const keys = fc.oneof(
    text,
    fc.integer(),
    fc.double({ noNaN: true }),
    fc.boolean(),
    fc.bigInt({ min: 2n ** 54n, max: 2n ** 64n - 1n }),
  )
  const { tables } = fc.letrec<{ values: unknown; tables: unknown }>((tie) => ({
    values: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.double().map((number) => (Object.is(number, -0) ? 0 : number)),
      fc.bigInt({ min: 2n ** 54n, max: 2n ** 64n - 1n }),
      fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 54n) }),
      text,
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      tie('tables'),
    ),
    tables: fc.oneof(
      { maxDepth: 4 },
      fc.array(tie('values'), { maxLength: 6 }),
      fc.dictionary(text, tie('values'), { maxKeys: 6, noNullPrototype: true }),
      fc
        .uniqueArray(
          fc.tuple(
            fc.oneof(fc.integer(), fc.boolean(), fc.bigInt({ min: 2n ** 54n, max: 2n ** 64n - 1n })),
            tie('values'),
          ),
          {
            minLength: 1,
            maxLength: 6,
            selector: ([key]) => (typeof key === 'boolean' ? `b${key}` : String(key)),
          },
        )
        .map((entries) => new Map(entries)),
    ),
  }))

  it('arrives as it was sent, and means the same to a naive decoder', () => {
    fc.assert(
      fc.property(tables, (sent) => {
        const bytes = encodeTable(sent as Table)
        expect(decodeTable(bytes)).toEqual(sent)
        expect(decodeNaively(bytes)).toEqual(sent)
      }),
      fuzzRuns(1_500),
    )
  })

  it('of a naive encoder is decoded to what was encoded', () => {
    fc.assert(
      fc.property(tables, (sent) => {
        expect(decodeTable(encodeNaively(sent))).toEqual(sent)
      }),
      fuzzRuns(1_500),
    )
  })

  it('has no more keys than Maps keep apart', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(keys, {
          maxLength: 60,
          selector: (key) => (typeof key === 'string' ? `s${key}` : typeof key === 'boolean' ? key : String(key)),
        }),
        (list) => {
          const sent = new Map(list.map((key, i) => [key, i]))
          const received = there(sent)
          expect(received instanceof Map ? received.size : Object.keys(received as object).length).toBe(sent.size)
        },
      ),
      fuzzRuns(500),
    )
  })
})

function nested(depth: number): Table {
  let table: Table = []
  for (let i = 1; i < depth; i += 1) table = [table]
  return table
}
