import { describe, expect, it } from 'vitest'
import { decodeConnect, decodeHello, packetOfConnect, packetOfConnected } from '../../lib/reliable/wire/handshake.ts'
import { isPacket, PACKET_HEADER_BYTES } from '../../lib/reliable/wire/packet.ts'
import { decodeConnectToken, sealConnectToken } from '../../lib/security/connect-token.ts'
import type { ConnectToken } from '../../lib/session/session.ts'
import { noiseSecurity } from '../../lib/security/noise.ts'
import { Random } from '../../lib/simulator/index.ts'
import { cryptography } from '../../lib/node/crypto.ts'
import { clientAddress, Conversation, doorAddress } from '../support/conversation.ts'
import type { ConversationOptions, Passing } from '../support/conversation.ts'
import { toHex } from '../support/packet-description.ts'
import { flipped } from '../support/flipped.ts'

type Changes = Partial<ConversationOptions>

const encoder = new TextEncoder()
const privateKey = new Random(4).bytes(32)
const ticketKey = new Random(5).bytes(32)
const UNIX_MS = 1_800_000_000_000

/** However many come at once, none is left out: limits are not what is shown here. */
const wide = { maxHellosPerSecond: 1e6, maxHellosPerSecondPerAddress: 1e6 }
const cookie: Changes = { limits: { ...wide, retryThreshold: 0 } }
const pinned: Changes = {
  clientSecurity: noiseSecurity(cryptography, { serverKey: cryptography.keyPair(privateKey).publicKey }),
  serverSecurity: noiseSecurity(cryptography, { serverPrivateKey: privateKey }),
}

/** Each way to open a connection, by a seed that makes its connect token another one. */
const openings: readonly (readonly [string, (seed: number) => Changes])[] = [
  ['with the token', () => ({})],
  ['with a cookie', () => cookie],
  ['with a connect token', ticket],
  ['with a connect token, a cookie and a pinned key', (seed) => ({ ...pinned, ...cookie, ...ticket(seed) })],
]

function ticket(seed: number): Changes {
  const random = new Random(seed).fork('ticket')
  const content = { clientId: 'Ada', expiresAtMs: UNIX_MS + 1_000, servers: [doorAddress], userData: random.bytes(5) }
  const sealed = sealConnectToken(cryptography, (length) => random.bytes(length), ticketKey, content)
  const tickets = {
    crypto: cryptography,
    keys: [ticketKey],
    ownAddresses: [doorAddress],
    maxUsedTickets: 10,
    unixMs: () => UNIX_MS,
  }
  return { tickets, connectToken: readToken(sealed) }
}

function readToken(bytes: Uint8Array): ConnectToken {
  const token = decodeConnectToken(bytes)
  if (token === undefined) throw new Error('The token cannot be read.')
  return token
}

function open(changes: Changes): Conversation {
  return new Conversation({ clientSecurity: noiseSecurity(cryptography), limits: wide, ...changes })
}

/** A client connects, both say something, and it leaves. */
function play(changes: Changes): Conversation {
  const conversation = open(changes)
  conversation.run(50)
  say(conversation)
  conversation.run(200)
  conversation.client.close(conversation.now, 7, 'bye')
  // The server lingers for a second, and forgets its client then.
  conversation.run(1_300)
  return conversation
}

function say({ client, server, now }: Conversation): void {
  client.send(now, encoder.encode('a word from here'), 'reliable', 0)
  server?.send(now, encoder.encode('a word from there'), 'reliable', 0)
}

/** What both ends were told and asked, and what was said over the wire by those whose session it is. */
function courseOf({ clientEvents, serverEvents, requests }: Conversation, said: readonly Passing[]): unknown {
  const words = said.map(({ to, bytes }) => `${to} ${toHex(bytes)}`)
  return { clientEvents, serverEvents, requests: requests.length, words }
}

