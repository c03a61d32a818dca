import { describe, expect, it } from 'vitest'
import { decodeConnectToken, sealConnectToken } from '../../lib/security/connect-token.ts'
import type { TicketCheckOptions } from '../../lib/security/ticket-check.ts'
import type { Admission, ReliableAdmission, ReturnOffer } from '../../lib/session/admission.ts'
import type { FrontDoorEvent } from '../../lib/session/front-door.ts'
import type { ConnectToken } from '../../lib/session/session.ts'
import { nodeCryptography as crypto } from '../../lib/node/node-crypto.ts'
import { ClassicPair } from '../support/classic-pair.ts'
import { Conversation, doorAddress, type ConversationOptions } from '../support/conversation.ts'
import { couriers, type Carry } from '../support/couriers.ts'
import { Random } from '../../lib/simulator/index.ts'
import { securities } from '../support/securities.ts'

const encoder = new TextEncoder()
const random = new Random(1)
const randomBytes = (length: number): Uint8Array => random.bytes(length)
const key = randomBytes(32)
const nothing = (length: number): Uint8Array => new Uint8Array(length)

/** A carrier that also shows what was told: as it was before it went, and as it arrived. */
function watched(carry: Carry): { carry: Carry; gone: unknown[]; arrived: unknown[] } {
  const gone: unknown[] = []
  const arrived: unknown[] = []
  return {
    gone,
    arrived,
    carry: (told) => {
      gone.push(told)
      const copy = carry(told)
      // Before a session takes the keys.
      arrived.push(structuredClone(copy))
      return copy
    },
  }
}

function createTicket(): { connectToken: ConnectToken; tickets: TicketCheckOptions } {
  const content = { clientId: 'Ada', expiresAtMs: 2_000, servers: [doorAddress], userData: Uint8Array.of(1, 2) }
  const connectToken = decodeConnectToken(sealConnectToken(crypto, randomBytes, key, content))
  if (connectToken === undefined) throw new Error('No token.')
  const tickets = { crypto, keys: [key], ownAddresses: [doorAddress], maxUsedTickets: 10, unixMs: () => 1_000 }
  return { connectToken, tickets }
}

function isAdmission(told: unknown): told is Admission {
  return typeof told === 'object' && told !== null && 'protocol' in told
}

function requireAdmission(told: readonly unknown[]): ReliableAdmission {
  const admission = told.find(isAdmission)
  if (admission?.protocol !== 'reliable') throw new Error('Nobody was let in.')
  return admission
}

function offersIn(told: readonly unknown[]): ReturnOffer[] {
  return (told as FrontDoorEvent[]).flatMap((event) => (event.type === 'returning' ? [event.offer] : []))
}

/** Whether bytes were overwritten, or their memory has moved elsewhere. */
function isWiped(bytes: Uint8Array): boolean {
  return bytes.length === 0 || bytes.every((byte) => byte === 0)
}

/** Every array of bytes in plain data. */
function bytesIn(value: unknown): Uint8Array[] {
  if (value instanceof Uint8Array) return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(bytesIn) : []
}

