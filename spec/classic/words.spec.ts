import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isToken } from '../../lib/session/token.ts'
import {
  decodeConnect,
  decodeHello,
  decodeWord,
  describeClassic,
  encodeConnect,
  encodeHello,
  encodeWord,
  isReservedWord,
} from '../../lib/classic/words.ts'
import { toBytes, toText } from '../support/classic-probe.ts'
import { fuzzRuns } from '../support/fuzz-runs.ts'

fc.configureGlobal(fuzzRuns(1000))

const words = ['HELLO', 'CONNECT', 'CONNECTED', 'GO AWAY!', 'PING', 'PONG', 'CLOSE', 'CLOSED'] as const
const tokens = fc.string({ unit: 'binary', maxLength: 60 }).filter(isToken)
const addresses = fc.record({ host: fc.oneof(fc.ipV4(), fc.ipV6()), port: fc.integer({ min: 1, max: 65_535 }) })
/** Bytes that are nearly something: random ones rarely get past the first letter. */
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc
    .tuple(fc.constantFrom(...words, 'HELLO ', 'CONNECT ', 'CONNECT 1.2.3.4 5'), fc.uint8Array({ maxLength: 4 }))
    .map(([word, rest]) => Uint8Array.of(...toBytes(word), ...rest)),
)

describe('the words', () => {
  it.each(words)('%s is its own letters, and is reserved', (word) => {
    expect(toText(encodeWord(word))).toBe(word)
    expect(decodeWord(toBytes(word))).toBe(word)
    expect(isReservedWord(toBytes(word))).toBe(true)
    expect(describeClassic(toBytes(word))).toBe(word)
  })

  it.each(['', 'ping', 'PINGS', 'PIN', ' PING', 'PING\n', 'PING\0', 'CLOSES', 'CONNECTS', 'GO AWAY', 'HELLO '])(
    '%j is none, and is not reserved',
    (text) => {
      expect(decodeWord(toBytes(text))).toBeUndefined()
      expect(isReservedWord(toBytes(text))).toBe(false)
    },
  )

  it('are told from all else by their exact bytes', () => {
    fc.assert(
      fc.property(bytes, (anything) => {
        const word = decodeWord(anything)
        expect(word).toBe(words.find((candidate) => candidate === toText(anything)))
      }),
    )
  })
})

describe('HELLO', () => {
  it('carries a token after a space, and the space even without one', () => {
    expect(toText(encodeHello('secret'))).toBe('HELLO secret')
    expect(toText(encodeHello(''))).toBe('HELLO ')
  })

  it('without a space carries the empty token', () => {
    expect(decodeHello(toBytes('HELLO'))).toHaveLength(0)
    expect(decodeHello(toBytes('HELLO '))).toHaveLength(0)
  })

  it.each(['HELL', 'hello x', 'HELLOx', 'HELLO\0', 'HELLO\0\x01', 'XHELLO x'])('is not %j', (text) => {
    expect(decodeHello(toBytes(text))).toBeUndefined()
  })

  it('gives back any token', () => {
    fc.assert(
      fc.property(tokens, (token) => {
        expect(toText(decodeHello(encodeHello(token)) ?? Uint8Array.of(0))).toBe(token)
      }),
    )
  })

  it('refuses a token that would not arrive as it is', () => {
    expect(() => encodeHello('two words')).toThrow(RangeError)
  })
})

