import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { plainSecurity, PlainSealer } from '../../lib/security/plain.ts'
import type { Initiator, Responder } from '../../lib/security/security.ts'
import { Random } from '../../lib/simulator/index.ts'
import { flipped } from '../support/flipped.ts'

const encoder = new TextEncoder()
const helloPayload = encoder.encode('hello payload')
const connectPayload = encoder.encode('connect payload')

function createSecurity(token = 'secret', seed = 1) {
  const random = new Random(seed)
  return plainSecurity.create(token, (length) => random.bytes(length))
}

function writeHello(initiator: Initiator, payload = helloPayload): Uint8Array {
  const into = new Uint8Array(200)
  return into.subarray(0, initiator.writeHello(payload, into))
}

function writeConnect(responder: Responder, payload = connectPayload): Uint8Array {
  const into = new Uint8Array(200)
  return into.subarray(0, responder.writeConnect(payload, into))
}

function respond(hello: Uint8Array, token = 'secret', seed = 2): Responder {
  const responder = createSecurity(token, seed).respond(hello)
  if (responder === undefined) throw new Error('The HELLO was not accepted.')
  return responder
}

describe('plainSecurity', () => {
  it('carries a payload each way and leaves both ends with sealers that fit', () => {
    const initiator = createSecurity().initiate()
    const responder = respond(writeHello(initiator))
    const connect = writeConnect(responder)

    expect(responder.payload).toEqual(helloPayload)
    expect(initiator.readConnect(connect)).toEqual(connectPayload)
    const client = initiator.createSealer()
    const server = plainSecurity.createSealer(responder.takeKeys())
    const packet = new Uint8Array(20)
    expect(server.open(0, packet.subarray(0, client.seal(0, packet, 3, 12)), 3)).toBe(12)
    expect(client.open(0, packet.subarray(0, server.seal(0, packet, 3, 12)), 3)).toBe(12)
  })

  it('proves what travels beside it, too', () => {
    const [prologue, other] = [new Uint8Array([1, 2]), new Uint8Array([1, 3])]
    const hello = writeHello(createSecurity().initiate({ prologue }))
    expect(createSecurity().respond(hello, { prologue })).toBeDefined()
    expect(createSecurity().respond(hello, { prologue: other })).toBeUndefined()
    expect(createSecurity().respond(hello)).toBeUndefined()
  })

  it('proves another key in place of the token', () => {
    const [preSharedKey, other] = [new Uint8Array(32).fill(7), new Uint8Array(32).fill(8)]
    const initiator = createSecurity('no token').initiate({ preSharedKey })
    const hello = writeHello(initiator)
    expect(createSecurity().respond(hello)).toBeUndefined()
    expect(createSecurity().respond(hello, { preSharedKey: other })).toBeUndefined()
    const responder = createSecurity('secret', 2).respond(hello, { preSharedKey })
    if (responder === undefined) throw new Error('HELLO was not accepted.')
    expect(initiator.readConnect(writeConnect(responder))).toEqual(connectPayload)
  })

  it('is what its description says, byte by byte', () => {
    const h = (...parts: readonly Uint8Array[]) => {
      const hmac = createHmac('sha256', 'secret')
      for (const part of parts) hmac.update(part)
      return new Uint8Array(hmac.digest()).subarray(0, 16)
    }
    const initiator = createSecurity().initiate()
    const hello = writeHello(initiator)
    const responder = respond(hello)
    const connect = writeConnect(responder)
    initiator.readConnect(connect)

    const nonce1 = hello.subarray(0, 16)
    const proof1 = h(encoder.encode('udpipe 1 plain hello\0'), nonce1, helloPayload, Uint8Array.of(0, 0))
    expect(hello).toEqual(new Uint8Array([...nonce1, ...helloPayload, ...proof1]))
    const nonce2 = connect.subarray(0, 16)
    const proof2 = h(encoder.encode('udpipe 1 plain connect\0'), nonce1, proof1, nonce2, connectPayload)
    expect(connect).toEqual(new Uint8Array([...nonce2, ...connectPayload, ...proof2]))
    const tags = h(encoder.encode('udpipe 1 plain tags\0'), nonce1, proof1, nonce2, proof2)
    // The CRC-32 of "123456789" is cbf43926.
    const crc = [0, 0, 0, 0, 0xcb, 0xf4, 0x39, 0x26]
    const packet = new Uint8Array(17)
    packet.set(encoder.encode('123456789'))
    initiator.createSealer().seal(0, packet, 3, 9)
    expect(packet.subarray(9)).toEqual(tags.subarray(0, 8).map((byte, i) => byte ^ (crc[i] ?? 0)))
    plainSecurity.createSealer(responder.takeKeys()).seal(0, packet, 3, 9)
    expect(packet.subarray(9)).toEqual(tags.subarray(8).map((byte, i) => byte ^ (crc[i] ?? 0)))
  })

  it('does not show the token', () => {
    const hello = writeHello(createSecurity('open sesame').initiate())
    expect(Buffer.from(hello).includes('open sesame')).toBe(false)
  })

  it('takes an empty token and empty payloads', () => {
    const initiator = createSecurity('').initiate()
    const responder = respond(writeHello(initiator, new Uint8Array(0)), '')
    expect(responder.payload).toEqual(new Uint8Array(0))
    expect(initiator.readConnect(writeConnect(responder, new Uint8Array(0)))).toEqual(new Uint8Array(0))
  })

  it('gives each handshake nonces and tags of its own', () => {
    const security = createSecurity()
    const first = writeHello(security.initiate())
    const second = writeHello(security.initiate())
    expect(first.subarray(0, 16)).not.toEqual(second.subarray(0, 16))
    // The same HELLO answered twice, as when it is replayed.
    const packet = new Uint8Array(8)
    const replayed = new Uint8Array(8)
    for (const [bytes, seed] of [
      [packet, 5],
      [replayed, 6],
    ] as const) {
      const responder = respond(first, 'secret', seed)
      writeConnect(responder)
      plainSecurity.createSealer(responder.takeKeys()).seal(0, bytes, 0, 0)
    }
    expect(packet).not.toEqual(replayed)
  })

  it('refuses a HELLO with another token', () => {
    expect(createSecurity('secret').respond(writeHello(createSecurity('Secret').initiate()))).toBeUndefined()
  })

  it('refuses a HELLO or CONNECT in which any one bit differs', () => {
    const initiator = createSecurity().initiate()
    const hello = writeHello(initiator)
    const connect = writeConnect(respond(hello))
    for (let bit = 0; bit < hello.length * 8; bit += 1) {
      expect(createSecurity().respond(flipped(hello, bit))).toBeUndefined()
    }
    for (let bit = 0; bit < connect.length * 8; bit += 1) {
      expect(initiator.readConnect(flipped(connect, bit))).toBeUndefined()
    }
    expect(initiator.readConnect(connect)).toEqual(connectPayload)
  })

  it('refuses the CONNECT that answers another HELLO', () => {
    const initiator = createSecurity('secret', 1).initiate()
    writeHello(initiator)
    const other = writeConnect(respond(writeHello(createSecurity('secret', 9).initiate())))
    expect(initiator.readConnect(other)).toBeUndefined()
  })

  it('refuses messages of every length that is too short', () => {
    const initiator = createSecurity().initiate()
    const hello = writeHello(initiator)
    for (let length = 0; length < hello.length; length += 1) {
      expect(createSecurity().respond(hello.subarray(0, length))).toBeUndefined()
      expect(initiator.readConnect(hello.subarray(0, length))).toBeUndefined()
    }
  })

  it('keeps no view of what it read', () => {
    const hello = writeHello(createSecurity().initiate())
    const responder = respond(hello)
    hello.fill(0)
    expect(responder.payload).toEqual(helloPayload)
  })

  it('hands out the server’s tags as bytes of their own, of which a copy serves as well', () => {
    const initiator = createSecurity().initiate()
    const responder = respond(writeHello(initiator))
    initiator.readConnect(writeConnect(responder))
    const keys = responder.takeKeys()
    expect([keys.send, keys.receive].map(({ length, buffer }) => [length, buffer.byteLength])).toEqual([
      [8, 8],
      [8, 8],
    ])
    const copy = structuredClone(keys)
    const server = plainSecurity.createSealer(copy)
    const packet = new Uint8Array(20)
    expect(server.open(0, packet.subarray(0, initiator.createSealer().seal(0, packet, 3, 12)), 3)).toBe(12)
    expect(copy).toEqual({ send: new Uint8Array(8), receive: new Uint8Array(8) })
  })

  it('throws when a sealer or keys are asked for too early', () => {
    const initiator = createSecurity().initiate()
    expect(() => initiator.createSealer()).toThrow('only after both messages')
    expect(() => respond(writeHello(initiator)).takeKeys()).toThrow('only after both messages')
  })
})

