import {
  decodeConnect,
  decodeGoAway,
  decodeHello,
  decodeRetry,
  packetOfConnect,
  packetOfConnected,
  type Hello,
} from './handshake.ts'
import { hasAck, isPacket, readPacketNumber } from './packet.ts'

/** A datagram as one reads it in a log. */
export function describeReliable(bytes: Uint8Array): string {
  if (isPacket(bytes)) return describePacket(bytes)
  const hello = decodeHello(bytes)
  if (hello !== undefined) return describeHello(hello)
  if (decodeRetry(bytes) !== undefined) return 'RETRY'
  // Any byte of message 2 may look like the first one of a packet, but its length is said.
  if (decodeConnect(bytes) !== undefined) return 'CONNECT to private port'
  const first = packetOfConnect(bytes)
  if (first !== undefined) return `CONNECT with ${describePacket(first)}`
  const answer = packetOfConnected(bytes)
  if (answer !== undefined) return `CONNECTED with ${describePacket(answer)}`
  const goAway = decodeGoAway(bytes)
  if (goAway !== undefined) return `GO AWAY! ${goAway.code} ${goAway.reason}`
  return 'malformed'
}

/** What a sealed packet shows: the low 16 bits of its number, and whether it says what has arrived. */
function describePacket(packet: Uint8Array): string {
  return `packet ${readPacketNumber(packet)}${hasAck(packet) ? ' with ack' : ''}`
}

function describeHello({ version, content }: Hello): string {
  const ticket = content !== undefined && content.ticket.length > 0 ? ' with ticket' : ''
  const cookie = content !== undefined && content.cookie.length > 0 ? ' with cookie' : ''
  return `HELLO version ${version}${ticket}${cookie}`
}
