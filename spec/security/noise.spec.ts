import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Cryptography } from '../../lib/security/crypto.ts'
import { wipeKeys } from '../../lib/session/admission.ts'
import { noiseSecurity, type NoiseOptions } from '../../lib/security/noise.ts'
import type { HandshakeBinding, Initiator, Responder, Security } from '../../lib/security/security.ts'
import { Random } from '../../lib/simulator/index.ts'
import { cryptographies } from '../support/cryptographies.ts'
import { goldenSessions, playSession, type GoldenSession } from '../support/noise-sessions.ts'
import { flipped } from '../support/flipped.ts'

const goldenUrl = new URL('../vectors/noise-sessions.json', import.meta.url)

// As for the golden packets: `WRITE_VECTORS=1` writes down what comes out now.
if (process.env['WRITE_VECTORS'] === '1') writeFileSync(goldenUrl, `${JSON.stringify(goldenSessions(), null, 2)}\n`)

const golden = JSON.parse(readFileSync(goldenUrl, 'utf8')) as GoldenSession[]

const encoder = new TextEncoder()
const helloPayload = encoder.encode('hello payload')
const connectPayload = encoder.encode('connect payload')

describe.each(cryptographies)('noiseSecurity by $name', (crypto) => {
  it.each(golden)('says what it has always said: $name', (session) => {
    expect(playSession(crypto, session)).toEqual(session)
  })

  it.each(['without', 'with'])('carries a payload each way and leaves sealers that fit, %s a server key', (which) => {
    const { serverKey, serverPrivateKey } = which === 'with' ? createKeys(crypto) : {}
    const client = createSecurity(crypto, { serverKey }).initiate()
    const server = respond(createSecurity(crypto, { serverPrivateKey }, 2), writeHello(client))
    const message2 = writeConnect(server)

    expect(server.payload).toEqual(helloPayload)
    expect(client.readConnect(message2)).toEqual(connectPayload)
    const [a, b] = [client.createSealer(), noiseSecurity(crypto).createSealer(server.takeKeys())]
    const packet = new Uint8Array(40).fill(7)
    expect(b.open(5, packet.subarray(0, a.seal(5, packet, 3, 20)), 3)).toBe(20)
    expect(a.open(6, packet.subarray(0, b.seal(6, packet, 3, 20)), 3)).toBe(20)
    expect(packet.subarray(0, 20)).toEqual(new Uint8Array(20).fill(7))
  })

  it('says how much longer its messages are than their payloads', () => {
    const security = createSecurity(crypto)
    const client = security.initiate()
    const hello = writeHello(client)
    expect(hello).toHaveLength(helloPayload.length + security.helloOverheadBytes)
    expect(writeConnect(respond(security, hello))).toHaveLength(connectPayload.length + security.connectOverheadBytes)
  })

  it('shows neither token nor payload', () => {
    const hello = Buffer.from(writeHello(createSecurity(crypto, {}, 1, 'open sesame').initiate()))
    expect(hello.includes('open sesame')).toBe(false)
    expect(hello.includes('payload')).toBe(false)
  })

  it('begins each HELLO differently', () => {
    const security = createSecurity(crypto)
    const ids = [1, 2, 3].map(() => Buffer.from(writeHello(security.initiate()).subarray(0, 16)).toString('hex'))
    expect(new Set(ids).size).toBe(3)
  })

  it('answers a wrong token with nothing, before it makes any key', () => {
    const hello = writeHello(createSecurity(crypto, {}, 1, 'wrong').initiate())
    for (const serverPrivateKey of [undefined, new Random(3).bytes(32)]) {
      const idle = withoutExchange(crypto)
      const server = noiseSecurity(idle, { serverPrivateKey }).create('right', () => {
        throw new Error('no randomness is needed here')
      })
      expect(server.respond(hello)).toBeUndefined()
    }
  })

  it('serves clients that pin its key and clients that do not', () => {
    const { serverKey, serverPrivateKey } = createKeys(crypto)
    const server = createSecurity(crypto, { serverPrivateKey }, 2)
    for (const options of [{}, { serverKey }]) {
      const client = createSecurity(crypto, options).initiate()
      expect(client.readConnect(writeConnect(respond(server, writeHello(client))))).toEqual(connectPayload)
    }
  })

  it('tells a client nothing that pins another key, before any exchange of keys', () => {
    const { serverKey } = createKeys(crypto, 11)
    const { serverPrivateKey } = createKeys(crypto, 12)
    const hello = writeHello(createSecurity(crypto, { serverKey }).initiate())
    const idle = withoutExchange(crypto)
    const other = noiseSecurity(idle, { serverPrivateKey }).create('token', () => new Uint8Array(32))
    expect(other.respond(hello)).toBeUndefined()
    expect(createSecurity(crypto, {}, 2).respond(hello)).toBeUndefined()
  })

  it('gives somebody in the middle nothing who knows the token and the public key, but not the private one', () => {
    const { serverKey, serverPrivateKey } = createKeys(crypto)
    const client = createSecurity(crypto, { serverKey }).initiate()
    const hello = writeHello(client)
    // With a key of their own, with none, and with the public key taken for the private one.
    const impostors = [{ serverPrivateKey: new Random(5).bytes(32) }, {}, { serverPrivateKey: serverKey }]
    for (const options of impostors) expect(createSecurity(crypto, options, 2).respond(hello)).toBeUndefined()
    // With a HELLO of their own, in the hope that the client takes its answer.
    const own = createSecurity(crypto, {}, 6).initiate()
    const anonymous = respond(createSecurity(crypto, { serverPrivateKey }, 7), writeHello(own))
    expect(client.readConnect(writeConnect(anonymous))).toBeUndefined()
    const pinned = createSecurity(crypto, { serverKey }, 6).initiate()
    const honest = createSecurity(crypto, { serverPrivateKey }, 7)
    expect(client.readConnect(writeConnect(respond(honest, writeHello(pinned))))).toBeUndefined()
    expect(client.readConnect(writeConnect(respond(honest, hello)))).toEqual(connectPayload)
  })

  it.each(['without', 'with'])('takes no message of which any bit was flipped, %s a server key', (which) => {
    const { serverKey, serverPrivateKey } = which === 'with' ? createKeys(crypto) : {}
    const client = createSecurity(crypto, { serverKey }).initiate()
    const server = createSecurity(crypto, { serverPrivateKey }, 2)
    const hello = writeHello(client)
    for (let bit = 0; bit < hello.length * 8; bit += 1) expect(server.respond(flipped(hello, bit))).toBeUndefined()
    const connect = writeConnect(respond(server, hello))
    for (let bit = 0; bit < connect.length * 8; bit += 5)
      expect(client.readConnect(flipped(connect, bit))).toBeUndefined()
    expect(client.readConnect(connect)).toEqual(connectPayload)
  })

  it('takes no message that is cut or longer', () => {
    const client = createSecurity(crypto).initiate()
    const server = createSecurity(crypto, {}, 2)
    const hello = writeHello(client)
    for (let length = 0; length < hello.length; length += 1) {
      expect(server.respond(hello.subarray(0, length))).toBeUndefined()
    }
    expect(server.respond(Uint8Array.of(...hello, 0))).toBeUndefined()
  })

  it('gives nothing for a handshake that is played again: the server’s new keys are not the old ones', () => {
    const client = createSecurity(crypto).initiate()
    const server = createSecurity(crypto, {}, 2)
    const hello = writeHello(client)
    const first = respond(server, hello)
    client.readConnect(writeConnect(first))
    const packet = new Uint8Array(30)
    const sealed = packet.subarray(0, client.createSealer().seal(0, packet, 3, 10))

    const again = respond(server, hello)
    writeConnect(again)
    const factory = noiseSecurity(crypto)
    expect(factory.createSealer(again.takeKeys()).open(0, sealed.slice(), 3)).toBe(-1)
    expect(factory.createSealer(first.takeKeys()).open(0, sealed, 3)).toBe(10)
  })

  it('hands out the server’s keys as bytes of their own, which a copy of them serves as well, and wipes what it makes a sealer of', () => {
    const client = createSecurity(crypto).initiate()
    const server = respond(createSecurity(crypto, {}, 2), writeHello(client))
    client.readConnect(writeConnect(server))
    const keys = server.takeKeys()
    expect([keys.send, keys.receive].map(({ length, buffer }) => [length, buffer.byteLength])).toEqual([
      [32, 32],
      [32, 32],
    ])
    const copy = structuredClone(keys)
    const security = noiseSecurity(crypto)
    const sealer = security.createSealer(copy)
    const packet = new Uint8Array(40).fill(7)
    expect(sealer.open(5, packet.subarray(0, client.createSealer().seal(5, packet, 3, 20)), 3)).toBe(20)
    const nothing = { send: new Uint8Array(32), receive: new Uint8Array(32) }
    expect(copy).toEqual(nothing)
    wipeKeys(keys)
    expect(keys).toEqual(nothing)
  })

  it('is bound to what travels beside its messages', () => {
    const prologue = encoder.encode('a ticket')
    const client = createSecurity(crypto).initiate({ prologue })
    const hello = writeHello(client)
    const server = createSecurity(crypto, {}, 2)
    for (const other of [undefined, encoder.encode('a tickeT'), encoder.encode('a ticke')]) {
      expect(server.respond(hello, { prologue: other })).toBeUndefined()
    }
    const responder = respond(server, hello, { prologue })
    expect(client.readConnect(writeConnect(responder))).toEqual(connectPayload)
  })

  it('may have a key of its own take the token’s place', () => {
    const binding = { preSharedKey: new Random(9).bytes(32), prologue: encoder.encode('a ticket') }
    const { serverKey, serverPrivateKey } = createKeys(crypto)
    for (const options of [{}, { serverKey }]) {
      const client = createSecurity(crypto, options, 1, 'no token').initiate(binding)
      const hello = writeHello(client)
      const server = createSecurity(crypto, { serverPrivateKey }, 2)
      expect(server.respond(hello)).toBeUndefined()
      expect(client.readConnect(writeConnect(respond(server, hello, binding)))).toEqual(connectPayload)
    }
  })

  it('ends the use of a handshake that is given up', () => {
    const client = createSecurity(crypto).initiate()
    const server = respond(createSecurity(crypto, {}, 2), writeHello(client))
    client.wipe()
    expect(() => client.readConnect(writeConnect(server))).toThrow('wiped')
  })

  it('takes a HELLO as the socket hands it over, and keeps nothing of it', () => {
    const client = createSecurity(crypto).initiate()
    const received = Buffer.from(writeHello(client))
    const responder = respond(createSecurity(crypto, {}, 2), received)
    received.fill(0)
    expect(responder.payload).toEqual(helloPayload)
    expect(client.readConnect(writeConnect(responder))).toEqual(connectPayload)
  })
})