describe('PlainSealer', () => {
  const ours = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8])
  const theirs = new Uint8Array([8, 7, 6, 5, 4, 3, 2, 1])

  it('appends its tag, a checksum in its last half, and leaves the rest as it is', () => {
    const packet = new Uint8Array(17)
    packet.set(encoder.encode('123456789'))
    expect(new PlainSealer(ours, theirs).seal(7, packet, 3, 9)).toBe(17)
    const seal = [1, 2, 3, 4, 5 ^ 0xcb, 6 ^ 0xf4, 7 ^ 0x39, 8 ^ 0x26]
    expect([...packet]).toEqual([...encoder.encode('123456789'), ...seal])
  })

  it('opens what the other side sealed, and nothing of its own', () => {
    const packet = new Uint8Array(20)
    expect(new PlainSealer(theirs, ours).seal(0, packet, 3, 12)).toBe(20)
    expect(new PlainSealer(ours, theirs).open(0, packet, 3)).toBe(12)
    expect(new PlainSealer(theirs, ours).open(0, packet, 3)).toBe(-1)
  })

  it('opens nothing in which any one bit differs, nor what is cut', () => {
    const sealer = new PlainSealer(ours, theirs)
    const packet = new Random(1).bytes(60)
    new PlainSealer(theirs, ours).seal(0, packet, 3, 52)
    for (let bit = 0; bit < packet.length * 8; bit += 1) expect(sealer.open(0, flipped(packet, bit), 3)).toBe(-1)
    for (let length = 0; length < 60; length += 1) expect(sealer.open(0, packet.subarray(0, length), 3)).toBe(-1)
    expect(sealer.open(0, packet, 3)).toBe(52)
  })

  it('does not open what is too short for a header and a tag', () => {
    const sealer = new PlainSealer(ours, theirs)
    expect(sealer.open(0, theirs, 3)).toBe(-1)
    expect(sealer.open(0, new Uint8Array(0), 0)).toBe(-1)
  })
})
