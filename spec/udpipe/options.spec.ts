import { UDPipe, type ErrorCode, type UDPipeOptions } from 'udpipe'
import { describe, expect, it } from 'vitest'
import { generateServerKey } from '../../lib/udpipe.ts'
import { parseOptions as parseOptionsOn } from '../../lib/options/parse-options.ts'
import { nodePlatform } from '../../lib/node/platform.ts'
import { monotonicMs } from '../../lib/node/clock.ts'
import { randomBytes } from '../../lib/node/random.ts'

const MiB = 1024 * 1024
const DAY_MS = 86_400_000

/** With these, any other time may be as short or as long as its own limits say. */
const shortTimes = { pingIntervalMs: 10, stallTimeoutMs: 20, timeoutMs: 50 }

type Name = keyof UDPipeOptions

function parseOptions(options: UDPipeOptions): ReturnType<typeof parseOptionsOn> {
  return parseOptionsOn(options, nodePlatform)
}

const wholeNumbers: readonly (readonly [name: Name, fallback: number, min: number, max: number])[] = [
  ['port', 0, 0, 65_535],
  ['maxClients', 1_024, 1, 65_535],
  ['maxMessageBytes', 16 * MiB, 1, 256 * MiB],
  ['maxQueuedMessages', 8_192, 1, 1_000_000],
  ['maxQueuedBytes', 4 * MiB, 1, 1_024 * MiB],
  ['mtuBytes', 1_200, 512, 65_507],
  ['receiveBufferBytes', 4 * MiB, 1_024, 1_024 * MiB],
]

const times: readonly (readonly [name: Name, fallback: number, min: number, max: number])[] = [
  ['timeoutMs', 10_000, 50, DAY_MS],
  ['stallTimeoutMs', 1_000, 20, DAY_MS],
  ['handshakeTimeoutMs', 5_000, 50, 600_000],
]

describe.each(wholeNumbers)('the option %s', (name, fallback, min, max) => {
  it(`is ${fallback} by default`, () => {
    expect(parseOptions({})[name]).toBe(fallback)
    expect(parseOptions({ [name]: undefined })[name]).toBe(fallback)
  })

  it.each([min, max])('may be %d', (value) => {
    expect(parseOptions({ [name]: value })[name]).toBe(value)
  })

  it.each([min - 1, max + 1, min + 0.5, NaN, Infinity, String(min), null, true, [min]])('may not be %s', (value) => {
    expect(() => parseOptions({ [name]: value })).toThrow(withCode('ERR_OPTION_INVALID'))
  })
})

describe.each(times)('the option %s', (name, fallback, min, max) => {
  it(`is ${fallback} ms by default`, () => {
    expect(parseOptions({})[name]).toBe(fallback)
  })

  it.each([min, min + 0.5, max])('may be %d', (value) => {
    expect(parseOptions({ ...shortTimes, [name]: value })[name]).toBe(value)
  })

  it.each([min - 0.1, max + 1, NaN, Infinity, String(min), null])('may not be %s', (value) => {
    expect(() => parseOptions({ ...shortTimes, [name]: value })).toThrow(withCode('ERR_OPTION_INVALID'))
  })
})

describe('the option pingIntervalMs', () => {
  it('is 500 ms by default', () => {
    expect(parseOptions({}).pingIntervalMs).toBe(500)
  })

  it.each([10, 999])('may be %d', (pingIntervalMs) => {
    expect(parseOptions({ pingIntervalMs }).pingIntervalMs).toBe(pingIntervalMs)
  })

  it.each([9, DAY_MS + 1, NaN, '100'])('may not be %s', (value) => {
    expect(() => parseOptions({ pingIntervalMs: value as never })).toThrow(withCode('ERR_OPTION_INVALID'))
  })

  it('is less than stallTimeoutMs and timeoutMs, or an idle connection would end unasked', () => {
    expect(() => parseOptions({ pingIntervalMs: 1_000 })).toThrow(withCode('ERR_OPTION_INVALID'))
    expect(() => parseOptions({ stallTimeoutMs: 500 })).toThrow(withCode('ERR_OPTION_INVALID'))
    expect(() => parseOptions({ timeoutMs: 500 })).toThrow(withCode('ERR_OPTION_INVALID'))
  })
})

