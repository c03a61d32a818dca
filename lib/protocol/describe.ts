import { decodeConnect, decodeGoAway, decodeHello, packetOfConnect, packetOfConnected } from './handshake.ts'
import { isPacket } from './packet.ts'

/** A datagram as one reads it in a log. */
export function describeReliable(bytes: Uint8Array): string {
  if (isPacket(bytes)) return 'packet'
  const hello = decodeHello(bytes)
  if (hello !== undefined) return `HELLO version ${hello.version}`
  // Any byte of message 2 may look like the first one of a packet, but its length is said.
  if (decodeConnect(bytes) !== undefined) return 'CONNECT to private port'
  if (packetOfConnect(bytes) !== undefined) return 'CONNECT with packet'
  if (packetOfConnected(bytes) !== undefined) return 'CONNECTED with packet'
  const goAway = decodeGoAway(bytes)
  if (goAway !== undefined) return `GO AWAY! ${goAway.code} ${goAway.reason}`
  return 'malformed'
}
