import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  connectedPrefix,
  decodeConnect,
  decodeGoAway,
  decodeHello,
  decodeRetry,
  encodeConnect,
  encodeConnectPrefix,
  encodeGoAway,
  encodeHello,
  encodeRetry,
  helloEcho,
  HELLO_OVERHEAD_BYTES,
  helloId,
  idOfConnect,
  isHello,
  MAX_COOKIE_BYTES,
  MIN_HELLO_BYTES,
  packetOfConnect,
  packetOfConnected,
  setCookie,
} from '../../../lib/reliable/wire/handshake.ts'
import { crc32 } from '../../../lib/security/crc32.ts'
import { Random } from '../../../lib/simulator/index.ts'
import { flipped } from '../../support/flipped.ts'
import { fuzzRuns } from '../../support/fuzz-runs.ts'

const encoder = new TextEncoder()
const id = new Random(4).bytes(16)

function createHello(message: Uint8Array, length = 1_200, ticket = new Uint8Array(0)): Uint8Array {
  const hello = new Uint8Array(length).fill(0xff)
  encodeHello(
    hello,
    1,
    (into) => {
      into.set(message)
      return message.length
    },
    ticket,
  )
  return hello
}

function createConnect(message: Uint8Array): Uint8Array {
  return encodeConnect(message.length + 10, (into) => {
    into.set(message)
    return message.length
  })
}

describe('HELLO', () => {
  it('is the word, a NUL, the version, message 1, the kind of security, the ticket and the cookie, and zeros', () => {
    const message = new Random(1).bytes(20)
    const hello = createHello(message, MIN_HELLO_BYTES, new Uint8Array([7, 8]))
    setCookie(hello, new Uint8Array([9]))
    const head = [...encoder.encode('HELLO\0'), 1, 0, 20, ...message, 1, 0, 2, 7, 8, 1, 9]
    expect([...hello.subarray(0, head.length)]).toEqual(head)
    expect(hello.subarray(head.length).every((byte) => byte === 0)).toBe(true)
  })

  it('comes back out as it went in', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 500 }),
        fc.uint8Array({ maxLength: 500 }),
        fc.uint8Array({ maxLength: MAX_COOKIE_BYTES }),
        fc.integer({ min: 512, max: 1_500 }),
        (message, ticket, cookie, length) => {
          const leastLength = message.length + ticket.length + HELLO_OVERHEAD_BYTES
          const bytes = createHello(message, Math.max(length, leastLength), ticket)
          setCookie(bytes, new Uint8Array(MAX_COOKIE_BYTES).fill(0xff))
          setCookie(bytes, cookie)
          expect(decodeHello(bytes)).toEqual({
            version: 1,
            id: message.subarray(0, 16),
            content: { message, security: 1, ticket, cookie },
          })
        },
      ),
      fuzzRuns(1000),
    )
  })

  it('is told from the classic one by the byte behind its word', () => {
    expect(isHello(createHello(id))).toBe(true)
    expect(isHello(encoder.encode('HELLO secret'))).toBe(false)
    expect(isHello(encoder.encode('HELLO'))).toBe(false)
  })

  it('is dropped when it is shorter than any honest one', () => {
    const hello = createHello(id, MIN_HELLO_BYTES)
    expect(decodeHello(hello)).toBeDefined()
    expect(decodeHello(hello.subarray(0, MIN_HELLO_BYTES - 1))).toBeUndefined()
  })

  it('is dropped when anything but zeros follows the cookie', () => {
    const hello = createHello(id)
    for (const offset of [9 + 16 + 1 + 2 + 1, 600, 1_199]) {
      const changed = hello.slice()
      changed[offset] = 1
      expect(decodeHello(changed)).toBeUndefined()
    }
  })

  it('is dropped when its message is longer than the datagram, or too short for an id', () => {
    const hello = createHello(id)
    for (const length of [0, 15, 1_200 - 10, 1_200 - 8, 0xffff]) {
      const changed = hello.slice()
      new DataView(changed.buffer).setUint16(7, length)
      expect(decodeHello(changed)).toBeUndefined()
    }
  })

  it('is dropped when its ticket or its cookie is longer than the datagram', () => {
    const hello = createHello(id, MIN_HELLO_BYTES)
    for (const length of [512 - 9 - 16 - 1 - 2, 0xffff]) {
      const changed = hello.slice()
      new DataView(changed.buffer).setUint16(9 + 16 + 1, length)
      expect(decodeHello(changed)).toBeUndefined()
    }
    const ticket = createHello(id, MIN_HELLO_BYTES, new Uint8Array(400))
    ticket[9 + 16 + 1 + 2 + 400] = 200
    expect(decodeHello(ticket)).toBeUndefined()
  })

  it('of another version shows its id and nothing more', () => {
    const hello = createHello(id)
    hello[6] = 2
    expect(decodeHello(hello)).toEqual({ version: 2, id, content: undefined })
    expect(helloId(hello)).toEqual(id)
  })
})