describe('the option token', () => {
  it('is empty by default', () => {
    expect(parseOptions({}).token).toBe('')
  })

  it('may be a word', () => {
    expect(parseOptions({ token: 'swordfish' }).token).toBe('swordfish')
  })

  it.each(['two words', 42])('may not be %s', (token) => {
    expect(() => parseOptions({ token: token as string })).toThrow(withCode('ERR_TOKEN_INVALID'))
  })
})

describe('the option host', () => {
  it('is left to start and connect by default', () => {
    expect(parseOptions({}).host).toBeUndefined()
  })

  it.each(['', 42, null])('may not be %s', (host) => {
    expect(() => parseOptions({ host: host as string })).toThrow(withCode('ERR_OPTION_INVALID'))
  })
})

describe('the options protocol and protocols', () => {
  it('are reliable by default', () => {
    expect(parseOptions({})).toMatchObject({ protocol: 'reliable', protocols: ['reliable'] })
  })

  it.each([{ protocol: 'tcp' }, { protocol: 1 }, { protocols: [] }, { protocols: 'classic' }, { protocols: ['tcp'] }])(
    'may not be %o',
    (options) => {
      expect(() => parseOptions(options as UDPipeOptions)).toThrow(withCode('ERR_OPTION_INVALID'))
    },
  )

  it('may be classic, and both for a server', () => {
    const options = { protocol: 'classic', protocols: ['reliable', 'classic'] } as const

    expect(parseOptions(options)).toMatchObject(options)
  })
})

describe('the option security', () => {
  it('is noise by default', () => {
    expect(parseOptions({}).security).toBe('noise')
    expect(parseOptions({ security: 'none' }).security).toBe('none')
  })

  it('is not anything else', () => {
    expect(() => parseOptions({ security: 'tls' as never })).toThrow(withCode('ERR_OPTION_INVALID'))
  })

  it('lets nobody believe that the classic protocol encrypts', () => {
    const { publicKey } = generateServerKey()
    expect(parseOptions({ protocol: 'classic' }).protocol).toBe('classic')
    expect(parseOptions({ protocols: ['reliable', 'classic'], security: 'noise' }).security).toBe('noise')
    for (const options of [{ protocol: 'classic' as const }, { protocols: ['classic' as const] }]) {
      expect(() => parseOptions({ ...options, security: 'noise' })).toThrow(withCode('ERR_UNSUPPORTED'))
      expect(() => parseOptions({ ...options, serverKey: publicKey })).toThrow(withCode('ERR_UNSUPPORTED'))
    }
  })
})

describe('the keys of a server', () => {
  it('are 32 bytes, or those in base64url', () => {
    const { publicKey, privateKey } = generateServerKey()
    const parsed = parseOptions({ serverKey: publicKey, serverPrivateKey: privateKey })
    expect(Buffer.from(parsed.serverKey ?? []).toString('base64url')).toBe(publicKey)
    expect(Buffer.from(parsed.serverPrivateKey ?? []).toString('base64url')).toBe(privateKey)
    expect(parseOptions({ serverKey: new Uint8Array(32).fill(3) }).serverKey).toEqual(new Uint8Array(32).fill(3))
  })

  it('are never the same twice', () => {
    expect(generateServerKey().privateKey).not.toBe(generateServerKey().privateKey)
  })

  it.each(['', 'short', `${'A'.repeat(43)}=`, 'A'.repeat(44), `${'A'.repeat(42)}B`, new Uint8Array(31), 7])(
    'are not %o, and an error does not show what was given',
    (key) => {
      const attempt = () => parseOptions({ serverPrivateKey: key as string })
      expect(attempt).toThrow(withCode('ERR_OPTION_INVALID'))
      expect(attempt).toThrow(/^serverPrivateKey must be 32 bytes, or these in base64url \(43 characters\)\.$/)
    },
  )

  it('mean nothing where nothing is encrypted', () => {
    const { publicKey, privateKey } = generateServerKey()
    expect(() => parseOptions({ security: 'none', serverKey: publicKey })).toThrow(withCode('ERR_OPTION_INVALID'))
    expect(() => parseOptions({ security: 'none', serverPrivateKey: privateKey })).toThrow(
      withCode('ERR_OPTION_INVALID'),
    )
  })
})

