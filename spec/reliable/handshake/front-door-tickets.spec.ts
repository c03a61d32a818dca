import { beforeEach, describe, expect, it } from 'vitest'
import { Dialing } from '../../../lib/reliable/handshake/dialing.ts'
import { ReliableFrontDoor } from '../../../lib/reliable/handshake/front-door.ts'
import { decodeGoAway, decodeHello, decodeRetry, MIN_HELLO_BYTES } from '../../../lib/reliable/wire/handshake.ts'
import { decodeConnectToken, sealConnectToken } from '../../../lib/security/connect-token.ts'
import type { ConnectToken } from '../../../lib/session/session.ts'
import { DEFAULT_FRONT_DOOR_LIMITS, type FrontDoorLimits } from '../../../lib/session/hello-gate.ts'
import type { ConnectionRequest } from '../../../lib/session/front-door.ts'
import { refusalCodes } from '../../../lib/session/codes.ts'
import { Random } from '../../../lib/simulator/index.ts'
import { nodeCryptography as crypto } from '../../../lib/node/node-crypto.ts'
import { securities, type SecurityName } from '../../support/securities.ts'
import { createSettings } from '../../support/settings.ts'

const source = { host: '198.51.100.7', port: 50_000 }
const elsewhere = { host: '203.0.113.9', port: 9 }
const here = { host: '192.0.2.1', port: 1_234 }
const endpoint = { host: '192.0.2.1', port: 40_000 }
const limits = { mtuBytes: 1_200, maxMessageBytes: 1_000 }
const random = new Random(1)
const randomBytes = (length: number): Uint8Array => random.bytes(length)
const key = randomBytes(32)

/** A front door, and what goes in and out of it. */
class Rig {
  readonly door: ReliableFrontDoor
  unixMs = 1_000_000

  constructor(changes: { limits?: Partial<FrontDoorLimits>; takesTickets?: boolean; security?: SecurityName } = {}) {
    const tickets = { crypto, keys: [key], ownAddresses: [here], maxUsedTickets: 100, unixMs: () => this.unixMs }
    this.door = new ReliableFrontDoor(createSettings(), {
      token: 'secret',
      randomBytes,
      security: securities[changes.security ?? 'none'],
      limits: { ...DEFAULT_FRONT_DOOR_LIMITS, ...changes.limits },
      ...(changes.takesTickets === true && { tickets }),
    })
  }

  /** Says a HELLO and returns the answers. */
  hear(hello: Uint8Array, now = 0, from = source): Uint8Array[] {
    this.door.handleDatagram(now, hello.slice(), from)
    return this.answers()
  }

  answers(): Uint8Array[] {
    const list: Uint8Array[] = []
    const into = new Uint8Array(2_000)
    for (let sent = this.door.pollTransmit(0, into); sent; sent = this.door.pollTransmit(0, into)) {
      list.push(into.slice(0, sent.lengthBytes))
    }
    return list
  }

  request(): ConnectionRequest | undefined {
    for (let event = this.door.pollEvent(); event !== undefined; event = this.door.pollEvent()) {
      if (event.type === 'request') return event.request
    }
    return undefined
  }

  admit(now = 0) {
    const request = this.request()
    if (request === undefined) throw new Error('Nobody requests.')
    return this.door.admit(now, request, endpoint)
  }
}

function seal(changes: { key?: Uint8Array; servers?: (typeof here)[]; expiresAtMs?: number } = {}): ConnectToken {
  const content = {
    clientId: 'Ada',
    expiresAtMs: 1_030_000,
    servers: [here],
    userData: new Uint8Array([1, 2]),
    ...changes,
  }
  const token = decodeConnectToken(sealConnectToken(crypto, randomBytes, changes.key ?? key, content))
  if (token === undefined) throw new Error('No token.')
  return token
}

/** A client's attempt with the token, or with a ticket. */
class Caller {
  readonly hello = new Uint8Array(1_200)
  readonly dialing: Dialing

  constructor(secret: string | ConnectToken = 'secret', mtuBytes = 1_200, name: SecurityName = 'none') {
    const security = securities[name].create(typeof secret === 'string' ? secret : '', randomBytes)
    const connectToken = typeof secret === 'string' ? undefined : secret
    const payload = { limits: { ...limits, mtuBytes }, userPayload: new Uint8Array(0) }
    this.dialing = new Dialing(0, security, payload, connectToken)
    this.hello = new Uint8Array(mtuBytes)
    this.dialing.pollTransmit(0, this.hello)
  }

