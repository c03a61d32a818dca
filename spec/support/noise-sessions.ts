import type { Cryptography } from '../../lib/security/crypto.ts'
import { noiseSecurity } from '../../lib/security/noise.ts'
import type { Sealer } from '../../lib/security/sealer.ts'
import { nodeCryptography } from '../../lib/node/node-crypto.ts'
import { fromHex, toHex } from './packet-description.ts'

/** A handshake and a few packets, every byte of which is known. Bytes are hexadecimal. */
export interface GoldenSession {
  readonly name: string
  readonly token: string
  readonly prologue: string
  /** The server's private key; empty for none. */
  readonly serverPrivateKey: string
  readonly clientEphemeral: string
  readonly serverEphemeral: string
  readonly payload1: string
  readonly message1: string
  readonly payload2: string
  readonly message2: string
  readonly packets: readonly GoldenSealedPacket[]
}

interface GoldenSealedPacket {
  readonly from: 'client' | 'server'
  readonly packetNumber: number
  /** With the header of 3 bytes, which stays as it is. */
  readonly plain: string
  readonly sealed: string
}

/** Plays a session, and returns it with the bytes as they came out. Throws where an end does not understand the other. */
export function playSession(crypto: Cryptography, session: GoldenSession): GoldenSession {
  const serverPrivateKey = session.serverPrivateKey === '' ? undefined : fromHex(session.serverPrivateKey)
  const serverKey = serverPrivateKey && crypto.keyPair(serverPrivateKey).publicKey
  const binding = { prologue: fromHex(session.prologue) }
  const client = noiseSecurity(crypto, { serverKey }).create(session.token, () => fromHex(session.clientEphemeral))
  const security = noiseSecurity(crypto, { serverPrivateKey })
  const server = security.create(session.token, () => fromHex(session.serverEphemeral))
  const initiator = client.initiate(binding)
  const message1 = written((into) => initiator.writeHello(fromHex(session.payload1), into))
  const responder = server.respond(message1, binding)
  if (responder === undefined || toHex(responder.payload) !== session.payload1)
    throw new Error('message 1 was not read')
  const message2 = written((into) => responder.writeConnect(fromHex(session.payload2), into))
  const payload2 = initiator.readConnect(message2)
  if (payload2 === undefined || toHex(payload2) !== session.payload2) throw new Error('message 2 was not read')
  const sealers = { client: initiator.createSealer(), server: security.createSealer(responder.takeKeys()) }
  const packets = session.packets.map((packet) => {
    const other = packet.from === 'client' ? sealers.server : sealers.client
    return seal(packet, sealers[packet.from], other)
  })
  return { ...session, message1: toHex(message1), message2: toHex(message2), packets }
}

/** The sessions of this library, with keys that are easy to type. */
export function goldenSessions(): GoldenSession[] {
  const packets: GoldenSealedPacket[] = [
    { from: 'client', packetNumber: 0, plain: '800000 8000000a', sealed: '' },
    { from: 'server', packetNumber: 0, plain: '810000 0000 00 0001', sealed: '' },
    { from: 'client', packetNumber: 0x1_2345, plain: '802345 00000148656c6c6f', sealed: '' },
    { from: 'server', packetNumber: 0x0102_0304_0506, plain: '800506 85', sealed: '' },
  ]
  const session: GoldenSession = {
    name: 'NNpsk0',
    token: 'open sesame',
    prologue: '',
    serverPrivateKey: '',
    clientEphemeral: counting(0x20),
    serverEphemeral: counting(0x40),
    payload1: '04b0 01000000 6869',
    message1: '',
    payload2: '04b0 01000000 1234',
    message2: '',
    packets,
  }
  const sessions: GoldenSession[] = [
    session,
    { ...session, name: 'NNpsk0 with an empty token, bound to a ticket', token: '', prologue: '7469636b6574' },
    { ...session, name: 'NKpsk0, a token beyond ASCII', token: 'schlüssel', serverPrivateKey: counting(0x60) },
    { ...session, name: 'NKpsk0, bound to a ticket', prologue: '7469636b6574', serverPrivateKey: counting(0x60) },
  ]
  return sessions.map((each) => playSession(nodeCryptography, withoutSpaces(each)))
}

function seal(packet: GoldenSealedPacket, from: Sealer, to: Sealer): GoldenSealedPacket {
  const length = packet.plain.length / 2
  const bytes = new Uint8Array(length + from.overheadBytes)
  bytes.set(fromHex(packet.plain))
  from.seal(packet.packetNumber, bytes, 3, length)
  const sealed = toHex(bytes)
  if (to.open(packet.packetNumber, bytes, 3) !== length) throw new Error('a packet did not open')
  return { ...packet, sealed }
}

function written(write: (into: Uint8Array) => number): Uint8Array {
  const into = new Uint8Array(600)
  return into.slice(0, write(into))
}

function withoutSpaces(session: GoldenSession): GoldenSession {
  return {
    ...session,
    payload1: session.payload1.replaceAll(' ', ''),
    payload2: session.payload2.replaceAll(' ', ''),
    packets: session.packets.map((packet) => ({ ...packet, plain: packet.plain.replaceAll(' ', '') })),
  }
}

/** 32 bytes, each one more than that before it. */
function counting(from: number): string {
  return toHex(Uint8Array.from({ length: 32 }, (_, i) => from + i))
}