describe('the option reconnect', () => {
  it('is from 250 ms to 8 s, for ever, by default', () => {
    const always = { minDelayMs: 250, maxDelayMs: 8_000, attempts: Infinity }

    expect(parseOptions({}).reconnect).toEqual(always)
    expect(parseOptions({ reconnect: true }).reconnect).toEqual(always)
    expect(parseOptions({ reconnect: {} }).reconnect).toEqual(always)
  })

  it('may be off, or changed in part', () => {
    expect(parseOptions({ reconnect: false }).reconnect).toBe(false)
    expect(parseOptions({ reconnect: { attempts: 3 } }).reconnect).toEqual({
      minDelayMs: 250,
      maxDelayMs: 8_000,
      attempts: 3,
    })
  })

  it.each([
    { minDelayMs: 0 },
    { maxDelayMs: DAY_MS + 1 },
    { attempts: 0 },
    { attempts: '3' },
    { minDelayMs: 9_000 },
    { minDelayMs: 300, maxDelayMs: 200 },
    'yes',
    1,
    null,
  ])('may not be %o', (reconnect) => {
    expect(() => parseOptions({ reconnect: reconnect as never })).toThrow(withCode('ERR_OPTION_INVALID'))
  })

  it('knows no other names', () => {
    expect(() => parseOptions({ reconnect: { retries: 3 } as never })).toThrow(withCode('ERR_OPTION_UNKNOWN'))
  })
})

describe('the option privatePorts', () => {
  it('is any free port by default', () => {
    expect(parseOptions({}).privatePorts).toBeUndefined()
  })

  it.each([
    { min: 1, max: 65_535 },
    { min: 40_000, max: 40_000 },
  ])('may be %o', (privatePorts) => {
    expect(parseOptions({ privatePorts }).privatePorts).toEqual(privatePorts)
  })

  it.each([
    { min: 0, max: 5 },
    { min: 5, max: 4 },
    { min: 1, max: 65_536 },
    { min: 1 },
    { max: 1 },
    {},
    40_000,
    'any',
    null,
  ])('may not be %o', (privatePorts) => {
    expect(() => parseOptions({ privatePorts: privatePorts as never })).toThrow(withCode('ERR_OPTION_INVALID'))
  })

  it('may be shared, which is none of them', () => {
    expect(parseOptions({ privatePorts: 'shared' }).privatePorts).toBe('shared')
  })
})

describe('the option advertisedHost', () => {
  it('is the bound address by default', () => {
    expect(parseOptions({}).advertisedHost).toEqual([])
  })

  it.each(['203.0.113.7', '2001:db8::7', '0.0.0.0'])('may be %s', (advertisedHost) => {
    expect(parseOptions({ advertisedHost }).advertisedHost).toEqual([advertisedHost])
  })

  it.each(['example.com', '', 42, '1.2.3'])('may not be %s', (advertisedHost) => {
    expect(() => parseOptions({ advertisedHost: advertisedHost as string })).toThrow(withCode('ERR_OPTION_INVALID'))
  })

  it('may be one of each family, and no more', () => {
    const both = ['203.0.113.7', '2001:db8::7']
    expect(parseOptions({ advertisedHost: both }).advertisedHost).toEqual(both)
    for (const wrong of [
      ['203.0.113.7', '::ffff:203.0.113.8'],
      ['2001:db8::7', '2001:db8::8'],
      [...both, '203.0.113.8'],
    ]) {
      expect(() => parseOptions({ advertisedHost: wrong })).toThrow(withCode('ERR_OPTION_INVALID'))
    }
  })

  it('has no zone, which CONNECT cannot name', () => {
    expect(() => parseOptions({ advertisedHost: 'fe80::1%eth0' })).toThrow(withCode('ERR_OPTION_INVALID'))
  })
})

describe('the option channels', () => {
  it('is empty by default', () => {
    expect(parseOptions({}).channels).toEqual({})
  })

  it('names a delivery for each channel, and maybe a priority', () => {
    const channels = { 0: { delivery: 'unreliable' }, 255: { delivery: 'latest', priority: 3 } } as const

    expect(parseOptions({ channels }).channels).toEqual({
      0: { delivery: 'unreliable', priority: 1 },
      255: { delivery: 'latest', priority: 3 },
    })
  })

  it.each([
    { 256: { delivery: 'reliable' } },
    { '-1': { delivery: 'reliable' } },
    { chat: { delivery: 'reliable' } },
    { 0: { delivery: 'fast' } },
    { 0: {} },
    { 0: 'reliable' },
    { 0: { delivery: 'reliable', priority: 4 } },
    'reliable',
    null,
  ])('may not be %o', (channels) => {
    expect(() => parseOptions({ channels: channels as never })).toThrow(withCode('ERR_OPTION_INVALID'))
  })

  it('knows no other names', () => {
    const channels = { 0: { delivery: 'reliable', urgent: true } }

    expect(() => parseOptions({ channels: channels as never })).toThrow(withCode('ERR_OPTION_UNKNOWN'))
  })
})