  /** Takes the only answer there is. */
  take([answer = new Uint8Array(0)]: Uint8Array[], now = 50) {
    const taken = this.dialing.handleAnswer(now, answer)
    this.dialing.pollTransmit(now, this.hello)
    return taken
  }
}

describe('a front door under pressure', () => {
  const always = { limits: { retryThreshold: 0 } }

  it('asks for a cookie before it looks at the proof, in fewer bytes than it was asked in, and remembers nothing', () => {
    const rig = new Rig(always)
    const [retry = new Uint8Array(0), ...more] = rig.hear(new Caller('wrong', MIN_HELLO_BYTES).hello)
    expect(decodeRetry(retry)).toBeDefined()
    expect(retry.length).toBeLessThan(64)
    expect(more).toEqual([])
    expect(rig.door.pollEvent()).toBeUndefined()
    expect(rig.door.stats).toMatchObject({ retries: 1, badTokens: 0 })
  })

  it('lets in who brings the cookie back', () => {
    const rig = new Rig(always)
    const caller = new Caller()
    expect(caller.take(rig.hear(caller.hello))).toEqual({ type: 'retry' })
    rig.hear(caller.hello, 80)
    rig.admit(80)
    expect(caller.take(rig.answers())).toMatchObject({ type: 'shown' })
  })

  it('asks again whom the cookie does not prove: from another address, or too late', () => {
    const rig = new Rig(always)
    const caller = new Caller()
    caller.take(rig.hear(caller.hello))
    expect(rig.hear(caller.hello, 80, elsewhere).map((bytes) => decodeRetry(bytes) !== undefined)).toEqual([true])
    expect(rig.hear(caller.hello, 11_000).map((bytes) => decodeRetry(bytes) !== undefined)).toEqual([true])
    expect(rig.request()).toBeUndefined()
  })

  it('asks from the threshold on, and no more once those who were let in have come or gone', () => {
    const rig = new Rig({ limits: { retryThreshold: 2 } })
    const admissions = [1, 2].map((port) => (rig.hear(new Caller().hello, 0, { ...elsewhere, port }), rig.admit()))
    rig.answers()
    expect(rig.hear(new Caller().hello)).toHaveLength(1)
    const [first, second] = admissions
    rig.door.handleEstablished(first?.id ?? '')
    rig.door.forget(second?.id ?? '')
    expect(rig.hear(new Caller().hello, 20)).toHaveLength(0)
    expect(rig.request()).toBeDefined()
  })

  it('answers the HELLO of who was let in again without asking', () => {
    const rig = new Rig({ limits: { retryThreshold: 1 } })
    const caller = new Caller()
    rig.hear(caller.hello)
    rig.admit()
    const [connect] = rig.answers()
    expect(rig.hear(caller.hello, 1)).toEqual([connect])
  })

  it('neither answers nor tells of more wrong tokens than it may, and counts the rest', () => {
    const rig = new Rig({ limits: { maxRefusalsPerSecond: 3 } })
    const answers = Array.from({ length: 10 }, () => rig.hear(new Caller('wrong').hello)).flat()
    let told = 0
    while (rig.door.pollEvent() !== undefined) told += 1
    expect([answers.length, told]).toEqual([3, 3])
    expect(rig.door.stats).toMatchObject({ badTokens: 10, suppressedRefusals: 7 })
  })

  it('drops what is too much of one address, and counts it', () => {
    const rig = new Rig({ limits: { maxHellosPerSecondPerAddress: 2 } })
    for (let i = 0; i < 5; i += 1) rig.hear(new Caller().hello)
    rig.hear(new Caller().hello, 0, elsewhere)
    expect(rig.door.stats).toMatchObject({ receivedHellos: 6, limitedHellos: 3 })
  })

  it('drops a cookie that is none of its own kind as malformed', () => {
    const rig = new Rig()
    const { hello } = new Caller()
    hello[9 + 39 + 1 + 2] = 5
    expect(rig.hear(hello)).toEqual([])
    expect(rig.door.stats).toMatchObject({ droppedMalformed: 1, receivedHellos: 0 })
  })
})