describe('RETRY', () => {
  const hello = new Random(3).bytes(MIN_HELLO_BYTES)

  it('is the word, a NUL, the version, the echo of the HELLO and the cookie', () => {
    const cookie = new Uint8Array([5, 6])
    const bytes = encodeRetry(hello, cookie)
    const sum = crc32(hello, hello.length) ^ crc32(cookie, 2)
    expect([...bytes]).toEqual([...encoder.encode('RETRY\0'), 1, ...xorEnd(hello.slice(9, 25), sum), 5, 6])
    expect(decodeRetry(bytes)).toEqual({ echo: helloEcho(hello), cookie })
  })

  it('echoes another HELLO when any bit behind its version is flipped', () => {
    const bytes = encodeRetry(hello, new Random(4).bytes(MAX_COOKIE_BYTES))
    expectOtherEchoes(bytes, 7, (changed) => decodeRetry(changed)?.echo, helloEcho(hello))
  })

  it('is not read in another version, nor without a cookie, nor with one that no HELLO has room for', () => {
    const bytes = encodeRetry(hello, new Uint8Array(MAX_COOKIE_BYTES))
    expect(decodeRetry(bytes)).toBeDefined()
    expect(decodeRetry(encodeRetry(hello, new Uint8Array(0)))).toBeUndefined()
    expect(decodeRetry(encodeRetry(hello, new Uint8Array(MAX_COOKIE_BYTES + 1)))).toBeUndefined()
    bytes[6] = 2
    expect(decodeRetry(bytes)).toBeUndefined()
  })
})

describe('the front door’s CONNECT', () => {
  it('is the word, a NUL, the version, the length of message 2 and message 2', () => {
    expect([...createConnect(new Uint8Array([5, 6, 7]))]).toEqual([...encoder.encode('CONNECT\0'), 1, 0, 3, 5, 6, 7])
  })

  it('comes back out as it went in, and no byte shorter or longer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (message) => {
        const connect = createConnect(message)
        expect(decodeConnect(connect)).toEqual(message)
        expect(decodeConnect(connect.subarray(0, -1))).toBeUndefined()
        expect(decodeConnect(new Uint8Array([...connect, 0]))).toBeUndefined()
      }),
      fuzzRuns(1000),
    )
  })

  it('of another version is not read', () => {
    const connect = createConnect(new Uint8Array(3))
    connect[8] = 2
    expect(decodeConnect(connect)).toBeUndefined()
  })
})

