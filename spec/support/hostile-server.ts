import type { AckSection } from '../../lib/reliable/wire/ack-section.ts'
import { ReliableClient } from '../../lib/reliable/handshake/client.ts'
import { decodeHello, encodeConnect, isHello } from '../../lib/reliable/wire/handshake.ts'
import { encodeConnectPayload, RESUME_ID_BYTES } from '../../lib/reliable/wire/handshake-payload.ts'
import type { PacketWriter } from '../../lib/reliable/wire/packet.ts'
import { noiseSecurity } from '../../lib/security/noise.ts'
import type { SecurityFactory } from '../../lib/security/security.ts'
import type { Address } from '../../lib/core/address.ts'
import type { Transmit } from '../../lib/session/transmit.ts'
import type { SessionEvent } from '../../lib/session/session.ts'
import type { SessionSettings } from '../../lib/session/settings.ts'
import { Random } from '../../lib/simulator/index.ts'
import { cryptography } from '../../lib/node/crypto.ts'
import { PacketForge } from './packet-forge.ts'
import { createSettings } from './settings.ts'

const door: Address = { host: '10.0.0.1', port: 1_234 }
/** Where {@link HostileServer.letIn} is to send its client, unless it is to be sent elsewhere. */
export const privatePort: Address = { host: '10.0.0.1', port: 40_000 }

const MTU_BYTES = 1_200
const RESUME_ID = new Uint8Array(RESUME_ID_BYTES).fill(1)
/** A step that sends more than this is one that never ends, */
const MAX_DATAGRAMS_A_STEP = 10_000
/** and so do more steps than this without time. */
const MAX_STEPS_AT_ONCE = 10
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

/** A client, and a server with the right keys that does as the test says: it answers nothing by itself. */
export class HostileServer {
  readonly client: ReliableClient
  readonly events: SessionEvent[] = []
  /** What the client has sent, and where. */
  readonly heard: { readonly to: Address; readonly bytes: Uint8Array }[] = []
  now = 0
  readonly #random = new Random(1)
  readonly #security: SecurityFactory
  readonly #scratch = new Uint8Array(2_000)
  #forge: PacketForge | undefined

  constructor(settings: Partial<SessionSettings> = {}, security: SecurityFactory = noiseSecurity(cryptography)) {
    this.#security = security
    this.client = new ReliableClient(0, createSettings({ reconnect: false, ...settings }), door, {
      token: 'token',
      security,
      randomBytes: this.#randomBytes,
    })
    this.run(5)
  }

  /** Makes its packets. Throws while it has let nobody in. */
  get forge(): PacketForge {
    if (this.#forge === undefined) throw new Error('Nobody was let in.')
    return this.#forge
  }

  get types(): string[] {
    return this.events.map(({ type }) => type)
  }

  /** Answers the last HELLO with CONNECT, which names the private port. `isResumed`: as if it knew the connection before. */
  letIn(endpoint: Address = privatePort, isResumed = false): void {
    const hello = this.heard.findLast(({ bytes }) => isHello(bytes))
    const { message } = (hello && decodeHello(hello.bytes)?.content) ?? {}
    const responder = message && this.#security.create('token', this.#randomBytes).respond(message)
    if (responder === undefined) throw new Error('There is no HELLO.')
    const limits = { mtuBytes: MTU_BYTES, maxMessageBytes: MAX_MESSAGE_BYTES }
    const payload = encodeConnectPayload({ limits, isResumed, resumeId: RESUME_ID, endpoint })
    const connect = encodeConnect(600, (into) => responder.writeConnect(payload, into))
    this.#forge = new PacketForge(this.#security.createSealer(responder.takeKeys()), MTU_BYTES)
    this.client.handleDatagram(this.now, connect, door)
    this.run(5)
  }

  /** Sends a packet of as many frames as `write` writes, `count` at most. */
  send(write: (writer: PacketWriter, i: number) => boolean, count = Infinity, ack?: AckSection): void {
    this.sendBytes(this.forge.forge(write, count, ack))
  }

  /** Sends bytes as they are, from the private port. */
  sendBytes(bytes: Uint8Array): void {
    this.client.handleDatagram(this.now, Uint8Array.from(bytes), privatePort)
  }

  /** Steps the client every 5 ms, and again as long as it says that something is due at once. */
  run(durationMs: number): void {
    for (const until = this.now + durationMs; this.now < until; this.now += 5) {
      this.client.handleTimeout(this.now, 5)
      this.#step()
      for (let steps = 1; this.client.nextDeadline <= this.now; steps += 1) {
        if (steps === MAX_STEPS_AT_ONCE) throw new Error('Something is due at once, however often the client steps.')
        this.client.handleTimeout(this.now, 0)
        this.#step()
      }
    }
  }

  #step(): void {
    for (let event = this.client.pollEvent(); event; event = this.client.pollEvent()) this.events.push(event)
    const before = this.heard.length
    for (let sent = this.#poll(); sent; sent = this.#poll()) {
      if (this.heard.length - before > MAX_DATAGRAMS_A_STEP) throw new Error('The client sends without end.')
      this.heard.push({ to: sent.destination, bytes: this.#scratch.slice(0, sent.lengthBytes) })
    }
  }

  #poll(): Transmit | undefined {
    return this.client.pollTransmit(this.now, this.#scratch)
  }

  readonly #randomBytes = (length: number): Uint8Array => this.#random.bytes(length)
}