describe.each(openings)('a session under Noise that was opened %s', (_opening, changesOf) => {
  const undisturbed = play(changesOf(1))
  const { clientEvents, serverEvents, passed } = undisturbed
  const course = courseOf(undisturbed, passed)

  it('takes its course', () => {
    expect(undisturbed.heard(serverEvents)).toEqual(['a word from here'])
    expect(undisturbed.heard(clientEvents)).toEqual(['a word from there'])
    expect(clientEvents.at(-1)).toMatchObject({ type: 'closed' })
    expect(serverEvents.at(-1)).toMatchObject({ type: 'closed' })
  })

  it('is not changed by a copy of any datagram with any bit flipped, each of which is counted', () => {
    const said: Passing[] = []
    let [uncounted, forgeries] = [0, 0]
    let isForging = false
    const disturbed = play({
      ...changesOf(1),
      onPassing: ({ to, bytes }, conversation) => {
        // What a forgery is answered with is passed on, but is no part of the session.
        if (isForging) return
        said.push({ to, bytes })
        // What comes for a client that is closed is for nobody.
        if (to === 'client' && conversation.client.state === 'closed') return
        isForging = true
        for (let bit = 0; bit < bytes.length * 8; bit += 1) {
          const before = countersOf(conversation)
          conversation.deliver({ to, bytes: flipped(bytes, bit) })
          if (countersOf(conversation) === before) uncounted += 1
          conversation.passAnswers()
          forgeries += 1
        }
        isForging = false
      },
    })
    expect(courseOf(disturbed, said)).toEqual(course)
    expect(forgeries).toBeGreaterThan(5_000)
    expect(uncounted).toBe(0)
  })

  it('is not changed by all that was said so far, said again in any order', () => {
    const random = new Random(6)
    const said: Passing[] = []
    let isReplaying = false
    const disturbed = play({
      ...changesOf(1),
      onPassing: ({ to, bytes }, conversation) => {
        if (isReplaying) return
        said.push({ to, bytes })
        isReplaying = true
        // The newest is still under way.
        for (const copy of shuffled(conversation.passed.slice(0, -1), random)) {
          conversation.deliver(copy)
          conversation.passAnswers()
        }
        isReplaying = false
      },
    })
    expect(courseOf(disturbed, said)).toEqual(course)
  })

  it.each(['whole', 'packet by packet', 'reordered'] as const)(
    'gives nothing to whoever plays it again when it is over: %s',
    (how) => {
      const conversation = play(changesOf(1))
      const before = conversation.serverEvents.length
      replay(conversation, upwardOf(passed), how)
      expect(conversation.requests.length).toBeLessThanOrEqual(2)
      expect(conversation.serverEvents.slice(before).map(({ type }) => type)).not.toContain('connected')
      expect(conversation.heard(conversation.serverEvents)).toEqual(['a word from here'])
      for (const session of conversation.requests.slice(1)) expect(session.stats.receivedPackets).toBe(0)
    },
  )

  it.each(['whole', 'packet by packet', 'reordered'] as const)(
    'gives nothing to whoever plays it to another server with the same keys: %s',
    (how) => {
      const conversation = open({ ...changesOf(1), seed: 2 })
      // Nobody else dials there.
      conversation.client.close(0, 0, '')
      replay(conversation, upwardOf(passed), how)
      expect(conversation.serverEvents.map(({ type }) => type)).not.toContain('connected')
      for (const session of conversation.requests) expect(session.stats.receivedPackets).toBe(0)
    },
  )

  it('gives nothing to whoever plays the server’s part to a client that dials anew', () => {
    const downward = passed.filter(({ to }) => to === 'client')
    const conversation = open({ ...changesOf(2), seed: 2 })
    const copyAll = (): void => {
      for (const copy of downward) conversation.deliver(copy)
    }
    copyAll()
    conversation.run(5)
    copyAll()
    say(conversation)
    conversation.run(50)
    expect(conversation.heard(conversation.clientEvents)).toEqual(['a word from there'])
    expect(conversation.clientEvents.map(({ type }) => type)).not.toContain('refused')
  })

  it('shows an observer no sealed byte that it shares with another session of the same words', () => {
    const pairs = 20
    // Chance makes a byte equal once in 256 pairs, or in 128 where a public key has its highest bit, which is always 0.
    const limit = 4
    const equal = new Map<string, number>()
    for (let pair = 0; pair < pairs; pair += 1) {
      const [a = [], b = []] = [2 * pair, 2 * pair + 1].map((seed) => {
        const conversation = open({ ...changesOf(seed), seed })
        conversation.run(10)
        say(conversation)
        conversation.run(10)
        return conversation.passed
      })
      expect(a.length).toBeGreaterThanOrEqual(6)
      expect(a.map(({ bytes }) => bytes.length)).toEqual(b.map(({ bytes }) => bytes.length))
      a.forEach(({ bytes }, number) => {
        for (const [start, end] of sealedParts(bytes)) {
          for (let i = start; i < end; i += 1) {
            if (bytes[i] !== b[number]?.bytes[i]) continue
            const place = `${number}:${i}`
            equal.set(place, (equal.get(place) ?? 0) + 1)
          }
        }
      })
    }
    expect([...equal].filter(([, count]) => count > limit)).toEqual([])
  })
})

