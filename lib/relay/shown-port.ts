import { decodeConnect as decodeClassicConnect, encodeConnect } from '../classic/words.ts'
import { decodeConnect } from '../reliable/wire/handshake.ts'
import { decodeConnectPayload } from '../reliable/wire/handshake-payload.ts'
import { readPlainPayload } from '../security/plain.ts'
import { isUnspecified, type Address } from '../core/address.ts'

/** What a front door's CONNECT shows a client. */
export interface ShownPort {
  /** The private port at the server. */
  readonly port: number
  /** The host that the client will talk to; `undefined` for the one that it said HELLO to. */
  readonly host: string | undefined
  /** Writes the same CONNECT with another address, where that is not authenticated. */
  readonly rewrite: ((endpoint: Address) => Uint8Array) | undefined
}

/** Whether this is a CONNECT whose private port only the client can read. */
export function hidesPort(bytes: Uint8Array): boolean {
  return decodeConnect(bytes) !== undefined && readReliableEndpoint(bytes) === undefined
}

/** Reads a CONNECT of either protocol; `undefined` for every other datagram, and for a CONNECT that {@link hidesPort}. */
export function readShownPort(bytes: Uint8Array): ShownPort | undefined {
  const classic = decodeClassicConnect(bytes)
  const endpoint = classic ?? readReliableEndpoint(bytes)
  if (endpoint === undefined) return undefined
  const { host, port } = endpoint
  const rewrite = classic === undefined ? undefined : encodeConnect
  return { port, host: isUnspecified(host) ? undefined : host, rewrite }
}

function readReliableEndpoint(bytes: Uint8Array): Address | undefined {
  const message = decodeConnect(bytes)
  return message && decodeConnectPayload(readPlainPayload(message))?.endpoint
}