describe.each(Object.entries(couriers))('a client that is hosted elsewhere, told of by %s', (_name, courier) => {
  describe.each(Object.entries(securities))('in the reliable protocol, with security %s', (_security, security) => {
    function converse(options: Partial<ConversationOptions> = {}) {
      const { carry, gone, arrived } = watched(courier)
      const conversation = new Conversation({ clientSecurity: security, carry, ...options })
      conversation.run(500)
      return { conversation, gone, arrived }
    }

    function say(conversation: Conversation, text: string): void {
      const { client, server, now } = conversation
      expect(client.send(now, encoder.encode(`${text} up`), 'reliable', 0)).toBe('accepted')
      expect(server?.send(now, encoder.encode(`${text} down`), 'reliable', 0)).toBe('accepted')
    }

    it('is served by the session that was made from the copy, and the door hears of its end', () => {
      const { conversation } = converse()
      const { client, door, clientEvents, serverEvents } = conversation
      for (const text of ['a', 'b', 'c'.repeat(5_000)]) say(conversation, text)
      conversation.run(2_000)
      expect(conversation.heard(serverEvents)).toEqual(['a up', 'b up', `${'c'.repeat(5_000)} up`])
      expect(conversation.heard(clientEvents)).toEqual(['a down', 'b down', `${'c'.repeat(5_000)} down`])
      expect(door.remembered).toBeGreaterThan(0)

      client.close(conversation.now, 7, 'bye')
      conversation.run(5_000)
      expect(serverEvents).toContainEqual(expect.objectContaining({ type: 'ended', cause: 'closed-there', code: 7 }))
      expect(door.remembered).toBe(0)
    })

    it('is told of in bytes that have memory of their own, and no keys stay behind', () => {
      const { gone, arrived } = converse()
      const { keys, ...admission } = requireAdmission(arrived)
      const { keys: left, ...rest } = requireAdmission(gone)
      expect(admission).toEqual(rest)
      for (const bytes of bytesIn(rest)) expect(bytes.buffer.byteLength).toBe(bytes.length)
      expect([left.send, left.receive].map(isWiped)).toEqual([true, true])
      expect(keys.send).not.toEqual(nothing(keys.send.length))
      expect(keys.send).not.toEqual(keys.receive)
    })

    it('is who its connect token says, whose secret stays at the door', () => {
      const { connectToken, tickets } = createTicket()
      const { conversation, arrived } = converse({ connectToken, tickets })
      expect(conversation.client.state).toBe('connected')
      const { ticket } = requireAdmission(arrived)
      expect(ticket).toEqual({ clientId: 'Ada', userData: Uint8Array.of(1, 2) })

      conversation.client.close(conversation.now, 0, '')
      conversation.run(5_000)
      expect(conversation.door.remembered).toBe(0)
    })

    it('comes back to a connection that it lost, once and again, and nothing is lost', () => {
      const reconnect = { minDelayMs: 100, maxDelayMs: 100, attempts: Infinity }
      const { conversation, arrived } = converse({ settings: { timeoutMs: 1_500, reconnect } })
      const { client, door, clientEvents, serverEvents } = conversation
      const server = conversation.requests[0]
      for (const text of ['first', 'second']) {
        conversation.isCut = true
        say(conversation, text)
        conversation.run(2_000)
        expect([client.state, server?.state]).not.toContain('connected')
        conversation.isCut = false
        conversation.run(2_000)
        expect([client.state, server?.state]).toEqual(['connected', 'connected'])
      }
      expect(conversation.heard(serverEvents)).toEqual(['first up', 'second up'])
      expect(conversation.heard(clientEvents)).toEqual(['first down', 'second down'])
      expect(conversation.requests).toHaveLength(1)
      expect(door.stats.admitted).toBe(1)
      const offers = offersIn(arrived)
      expect(offers.length).toBeGreaterThanOrEqual(2)
      expect(server?.resumeId).toEqual(offers.at(-1)?.resumeId)

      client.close(conversation.now, 0, '')
      conversation.run(5_000)
      expect(door.remembered).toBe(0)
    })

    it('is nobody to come back to once its connection is being closed', () => {
      const reconnect = { minDelayMs: 100, maxDelayMs: 100, attempts: Infinity }
      const { conversation, arrived } = converse({ settings: { timeoutMs: 1_500, reconnect } })
      conversation.isCut = true
      conversation.run(2_000)
      conversation.server?.close(conversation.now, 0, '')
      conversation.run(10)
      conversation.isCut = false
      conversation.run(2_000)
      expect(offersIn(arrived)).toEqual([])
      expect(conversation.requests).toHaveLength(2)
      expect(conversation.server?.state).toBe('connected')
    })
  })

  it('is served in the classic protocol, and the door hears of its end', () => {
    const { carry, arrived } = watched(courier)
    const pair = new ClassicPair({ carry })
    pair.run(200)
    pair.client.send(pair.now, 'up')
    pair.server.send(pair.now, 'down')
    pair.run(200)
    expect([pair.server.messages, pair.client.messages]).toEqual([['up'], ['down']])
    expect(arrived.find(isAdmission)).toMatchObject({ protocol: 'classic', source: pair.client.address })

    pair.client.session.close(pair.now, 0, '')
    pair.run(5_000)
    expect(pair.isQuiet).toBe(true)
    const request = { payload: nothing(0), hello: encoder.encode('HELLO secret'), source: pair.client.address }
    pair.door.handleDatagram(pair.now, request.hello, request.source)
    expect(pair.door.pollEvent()).toEqual({ type: 'request', request })
  })
})
