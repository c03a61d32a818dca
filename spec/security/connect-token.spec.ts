import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeConnectToken,
  MAX_TICKET_BYTES,
  openTicket,
  parseServer,
  sealConnectToken,
  serverDigest,
  type ConnectTokenContent,
} from '../../lib/security/connect-token.ts'
import { Random } from '../../lib/simulator/index.ts'
import { cryptographies } from '../support/cryptographies.ts'
import { flipped } from '../support/flipped.ts'
import { fuzzRuns } from '../support/fuzz-runs.ts'

const key = new Random(1).bytes(32)
const servers = [
  { host: '192.0.2.1', port: 1_234 },
  { host: '2001:db8::1', port: 65_535 },
]
const content: ConnectTokenContent = {
  clientId: 'Ada ♥',
  expiresAtMs: 1_800_000_000_123,
  servers,
  userData: new Uint8Array([1, 2, 3]),
}

describe.each(cryptographies)('a connect token, by $name', (crypto) => {
  const random = new Random(2)
  const randomBytes = (length: number) => random.bytes(length)

  function seal(changes: Partial<ConnectTokenContent> = {}) {
    const bytes = sealConnectToken(crypto, randomBytes, key, { ...content, ...changes })
    const token = decodeConnectToken(bytes)
    if (token === undefined) throw new Error('The token cannot be read.')
    return { bytes, token }
  }

  it('tells its client where to go, until when, and the secret that the ticket has, too', () => {
    const { token } = seal()
    expect(token).toMatchObject({ expiresAtMs: content.expiresAtMs, servers })
    expect(openTicket(crypto, key, token.ticket)?.psk).toEqual(token.psk)
  })

  it('tells a server who that is', () => {
    expect(openTicket(crypto, key, seal().token.ticket)).toMatchObject({
      clientId: 'Ada ♥',
      userData: new Uint8Array([1, 2, 3]),
      expiresAtMs: content.expiresAtMs,
      servers: servers.map((server) => serverDigest(crypto, server)),
    })
  })

  it('is like no other, though it says the same', () => {
    const [one, other] = [seal(), seal()]
    expect(one.token.psk).not.toEqual(other.token.psk)
    expect(openTicket(crypto, key, one.token.ticket)?.id).not.toBe(openTicket(crypto, key, other.token.ticket)?.id)
  })

  it('hides from its client, and from who sees the ticket, who that is and what the secret is', () => {
    const { token } = seal({ clientId: 'a name to look for', userData: new TextEncoder().encode('data to look for') })
    const ticket = Buffer.from(token.ticket)
    expect(ticket.includes('look for')).toBe(false)
    expect(ticket.includes(Buffer.from(token.psk))).toBe(false)
  })

  it('carries as much as it may', () => {
    const most = {
      clientId: 'x'.repeat(64),
      userData: new Uint8Array(256).fill(7),
      servers: Array(16).fill(servers[1]),
    }
    const { token } = seal(most)
    expect(token.ticket).toHaveLength(MAX_TICKET_BYTES)
    expect(openTicket(crypto, key, token.ticket)).toMatchObject({ clientId: most.clientId, userData: most.userData })
  })

  it('is refused under another key, and with any bit of the ticket flipped', () => {
    const { ticket } = seal().token
    expect(openTicket(crypto, new Random(3).bytes(32), ticket)).toBeUndefined()
    for (let bit = 0; bit < ticket.length * 8; bit += 1) {
      const changed = flipped(ticket, bit)
      expect(openTicket(crypto, key, changed)).toBeUndefined()
    }
  })

  it('is not read when it is cut, or anything else', () => {
    const { bytes, token } = seal()
    for (let length = 0; length < bytes.length - token.ticket.length + 49; length += 1) {
      expect(decodeConnectToken(bytes.subarray(0, length))).toBeUndefined()
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 900 }), (noise) => {
        expect(openTicket(crypto, key, noise)).toBeUndefined()
        decodeConnectToken(noise)
        decodeConnectToken(new Uint8Array([1, ...noise]))
      }),
      fuzzRuns(1000),
    )
  })
})

describe('parseServer', () => {
  it.each([
    ['192.0.2.1:1234', { host: '192.0.2.1', port: 1_234 }],
    ['[2001:DB8:0::1]:1', { host: '2001:db8::1', port: 1 }],
    ['[::ffff:192.0.2.1]:65535', { host: '192.0.2.1', port: 65_535 }],
  ])('reads %s', (text, address) => {
    expect(parseServer(text)).toEqual(address)
  })

  it.each(['', '192.0.2.1', '192.0.2.1:0', '192.0.2.1:65536', '::1:5', '[192.0.2.1]:5', 'localhost:5', '192.0.2.1:1 '])(
    'does not read %j',
    (text) => {
      expect(parseServer(text)).toBeUndefined()
    },
  )
})