/** All that counts what came to nothing. */
function countersOf({ client, door, server }: Conversation): number {
  const { droppedMalformed, badTokens, retries, limitedHellos, refused, refusedTickets, suppressedRefusals } =
    door.stats
  const doors = droppedMalformed + badTokens + retries + limitedHellos + refused + refusedTickets + suppressedRefusals
  const ends = [client, server].map((end) => {
    return end === undefined ? 0 : end.stats.droppedMalformed + end.stats.droppedForeign + end.stats.droppedDuplicates
  })
  return doors + (ends[0] ?? 0) + (ends[1] ?? 0)
}

function upwardOf(passed: readonly Passing[]): Passing[] {
  return passed.filter(({ to }) => to !== 'client')
}

/** Plays what was captured: at one go, each with the time for an answer behind it, or in any order, twice. */
function replay(
  conversation: Conversation,
  captured: readonly Passing[],
  how: 'whole' | 'packet by packet' | 'reordered',
): void {
  const random = new Random(7)
  const copies = how === 'reordered' ? shuffled([...captured, ...captured], random) : captured
  for (const copy of copies) {
    conversation.deliver(copy, clientAddress)
    if (how !== 'whole') conversation.run(5)
  }
  conversation.run(50)
  // Once more, for whoever was let in by the copied HELLO meanwhile.
  for (const copy of captured) if (copy.to === 'server') conversation.deliver(copy, clientAddress)
  conversation.run(50)
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  return list
    .map((item) => ({ item, place: random.uniform() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item)
}

/** Version and expiry of a ticket can be read. */
const TICKET_HEAD_BYTES = 9

/** From where to where a datagram is not by design alike in every session: words, versions, ids, lengths, packet headers, padding are. */
function sealedParts(bytes: Uint8Array): (readonly [start: number, end: number])[] {
  if (isPacket(bytes)) return [[PACKET_HEADER_BYTES, bytes.length]]
  const hello = decodeHello(bytes)?.content
  if (hello !== undefined) {
    return [partOf(bytes, hello.message), partOf(bytes, hello.ticket.subarray(TICKET_HEAD_BYTES))]
  }
  const message2 = decodeConnect(bytes)
  if (message2 !== undefined) return [partOf(bytes, message2)]
  const packet = packetOfConnect(bytes) ?? packetOfConnected(bytes)
  return packet === undefined ? [] : [partOf(bytes, packet.subarray(PACKET_HEADER_BYTES))]
}

function partOf(bytes: Uint8Array, part: Uint8Array): readonly [start: number, end: number] {
  const start = part.byteOffset - bytes.byteOffset
  return [start, start + part.length]
}
