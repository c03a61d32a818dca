import { beforeEach, describe, expect, it } from 'vitest'
import { Dialing, requireRoom } from '../../../lib/reliable/handshake/dialing.ts'
import {
  decodeHello,
  encodeConnect,
  encodeGoAway,
  encodeRetry,
  HELLO_OVERHEAD_BYTES,
  helloEcho,
  helloId,
} from '../../../lib/reliable/wire/handshake.ts'
import {
  encodeConnectPayload,
  HELLO_PAYLOAD_OVERHEAD_BYTES,
  MAX_HELLO_PAYLOAD_BYTES,
} from '../../../lib/reliable/wire/handshake-payload.ts'
import { plainSecurity } from '../../../lib/security/plain.ts'
import type { Security } from '../../../lib/security/security.ts'
import { Random } from '../../../lib/simulator/index.ts'
import { flipped } from '../../support/flipped.ts'

const limits = { mtuBytes: 1_200, maxMessageBytes: 1_000 }
const endpoint = { host: '192.0.2.1', port: 40_000 }

describe('Dialing', () => {
  let security: Security

  beforeEach(() => {
    const random = new Random(1)
    security = plainSecurity.create('secret', (length) => random.bytes(length))
  })

  function dial(now = 0): Dialing {
    return new Dialing(now, security, { limits, userPayload: new Uint8Array(0) })
  }

  function say(dialing: Dialing, now: number): Uint8Array {
    const into = new Uint8Array(2_000)
    return into.subarray(0, dialing.pollTransmit(now, into))
  }

  /** The answer of a front door that knows the token. */
  function answer(
    hello: Uint8Array,
    connectPayload = encodeConnectPayload({ limits, isResumed: false, resumeId: undefined, endpoint }),
  ): Uint8Array {
    const length = new DataView(hello.buffer).getUint16(7)
    const responder = security.respond(hello.subarray(9, 9 + length))
    if (responder === undefined) throw new Error('The HELLO was not accepted.')
    return encodeConnect(200, (into) => responder.writeConnect(connectPayload, into))
  }

  it('says HELLO as large as a datagram may be, and again until it is answered, byte by byte the same', () => {
    const dialing = dial(1_000)
    const said: number[] = []
    const first = say(dialing, 1_000).slice()
    expect(first.length).toBe(1_200)
    for (let i = 0; i < 6; i += 1) {
      said.push(dialing.dueAt - 1_000)
      expect(say(dialing, dialing.dueAt - 1)).toHaveLength(0)
      expect(say(dialing, dialing.dueAt)).toEqual(first)
    }
    expect(said).toEqual([200, 500, 950, 1625, 2625, 3625])
  })

  it('has a HELLO of its own', () => {
    expect(helloId(say(dial(), 0))).not.toEqual(helloId(say(dial(), 0)))
  })

  it('learns the private port, and how long the answer took', () => {
    const dialing = dial()
    const connect = answer(say(dialing, 10))
    expect(dialing.handleAnswer(72, connect)).toMatchObject({ type: 'shown', payload: { limits, endpoint }, rttMs: 62 })
  })

  it('says the same HELLO at once in another attempt, and measures nothing then', () => {
    const dialing = dial()
    const first = say(dialing, 0).slice()
    dialing.sayAgain(5_000)
    expect(say(dialing, 5_000)).toEqual(first)
    expect(dialing.dueAt).toBe(5_200)
    expect(dialing.handleAnswer(5_100, answer(first))).toMatchObject({ type: 'shown', rttMs: NaN })
  })

  it('may be said for half a minute', () => {
    const dialing = dial(1_000)
    expect(dialing.mayBeSaidAgain(30_999)).toBe(true)
    expect(dialing.mayBeSaidAgain(31_000)).toBe(false)
  })

  it('measures nothing when HELLO was said more than once', () => {
    const dialing = dial()
    say(dialing, 0)
    const connect = answer(say(dialing, 200))
    expect(dialing.handleAnswer(250, connect)).toMatchObject({ type: 'shown', rttMs: NaN })
  })

  it('believes a refusal that echoes its HELLO, and no other', () => {
    const dialing = dial()
    const hello = say(dialing, 0).slice()
    const changed = hello.slice()
    changed[700] = 1
    expect(dialing.handleAnswer(50, encodeGoAway(helloEcho(changed), 1, 'bad token'))).toBeUndefined()
    expect(dialing.handleAnswer(50, encodeGoAway(helloId(hello), 3, 'full'))).toBeUndefined()
    expect(dialing.handleAnswer(50, encodeGoAway(new Random(2).bytes(16), 3, 'full'))).toBeUndefined()
    expect(dialing.handleAnswer(50, encodeGoAway(helloEcho(hello), 3, 'full'))).toEqual({
      type: 'refused',
      code: 3,
      reason: 'full',
      isFinal: false,
    })
  })

  it('takes no answer that does not prove the token, is meant for another, or is not well formed', () => {
    const dialing = dial()
    const hello = say(dialing, 0).slice()
    const other = say(dial(), 0)
    const forged = answer(hello)
    forged[40] = (forged[40] ?? 0) ^ 1
    const malformed = answer(hello, new Uint8Array(9))
    for (const bytes of [forged, answer(other), malformed, hello, new Uint8Array(0)]) {
      expect(dialing.handleAnswer(50, bytes)).toBeUndefined()
    }
    expect(dialing.handleAnswer(60, answer(hello))).toMatchObject({ type: 'shown' })
  })
})

