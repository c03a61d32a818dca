import { AckSection } from '../../lib/reliable/wire/ack-section.ts'
import { Dialing } from '../../lib/reliable/handshake/dialing.ts'
import { encodeConnectPrefix, helloId } from '../../lib/reliable/wire/handshake.ts'
import {
  PACKET_HEADER_BYTES,
  PacketReader,
  type PacketWriter,
  readPacketNumber,
} from '../../lib/reliable/wire/packet.ts'
import { expandPacketNumber } from '../../lib/reliable/wire/sequence.ts'
import { concatenate } from '../../lib/core/bytes.ts'
import type { Sealer } from '../../lib/security/sealer.ts'
import type { Address } from '../../lib/core/address.ts'
import { Random, type Receiver, type Socket } from '../../lib/simulator/index.ts'
import type { End } from './end.ts'
import { PacketForge } from './packet-forge.ts'
import type { ReliableWorld } from './reliable-world.ts'
import { defaultSecurity } from './securities.ts'

const MTU_BYTES = 1_200
const LIMITS = { mtuBytes: MTU_BYTES, maxMessageBytes: 16 * 1024 * 1024 }

/**
 * A client that has proved the token and from then on says whatever it is told to: packets sealed with the right keys, and nothing of
 * what a session does by itself. It acks nothing, answers nothing and repeats nothing.
 */
export class HostilePeer implements Receiver {
  readonly name = 'hostile peer'
  readonly socket: Socket
  readonly #world: ReliableWorld
  readonly #dialing: Dialing
  readonly #reader = new PacketReader()
  #last = new Uint8Array(0)
  #sealer: Sealer | undefined
  #forge: PacketForge | undefined
  #remote: Address
  /** What precedes the packet in its CONNECT. */
  readonly #connectPrefix: Uint8Array
  #largestReceived = -1
  /** The datagrams and their bytes, since it connected. */
  sentPackets = 0
  sentBytes = 0
  receivedPackets = 0
  receivedBytes = 0

  /** Dials at once. */
  constructor(world: ReliableWorld, random: Random, token: string, host = '66.6.6.6') {
    this.#world = world
    this.#remote = world.server.address
    this.#dialing = new Dialing(
      world.now,
      defaultSecurity().create(token, (length) => random.bytes(length)),
      { limits: LIMITS, userPayload: new Uint8Array(0) },
    )
    this.socket = world.network.open(this, { host, port: 666 })
    const scratch = new Uint8Array(MTU_BYTES)
    const hello = scratch.subarray(0, this.#dialing.pollTransmit(world.now, scratch))
    this.#connectPrefix = encodeConnectPrefix(helloId(hello))
    this.#sendDatagram(hello)
  }

  /** The server's end of it, once it has connected. Waits for that. */
  connect(): End {
    this.#world.waitFor(() => this.#largestReceived >= 0, 5_000)
    const end = this.#world.server.endpoints.at(-1)
    if (end === undefined) throw new Error('The hostile peer was not let in.')
    this.sentPackets = this.sentBytes = this.receivedPackets = this.receivedBytes = 0
    return end
  }

  /** Makes its packets. Throws while it has no keys. */
  get forge(): PacketForge {
    if (this.#forge === undefined) throw new Error('The hostile peer has no keys yet.')
    return this.#forge
  }

  /** The number of the newest packet that the server sent. */
  get largestReceived(): number {
    return this.#largestReceived
  }

  handleDatagram(now: number, bytes: Uint8Array): string {
    this.receivedPackets += 1
    this.receivedBytes += bytes.length
    if (this.#sealer === undefined) this.#handleAnswer(now, bytes)
    else this.#open(bytes)
    return ''
  }

  /** Sends a packet of well-formed frames: `write` is called until it returns `false`, for as much as fits, or `count` times. */
  send(write: (writer: PacketWriter, i: number) => boolean, count = Infinity, ack?: AckSection): void {
    this.#sendDatagram(this.forge.forge(write, count, ack))
  }

  /** Sends a packet with these flags and this body, well formed or not. */
  sendRaw(flags: number, body: Uint8Array): void {
    this.#sendDatagram(this.forge.forgeRaw(flags, body))
  }

  /** Says CONNECT again, as if it had not been answered. */
  sendConnect(): void {
    this.#sendDatagram(
      concatenate(
        this.#connectPrefix,
        this.forge.forge((writer) => writer.ping(0, 0), 1),
      ),
    )
  }

  /** Sends its last datagram once more. */
  sendAgain(): void {
    this.#sendDatagram(this.#last)
  }

  /** Sends bytes as they are. */
  sendBytes(bytes: Uint8Array): void {
    this.#sendDatagram(bytes)
  }

  /** An ack of all that it has received, and of all before that. */
  honestAck(): AckSection {
    return createAck(this.#largestReceived, 1)
  }

  #handleAnswer(now: number, bytes: Uint8Array): void {
    const answer = this.#dialing.handleAnswer(now, bytes)
    if (answer?.type !== 'shown') return
    this.#sealer = answer.sealer
    this.#forge = new PacketForge(answer.sealer, MTU_BYTES)
    this.#remote = answer.payload.endpoint
    this.sendConnect()
  }

  /** CONNECTED and bare packets alike. */
  #open(datagram: Uint8Array): void {
    const start = (datagram[0] ?? 0) >= 0x80 ? 0 : datagram.indexOf(0) + 2
    const packet = datagram.subarray(start)
    const number = expandPacketNumber(readPacketNumber(packet), this.#largestReceived)
    const length = this.#sealer?.open(number, packet, PACKET_HEADER_BYTES) ?? -1
    if (length < 0 || !this.#reader.decode(packet, length)) return
    this.#largestReceived = Math.max(this.#largestReceived, number)
  }

  #sendDatagram(bytes: Uint8Array): void {
    this.#last = bytes.slice()
    this.sentPackets += 1
    this.sentBytes += bytes.length
    this.#world.network.send(this.#world.now, bytes, this.socket, this.#remote)
  }
}

/** An ack that says of the `reach` packets before the largest, more than 32 of them or not, that they arrived. */
export function createAck(largest: number, reach: number): AckSection {
  const ack = new AckSection()
  ack.fill({ largest, floor: largest - reach, has: () => true, missingBits: () => 0 }, 0)
  return ack
}