function createSecurity(crypto: Cryptography, options: NoiseOptions = {}, seed = 1, token = 'token'): Security {
  const random = new Random(seed)
  return noiseSecurity(crypto, options).create(token, (length) => random.bytes(length))
}

function createKeys(crypto: Cryptography, seed = 10): { serverKey: Uint8Array; serverPrivateKey: Uint8Array } {
  const serverPrivateKey = new Random(seed).bytes(32)
  return { serverKey: crypto.keyPair(serverPrivateKey).publicKey, serverPrivateKey }
}

/** The same, but for key pairs that cannot be used. */
function withoutExchange(crypto: Cryptography): Cryptography {
  return {
    ...crypto,
    keyPair: (privateKey) => ({
      publicKey: crypto.keyPair(privateKey).publicKey,
      exchange: () => {
        throw new Error('no exchange is needed here')
      },
      wipe: () => undefined,
    }),
  }
}

function writeHello(initiator: Initiator): Uint8Array {
  const into = new Uint8Array(200)
  return into.slice(0, initiator.writeHello(helloPayload, into))
}

function writeConnect(responder: Responder): Uint8Array {
  const into = new Uint8Array(200)
  return into.slice(0, responder.writeConnect(connectPayload, into))
}

function respond(security: Security, hello: Uint8Array, binding?: HandshakeBinding): Responder {
  const responder = security.respond(hello, binding)
  if (responder === undefined) throw new Error('The HELLO was not accepted.')
  return responder
}