describe.each(['none', 'noise'] as const)('a front door that takes connect tokens, with security %s', (security) => {
  let rig: Rig

  beforeEach(() => {
    rig = new Rig({ takesTickets: true, security })
  })

  function call(secret: string | ConnectToken): Caller {
    return new Caller(secret, 1_200, security)
  }

  function refusalOf(caller: Caller, now = 0) {
    const answer = caller.take(rig.hear(caller.hello, now))
    return answer?.type === 'refused' ? answer.code : answer?.type
  }

  it('lets in who has one, and says who that is', () => {
    const caller = call(seal())
    rig.hear(caller.hello)
    const request = rig.request()
    expect(request?.ticket).toMatchObject({ clientId: 'Ada', userData: new Uint8Array([1, 2]) })
    if (request !== undefined) rig.door.admit(0, request, endpoint)
    expect(caller.take(rig.answers())).toMatchObject({ type: 'shown' })
  })

  it('lets in nobody with the token alone, nor with a ticket of another key, nor with the ticket of another', () => {
    const [mine, other] = [seal(), seal()]
    const callers = [call('secret'), call(seal({ key: randomBytes(32) })), call({ ...mine, psk: other.psk })]
    for (const caller of callers) expect(refusalOf(caller)).toBe(refusalCodes.badToken)
    expect(rig.request()).toBeUndefined()
    expect(rig.door.stats.badTokens).toBe(3)
  })

  it('does not take a ticket that was put into the HELLO of another', () => {
    const [mine, other] = [seal(), seal()]
    const { hello } = call(mine)
    decodeHello(hello)?.content?.ticket.set(other.ticket)
    expect(rig.hear(hello).map((bytes) => decodeGoAway(bytes)?.code)).toEqual([refusalCodes.badToken])
  })

  it('sends away with a ticket that has expired, or is for another server', () => {
    expect(refusalOf(call(seal({ servers: [endpoint] })))).toBe(refusalCodes.tokenForAnotherServer)
    expect(refusalOf(call(seal({ expiresAtMs: 1_000_000 })))).toBe(refusalCodes.expiredToken)
    expect(rig.door.stats).toMatchObject({ refusedTickets: 2, badTokens: 0 })
  })

  it('takes a repeated HELLO for the same use, and another HELLO for a second one once the first has connected', () => {
    const token = seal()
    const first = call(token)
    rig.hear(first.hello)
    const { id } = rig.admit()
    rig.door.handleEstablished(id)
    const [connect] = rig.answers()
    expect(rig.hear(first.hello, 1)).toEqual([connect])
    expect(refusalOf(call(token))).toBe(refusalCodes.usedToken)
    rig.door.forget(id)
    expect(refusalOf(call(token))).toBe(refusalCodes.usedToken)
  })

  it('does not hear the same ticket again while its handshake is half open, and does once that came to nothing', () => {
    const token = seal()
    rig.hear(call(token).hello)
    const { id } = rig.admit()
    rig.answers()
    const again = call(token)
    expect(rig.hear(again.hello)).toEqual([])
    expect(rig.door.stats.limitedHellos).toBe(1)
    rig.door.forget(id)
    rig.hear(again.hello)
    expect(rig.request()).toBeDefined()
  })

  it('takes a ticket again whose client was sent away', () => {
    const token = seal()
    rig.hear(call(token).hello)
    const request = rig.request()
    if (request !== undefined) rig.door.refuse(0, request, refusalCodes.full, 'full')
    rig.answers()
    rig.hear(call(token).hello)
    expect(rig.request()).toBeDefined()
  })

  it('lets one in of two HELLOs with one ticket that arrive together', () => {
    const token = seal()
    rig.door.handleDatagram(0, call(token).hello, source)
    rig.door.handleDatagram(0, call(token).hello, elsewhere)
    expect(rig.request()).toBeDefined()
    expect(rig.request()).toBeUndefined()
  })
})

describe('a front door that takes no connect tokens', () => {
  it('does not let in by one', () => {
    const rig = new Rig()
    const caller = new Caller(seal())
    expect(caller.take(rig.hear(caller.hello))).toMatchObject({ type: 'refused', code: refusalCodes.badToken })
  })
})