describe('the option redundancy', () => {
  it('is auto by default', () => {
    expect(parseOptions({}).redundancy).toBe('auto')
  })

  it.each(['off', 0, 16] as const)('may be %s', (redundancy) => {
    expect(parseOptions({ redundancy }).redundancy).toBe(redundancy)
  })

  it.each([-1, 17, 1.5, 'on', null])('may not be %s', (redundancy) => {
    expect(() => parseOptions({ redundancy: redundancy as never })).toThrow(withCode('ERR_OPTION_INVALID'))
  })
})

describe('the options logger and debug', () => {
  it('are none and off by default', () => {
    expect(parseOptions({})).toMatchObject({ logger: undefined, debug: false })
  })

  it('may be the console, and on', () => {
    expect(parseOptions({ logger: console, debug: true })).toMatchObject({ logger: console, debug: true })
  })

  it.each([{ logger: {} }, { logger: () => {} }, { logger: null }, { debug: 'yes' }, { debug: 1 }])(
    'may not be %o',
    (options) => {
      expect(() => parseOptions(options as never)).toThrow(withCode('ERR_OPTION_INVALID'))
    },
  )
})

describe('the options clock and random', () => {
  it('are the real ones by default', () => {
    expect(parseOptions({})).toMatchObject({ clock: monotonicMs, random: randomBytes })
  })

  it.each([{ clock: 0 }, { random: 4 }])('may not be %o', (options) => {
    expect(() => parseOptions(options as never)).toThrow(withCode('ERR_OPTION_INVALID'))
  })
})

describe('options', () => {
  it('are frozen, and so is what is in them', () => {
    const parsed = parseOptions({
      privatePorts: { min: 1, max: 2 },
      reconnect: { attempts: 1 },
      channels: { 0: { delivery: 'latest' } },
    })

    expect(Object.isFrozen(parsed)).toBe(true)
    for (const value of [
      parsed.privatePorts,
      parsed.reconnect,
      parsed.channels,
      parsed.channels[0],
      parsed.protocols,
    ]) {
      expect(Object.isFrozen(value)).toBe(true)
    }
  })

  it('do not change when their object does', () => {
    const privatePorts = { min: 1, max: 2 }
    const parsed = parseOptions({ privatePorts })

    privatePorts.max = 3

    expect(parsed.privatePorts).toEqual({ min: 1, max: 2 })
  })

  it.each([
    ['timeout', 'timeoutMs'],
    ['maxclients', 'maxClients'],
    ['mtu', 'mtuBytes'],
    ['handshakeTimeout', 'handshakeTimeoutMs'],
    ['tokens', 'token'],
    ['HOST', 'host'],
  ])('with an unknown name are refused, with what was probably meant: %s', (given, meant) => {
    expect(() => new UDPipe({ [given]: 1 })).toThrow(withCode('ERR_OPTION_UNKNOWN'))
    expect(() => new UDPipe({ [given]: 1 })).toThrow(`There is no option '${given}'; did you mean '${meant}'?`)
  })

  it('with a name like no other are refused with all there are', () => {
    expect(() => new UDPipe({ quux: 1 } as never)).toThrow(/the options are port, host, token, .*random\.$/)
  })

  it.each(['constructor', 'toString', 'hasOwnProperty'])('are not what every object has: %s', (name) => {
    expect(() => new UDPipe({ [name]: 1 })).toThrow(withCode('ERR_OPTION_UNKNOWN'))
  })

  it('say what they must be and what they were', () => {
    expect(() => new UDPipe({ maxClients: 0 })).toThrow('maxClients must be a whole number from 1 to 65535; it was 0.')
    expect(() => new UDPipe({ privatePorts: { min: 1 } as never })).toThrow(
      'privatePorts.max must be a whole number from 1 to 65535; it was undefined.',
    )
  })
})

function withCode(code: ErrorCode): unknown {
  return expect.objectContaining({ name: 'UDPipeError', code })
}