describe('Dialing, when it is asked to prove its address', () => {
  const random = new Random(1)
  const security = plainSecurity.create('secret', (length) => random.bytes(length))
  const cookies = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((byte) => new Uint8Array(18).fill(byte))

  function dial() {
    const dialing = new Dialing(0, security, { limits, userPayload: new Uint8Array(0) })
    const hello = new Uint8Array(1_200)
    const say = (now: number): number => dialing.pollTransmit(now, hello)
    say(0)
    return { dialing, hello, say }
  }

  it('says the same HELLO with the cookie at once, and repeats that', () => {
    const { dialing, hello, say } = dial()
    const first = decodeHello(hello.slice())
    expect(dialing.handleAnswer(50, encodeRetry(hello, cookies[0] ?? hello))).toEqual({ type: 'retry' })
    expect(say(50)).toBe(1_200)
    expect(decodeHello(hello)).toEqual({ ...first, content: { ...first?.content, cookie: cookies[0] } })
    expect(say(249)).toBe(0)
    expect(say(250)).toBe(1_200)
  })

  it('does so once for each cookie, and not without end', () => {
    const { dialing, hello, say } = dial()
    const said = cookies
      .flatMap((cookie) => [cookie, cookie])
      .filter((cookie) => {
        dialing.handleAnswer(50, encodeRetry(hello, cookie))
        return say(50) > 0
      })
    expect(said).toEqual(cookies.slice(0, 8))
  })

  it('does not mind who has not seen its HELLO', () => {
    const { dialing, hello, say } = dial()
    const guess = hello.slice()
    guess.set(new Random(9).bytes(16), 9)
    expect(dialing.handleAnswer(50, encodeRetry(guess, cookies[0] ?? hello))).toBeUndefined()
    expect(say(50)).toBe(0)
  })

  it('takes no cookie that was changed on its way, nor one for a HELLO that was, nor one for the HELLO of before', () => {
    const { dialing, hello, say } = dial()
    const changed = hello.slice()
    changed[700] = 1
    const former = hello.slice()
    const [first = hello, second = hello] = cookies
    const retry = encodeRetry(hello, first)
    for (let bit = 0; bit < retry.length * 8; bit += 1) {
      const broken = flipped(retry, bit)
      expect(dialing.handleAnswer(50, broken)).toBeUndefined()
    }
    expect(dialing.handleAnswer(50, encodeRetry(changed, first))).toBeUndefined()
    expect(dialing.handleAnswer(50, retry)).toEqual({ type: 'retry' })
    say(50)
    expect(dialing.handleAnswer(60, encodeRetry(former, second))).toBeUndefined()
    expect(say(60)).toBe(0)
  })

  it('believes a refusal of the HELLO with the cookie, and of the one before it', () => {
    for (const isFormer of [false, true]) {
      const { dialing, hello, say } = dial()
      const id = helloId(hello).slice()
      const former = helloEcho(hello)
      dialing.handleAnswer(50, encodeRetry(hello, cookies[0] ?? hello))
      say(50)
      const echo = isFormer ? former : helloEcho(hello)
      expect(dialing.handleAnswer(90, encodeGoAway(id, 3, 'full'))).toBeUndefined()
      expect(dialing.handleAnswer(90, encodeGoAway(echo, 3, 'full'))).toMatchObject({ type: 'refused', code: 3 })
    }
  })

  it('measures the round trip from the HELLO with the cookie', () => {
    const { dialing, hello, say } = dial()
    dialing.handleAnswer(50, encodeRetry(hello, cookies[0] ?? hello))
    say(50)
    const responder = security.respond(decodeHello(hello)?.content?.message ?? hello)
    const payload = encodeConnectPayload({ limits, isResumed: false, resumeId: undefined, endpoint })
    const connect = encodeConnect(200, (into) => responder?.writeConnect(payload, into) ?? 0)
    expect(dialing.handleAnswer(92, connect)).toMatchObject({ type: 'shown', rttMs: 42 })
  })
})

describe('requireRoom', () => {
  const random = new Random(1)
  const security = plainSecurity.create('', (length) => random.bytes(length))

  it('lets the longest payload into a HELLO of the usual size', () => {
    expect(() => requireRoom(MAX_HELLO_PAYLOAD_BYTES, 1_200, security)).not.toThrow()
    expect(() => requireRoom(MAX_HELLO_PAYLOAD_BYTES + 1, 1_200, security)).toThrow('at most 512 bytes')
  })

  it('allows as much as fits where a HELLO is smaller', () => {
    const overhead = HELLO_OVERHEAD_BYTES + security.helloOverheadBytes + HELLO_PAYLOAD_OVERHEAD_BYTES
    expect(() => requireRoom(512 - overhead, 512, security)).not.toThrow()
    expect(() => requireRoom(512 - overhead + 1, 512, security)).toThrow(`at most ${512 - overhead} bytes`)
  })

  it('leaves room for a ticket', () => {
    expect(() => requireRoom(0, 1_200, security, 1_000)).not.toThrow()
    expect(() => requireRoom(200, 1_200, security, 1_000)).toThrow('at most')
  })

  it('does not allow a HELLO that every front door would drop', () => {
    expect(() => requireRoom(0, 511, security)).toThrow('mtuBytes is at least 512')
  })
})