describe('CONNECT with arguments', () => {
  it('names an address', () => {
    expect(toText(encodeConnect({ host: '192.0.2.1', port: 40_000 }))).toBe('CONNECT 192.0.2.1 40000')
    expect(decodeConnect(toBytes('CONNECT 192.0.2.1 40000'))).toEqual({ host: '192.0.2.1', port: 40_000 })
    expect(decodeConnect(toBytes('CONNECT :: 1'))).toEqual({ host: '::', port: 1 })
  })

  it('has room for the longest address', () => {
    const longest = { host: 'aaaa:bbbb:cccc:dddd:eeee:ffff:aaaa:bbbb', port: 65_535 }
    expect(decodeConnect(encodeConnect(longest))).toEqual(longest)
  })

  it('gives back any address, in the one way to write it', () => {
    fc.assert(
      fc.property(addresses, (address) => {
        const decoded = decodeConnect(encodeConnect(address))
        expect(decoded?.port).toBe(address.port)
        expect(decoded && toText(encodeConnect(decoded))).toBe(toText(encodeConnect(address)))
      }),
    )
  })

  it.each([
    'CONNECT',
    'CONNECT ',
    'CONNECT 1.2.3.4',
    'CONNECT 1.2.3.4 ',
    'CONNECT 1.2.3.4 0',
    'CONNECT 1.2.3.4 65536',
    'CONNECT 1.2.3.4 99999',
    'CONNECT 1.2.3.4 100000',
    'CONNECT 1.2.3.4 01',
    'CONNECT 1.2.3.4 +1',
    'CONNECT 1.2.3.4 1e3',
    'CONNECT 1.2.3.4 0x10',
    'CONNECT 1.2.3.4 1 ',
    'CONNECT 1.2.3.4 1\n',
    'CONNECT 1.2.3.4 1\0',
    'CONNECT  1.2.3.4 1',
    'CONNECT 1.2.3.4  1',
    'CONNECT 1.2.3.4\t1',
    'CONNECT 1.2.3.4:1',
    'CONNECT 01.2.3.4 1',
    'CONNECT 1.2.3 1',
    'CONNECT 256.2.3.4 1',
    'CONNECT localhost 1',
    'CONNECT ::1%lo 1',
    'CONNECT [::1] 1',
    'CONNECT 0::1 1',
    'CONNECT ::FFFF 1',
    'CONNECT \ufeff1.2.3.4 1',
    'connect 1.2.3.4 1',
    `CONNECT ${'1'.repeat(1_000)} 1`,
  ])('is not %j', (text) => {
    expect(decodeConnect(toBytes(text))).toBeUndefined()
  })

  it('has one encoding only: what decodes, encodes to the same bytes', () => {
    const nearly = fc
      .tuple(fc.constantFrom('CONNECT '), fc.stringMatching(/^[\d.:a-f]{0,12} ?[\d]{0,6}$/))
      .map((parts) => toBytes(parts.join('')))
    fc.assert(
      fc.property(fc.oneof(nearly, bytes, addresses.map(encodeConnect)), (anything) => {
        const address = decodeConnect(anything)
        if (address !== undefined) expect(encodeConnect(address)).toEqual(anything)
      }),
    )
  })

  it.each([
    { host: 'localhost', port: 1 },
    { host: 'fe80::1%eth0', port: 1 },
    { host: '1.2.3.4', port: 0 },
    { host: '1.2.3.4', port: 65_536 },
    { host: '1.2.3.4', port: 1.5 },
    { host: '1.2.3.4', port: NaN },
  ])('refuses to name $host port $port', (address) => {
    expect(() => encodeConnect(address)).toThrow(RangeError)
  })
})

describe('a datagram, described', () => {
  it('never shows a token', () => {
    expect(describeClassic(toBytes('HELLO secret'))).toBe('HELLO ****')
    expect(describeClassic(toBytes('HELLO '))).toBe('HELLO')
  })

  it('shows where CONNECT leads, and of data nothing', () => {
    expect(describeClassic(toBytes('CONNECT 192.0.2.1 40000'))).toBe('CONNECT 192.0.2.1 40000')
    expect(describeClassic(toBytes('CONNECT me 1'))).toBe('data')
    expect(describeClassic(toBytes('good morning'))).toBe('data')
    expect(describeClassic(new Uint8Array(0))).toBe('data')
  })

  it('is always one word or an address or data', () => {
    fc.assert(
      fc.property(bytes, (anything) => {
        expect(describeClassic(anything)).toMatch(/^([A-Z !]+|HELLO \*{4}|CONNECT [\d.:a-f]+ \d+|data)$/)
      }),
    )
  })
})
