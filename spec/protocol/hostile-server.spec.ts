import { beforeEach, describe, expect, it } from 'vitest'
import { ReliableClient } from '../../lib/protocol/client.ts'
import { DeliveryCode } from '../../lib/protocol/frame.ts'
import { decodeHello, encodeConnect } from '../../lib/protocol/handshake.ts'
import { encodeConnectPayload } from '../../lib/protocol/handshake-payload.ts'
import { PACKET_HEADER_BYTES, PacketWriter } from '../../lib/protocol/packet.ts'
import { noiseSecurity } from '../../lib/security/noise.ts'
import type { Sealer } from '../../lib/security/sealer.ts'
import type { Address } from '../../lib/session/address.ts'
import { closeCodes } from '../../lib/session/close-codes.ts'
import type { SessionEvent } from '../../lib/session/session.ts'
import type { SessionSettings } from '../../lib/session/settings.ts'
import { Random } from '../../lib/simulator/index.ts'
import { cryptography } from '../../lib/transport/crypto.ts'
import { createAck } from '../support/hostile-peer.ts'
import { createSettings } from '../support/settings.ts'

const door = { host: '10.0.0.1', port: 1_234 }
const privatePort = { host: '10.0.0.1', port: 40_000 }
const victim = { host: '203.0.113.9', port: 53 }
const MTU_BYTES = 1_200
const MiB = 1024 * 1024

/** A client, and a server with the right keys that does as the test says. */
class HostileServer {
  readonly client: ReliableClient
  readonly events: SessionEvent[] = []
  /** What the client has sent, and where. */
  readonly heard: { readonly to: Address; readonly bytes: Uint8Array }[] = []
  now = 0
  readonly #random = new Random(1)
  readonly #security = noiseSecurity(cryptography)
  readonly #writer = new PacketWriter()
  readonly #scratch = new Uint8Array(2_000)
  #sealer: Sealer | undefined
  #nextNumber = 0

  constructor(settings: Partial<SessionSettings> = {}) {
    this.client = new ReliableClient(0, createSettings({ reconnect: false, ...settings }), door, {
      token: 'token',
      security: this.#security,
      randomBytes: this.#randomBytes,
    })
    this.run(5)
  }

  /** Answers HELLO with CONNECT, which names the private port. */
  letIn(endpoint: Address, maxMessageBytes = 16 * MiB): void {
    const message = decodeHello(this.heard[0]?.bytes ?? new Uint8Array(0))?.content?.message ?? new Uint8Array(0)
    const responder = this.#security('token', this.#randomBytes).respond(message)
    if (responder === undefined) throw new Error('There is no HELLO.')
    const limits = { mtuBytes: MTU_BYTES, maxMessageBytes }
    const payload = encodeConnectPayload({ limits, isResumed: false, resumeId: undefined, endpoint })
    const connect = encodeConnect(600, (into) => responder.writeConnect(payload, into))
    this.#sealer = responder.createSealer()
    this.client.handleDatagram(this.now, connect, door)
    this.run(5)
  }

  /** Sends a packet of as many frames as `write` writes, `count` at most. */
  send(
    write: (writer: PacketWriter, i: number) => boolean,
    count = Infinity,
    ack?: ReturnType<typeof createAck>,
  ): void {
    const sealer = this.#sealer
    if (sealer === undefined) throw new Error('Nobody was let in.')
    this.#writer.begin(this.#scratch, MTU_BYTES - sealer.overheadBytes, this.#nextNumber, ack)
    for (let i = 0; i < count && write(this.#writer, i); i += 1);
    const length = sealer.seal(this.#nextNumber, this.#scratch, PACKET_HEADER_BYTES, this.#writer.finish())
    this.#nextNumber += 1
    this.client.handleDatagram(this.now, this.#scratch.slice(0, length), privatePort)
  }

  run(durationMs: number): void {
    for (const until = this.now + durationMs; this.now < until; this.now += 5) {
      this.client.handleTimeout(this.now, 5)
      for (let event = this.client.pollEvent(); event; event = this.client.pollEvent()) this.events.push(event)
      for (let length = this.#poll(); length > 0; length = this.#poll()) {
        this.heard.push({ to: this.client.destination, bytes: this.#scratch.slice(0, length) })
      }
    }
  }

  get types(): string[] {
    return this.events.map(({ type }) => type)
  }

  #poll(): number {
    return this.client.pollTransmit(this.now, this.#scratch)
  }

  readonly #randomBytes = (length: number): Uint8Array => this.#random.bytes(length)
}

function attack(settings: Partial<SessionSettings> = {}): HostileServer {
  const server = new HostileServer(settings)
  server.letIn(privatePort)
  server.send((writer) => writer.ping(0, 0), 1)
  server.run(5)
  expect(server.types).toContain('connected')
  return server
}

describe('a client of a hostile server', () => {
  let server: HostileServer

  beforeEach(() => {
    server = new HostileServer()
  })

  it('says a dozen datagrams at most to a victim that CONNECT names, and nothing once nobody answers', () => {
    for (let i = 0; i < 100; i += 1) server.client.send(server.now, new Uint8Array(1_000), 'reliable', 0)
    const before = server.heard.length
    server.letIn(victim)
    server.run(20_000)
    const said = server.heard.slice(before).filter(({ to }) => to.host === victim.host)
    expect(said.length).toBeGreaterThan(0)
    expect(said.length).toBeLessThanOrEqual(12)
    expect(server.client.state).toBe('closed')
  })

  it('has no memory for what it is promised: what is not whole is bounded', () => {
    server = attack({ maxMessageBytes: 64 * 1024 })
    for (let i = 0; i < 4_000; i += 1) {
      const text = new Uint8Array(2_000)
      server.send((writer) => writer.fragment(i % 5, i % 256, i, text, 0, 1, 1_000), 1)
      if (i % 10 === 0) server.run(5)
    }
    expect(server.client.stats.heldBytes).toBeLessThanOrEqual(2 * (64 * 1024 + MiB))
    expect(server.types).not.toContain('message')
  })

  it('leaves one that floods it, after it has told of it', () => {
    server = attack({ maxMessagesPerSecond: 100 })
    for (let i = 0; i < 1_600; i += 1) {
      server.send((writer) => writer.message(DeliveryCode.unreliable, 0, -1, Uint8Array.of(1)), 10)
      server.run(5)
    }
    expect(server.types).toContain('rate-limited')
    expect(server.events.find(({ type }) => type === 'ended')).toMatchObject({ code: closeCodes.rateLimited })
  })

  it('leaves one that breaks the protocol, at the 32nd time', () => {
    server = attack()
    for (let i = 0; i < 32; i += 1) server.send(() => false, 0, createAck(10_000, 1))
    server.run(5)
    expect(server.events.find(({ type }) => type === 'ended')).toMatchObject({ code: closeCodes.violations })
  })

  it('answers no more PINGs than it owes, in no more bytes than came', () => {
    server = attack()
    const before = server.heard.length
    for (let i = 0; i < 100; i += 1) server.send((writer, id) => writer.ping(id, 1))
    server.run(1_000)
    const bytes = server.heard.slice(before).reduce((sum, said) => sum + said.bytes.length, 0)
    expect(bytes).toBeLessThan(100 * MTU_BYTES)
    expect(server.client.state).toBe('connected')
  })
})