describe('GO AWAY!', () => {
  it('is the word, a NUL, the version, the echo of the HELLO, the flags, the code and the reason', () => {
    const bytes = encodeGoAway(id, 0x0102, 'full')
    const content = [0, 1, 2, ...encoder.encode('full')]
    const echo = xorEnd(id, crc32(Uint8Array.from(content), content.length))
    expect([...bytes]).toEqual([...encoder.encode('GO AWAY!\0'), 1, ...echo, ...content])
    expect(encodeGoAway(id, 0x0102, 'full', true)[26]).toBe(1)
  })

  it('echoes another HELLO when any bit behind its version is flipped', () => {
    expectOtherEchoes(encodeGoAway(id, 3, 'full'), 10, (changed) => decodeGoAway(changed)?.echo, id)
  })

  it('comes back out as it went in', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffff }),
        fc.string({ maxLength: 60 }),
        fc.boolean(),
        (code, reason, isFinal) => {
          expect(decodeGoAway(encodeGoAway(id, code, reason, isFinal))).toEqual({ echo: id, code, reason, isFinal })
        },
      ),
      fuzzRuns(1000),
    )
  })

  it('is read in whichever version it is written', () => {
    const bytes = encodeGoAway(id, 2, 'this server speaks version 2')
    bytes[9] = 2
    expect(decodeGoAway(bytes)?.reason).toBe('this server speaks version 2')
  })

  it('cuts a long reason between two characters', () => {
    const bytes = encodeGoAway(id, 1, `a${'é'.repeat(200)}`)
    expect(decodeGoAway(bytes)?.reason).toBe(`a${'é'.repeat(127)}`)
    expect(decodeGoAway(new Uint8Array([...bytes, 65, 65]))).toBeUndefined()
  })

  it('is never larger than the least HELLO that it answers', () => {
    expect(encodeGoAway(id, 1, 'x'.repeat(1_000)).length).toBeLessThan(MIN_HELLO_BYTES)
  })
})

describe('CONNECT and CONNECTED on the private port', () => {
  const packet = new Uint8Array([0x80, 1, 2, 3])

  const connectPrefix = encodeConnectPrefix(id)

  it('carry a packet behind the word, a NUL and the version, and CONNECT the id of its HELLO', () => {
    expect([...connectPrefix]).toEqual([...encoder.encode('CONNECT\0'), 1, ...id])
    expect([...connectedPrefix]).toEqual([...encoder.encode('CONNECTED\0'), 1])
    expect(packetOfConnect(new Uint8Array([...connectPrefix, ...packet]))).toEqual(packet)
    expect(packetOfConnected(new Uint8Array([...connectedPrefix, ...packet]))).toEqual(packet)
  })

  it('are not taken for each other, nor for the front door’s CONNECT', () => {
    expect(packetOfConnect(new Uint8Array([...connectedPrefix, ...packet]))).toBeUndefined()
    expect(packetOfConnected(new Uint8Array([...connectPrefix, ...packet]))).toBeUndefined()
    expect(packetOfConnect(createConnect(new Uint8Array(40)))).toBeUndefined()
  })

  it('show whose a CONNECT is, before anything is opened', () => {
    const connect = new Uint8Array([...connectPrefix, ...packet])
    expect(idOfConnect(connect)).toEqual(id)
    expect(idOfConnect(connectPrefix)).toBeUndefined()
    expect(idOfConnect(new Uint8Array([...connectedPrefix, ...packet, ...id]))).toBeUndefined()
    connect[8] = 2
    expect(idOfConnect(connect)).toBeUndefined()
  })
})

describe('every decoder', () => {
  it('takes any bytes, behind any word, without throwing', () => {
    const words = ['HELLO\0\x01', 'CONNECT\0\x01', 'CONNECTED\0\x01', 'GO AWAY!\0\x01', 'HELLO\0\x07', '']
    fc.assert(
      fc.property(fc.constantFrom(...words), fc.uint8Array({ maxLength: 1_300 }), (word, tail) => {
        const bytes = new Uint8Array([...encoder.encode(word), ...tail])
        for (const decode of [
          decodeHello,
          decodeConnect,
          decodeGoAway,
          idOfConnect,
          packetOfConnect,
          packetOfConnected,
          isHello,
        ]) {
          expect(() => decode(bytes)).not.toThrow()
        }
      }),
      fuzzRuns(1000),
    )
  })
})

/** Bytes, the last 4 of which are XORed with a checksum. */
function xorEnd(bytes: Uint8Array, checksum: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const view = new DataView(copy.buffer)
  view.setUint32(copy.length - 4, (view.getUint32(copy.length - 4) ^ checksum) >>> 0)
  return copy
}

function expectOtherEchoes(
  datagram: Uint8Array,
  fromOffset: number,
  read: (bytes: Uint8Array) => Uint8Array | undefined,
  echo: Uint8Array,
): void {
  expect(read(datagram)).toEqual(echo)
  for (let bit = fromOffset * 8; bit < datagram.length * 8; bit += 1) {
    const changed = flipped(datagram, bit)
    expect(read(changed)).not.toEqual(echo)
  }
}
