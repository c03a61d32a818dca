import { beforeEach, describe, expect, it } from 'vitest'
import { decodeConnectToken, sealConnectToken, type Ticket } from '../../lib/security/connect-token.ts'
import { TicketCheck } from '../../lib/security/ticket-check.ts'
import { refusalCodes } from '../../lib/session/codes.ts'
import { Random } from '../../lib/simulator/index.ts'
import { nodeCryptography as crypto } from '../../lib/node/node-crypto.ts'

const [newKey, oldKey, otherKey] = [1, 2, 3].map((seed) => new Random(seed).bytes(32)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
]
const here = { host: '192.0.2.1', port: 1_234 }
const elsewhere = { host: '192.0.2.2', port: 1_234 }

describe('TicketCheck', () => {
  const random = new Random(4)
  let unixMs: number
  let check: TicketCheck

  beforeEach(() => {
    unixMs = 1_000_000
    check = createCheck()
  })

  function createCheck(changes: { ownAddresses?: (typeof here)[] | undefined; maxUsedTickets?: number } = {}) {
    const options = { ownAddresses: [here], maxUsedTickets: 100, ...changes }
    return new TicketCheck({ crypto, keys: [newKey, oldKey], unixMs: () => unixMs, ...options })
  }

  function seal(key = newKey, servers = [here]): Uint8Array {
    const content = { clientId: 'Ada', expiresAtMs: 1_030_000, servers, userData: new Uint8Array(0) }
    const token = decodeConnectToken(sealConnectToken(crypto, (length) => random.bytes(length), key, content))
    return token?.ticket ?? new Uint8Array(0)
  }

  function open(...args: Parameters<typeof seal>): Ticket {
    const ticket = check.open(seal(...args))
    if (ticket === undefined) throw new Error('The ticket was not opened.')
    return ticket
  }

  it('opens tickets of the new key and of the one before, and of no other', () => {
    expect(check.open(seal(newKey))?.clientId).toBe('Ada')
    expect(check.open(seal(oldKey))?.clientId).toBe('Ada')
    expect(check.open(seal(otherKey))).toBeUndefined()
    expect(check.open(new Uint8Array(0))).toBeUndefined()
  })

  it('takes each once', () => {
    const ticket = open()
    expect(check.take(ticket)).toBeUndefined()
    expect(check.take(ticket)?.code).toBe(refusalCodes.usedToken)
    check.release(ticket)
    expect(check.take(ticket)).toBeUndefined()
    expect(check.usedCount).toBe(1)
  })

  it('takes none that has expired, to the millisecond', () => {
    unixMs = 1_029_999
    expect(check.take(open())).toBeUndefined()
    unixMs = 1_030_000
    expect(check.take(open())?.code).toBe(refusalCodes.expiredToken)
  })

  it('takes those that name one of its addresses', () => {
    expect(check.take(open(newKey, [elsewhere, here]))).toBeUndefined()
    expect(check.take(open(newKey, [elsewhere]))?.code).toBe(refusalCodes.tokenForAnotherServer)
    expect(check.take(open(newKey, [{ ...here, port: 1 }]))?.code).toBe(refusalCodes.tokenForAnotherServer)
  })

  it('takes those for any where it does not know its own', () => {
    check = createCheck({ ownAddresses: undefined })
    expect(check.take(open(newKey, [elsewhere]))).toBeUndefined()
  })

  it('takes no more than it can remember', () => {
    check = createCheck({ maxUsedTickets: 1 })
    check.take(open())
    expect(check.take(open())?.code).toBe(refusalCodes.full)
  })
})
