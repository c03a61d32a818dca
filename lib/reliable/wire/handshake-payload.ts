import { type Address, isUnspecified } from '../../core/address.ts'
import { canonicalHost } from '../../core/numeric-host.ts'
import type { Limits, SessionSettings } from '../../session/settings.ts'
import { MIN_HELLO_BYTES } from './handshake.ts'

export { MAX_HELLO_PAYLOAD_BYTES } from '../../session/front-door.ts'
export type { Limits } from '../../session/settings.ts'

/** What HELLO tells, inside message 1. */
export interface HelloPayload {
  readonly limits: Limits
  /** What the last CONNECT named, when the connection that it opened is to go on; `undefined` for a new one. */
  readonly resumeId?: Uint8Array | undefined
  /** What the client's user sent along. */
  readonly userPayload: Uint8Array
}

/** What CONNECT tells, inside message 2. */
export interface ConnectPayload {
  readonly limits: Limits
  /** Whether the connection that HELLO named goes on. */
  readonly isResumed: boolean
  /** What a HELLO names to have this connection go on; `undefined` when none does. */
  readonly resumeId: Uint8Array | undefined
  /** The private port; an unspecified host, always `0.0.0.0` here, means the one that HELLO was sent to. */
  readonly endpoint: Address
}

const LIMITS_BYTES = 6
const LENGTH_BYTES = 1
const FLAGS_BYTES = 1
/** The one flag of CONNECT; the others are reserved. */
const RESUMED_FLAG = 1
const PORT_BYTES = 2
const NO_BYTES = new Uint8Array(0)
const UNSPECIFIED_HOST = '0.0.0.0'
/** An IPv6 address of eight groups of four digits. */
const MAX_HOST_BYTES = 39

const encoder = new TextEncoder()
/** A byte order mark is kept, so that it spoils the host it stands before. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** The length of what names a connection that is to go on. */
export const RESUME_ID_BYTES = 16
const CONNECT_HEAD_BYTES = LIMITS_BYTES + FLAGS_BYTES + RESUME_ID_BYTES

/** How many bytes HELLO's payload is at most longer than the user's. */
export const HELLO_PAYLOAD_OVERHEAD_BYTES: number = LIMITS_BYTES + LENGTH_BYTES + RESUME_ID_BYTES
/** The longest payload of CONNECT. */
export const MAX_CONNECT_PAYLOAD_BYTES: number = CONNECT_HEAD_BYTES + PORT_BYTES + MAX_HOST_BYTES

/** The settings that both ends can live with. */
export function limitSettings(settings: SessionSettings, peer: Limits): SessionSettings {
  return {
    ...settings,
    mtuBytes: Math.min(settings.mtuBytes, peer.mtuBytes),
    maxMessageBytes: Math.min(settings.maxMessageBytes, peer.maxMessageBytes),
  }
}

/** HELLO's payload: the limits, the connection that is to go on, if any, and what the user sends along. */
export function encodeHelloPayload({ limits, resumeId = NO_BYTES, userPayload }: HelloPayload): Uint8Array {
  const idOffset = LIMITS_BYTES + LENGTH_BYTES
  const bytes = new Uint8Array(idOffset + resumeId.length + userPayload.length)
  writeLimits(bytes, limits)
  bytes[LIMITS_BYTES] = resumeId.length
  bytes.set(resumeId, idOffset)
  bytes.set(userPayload, idOffset + resumeId.length)
  return bytes
}

/** Reads HELLO's payload; `undefined` when it is not well formed. The results are views. */
export function decodeHelloPayload(bytes: Uint8Array): HelloPayload | undefined {
  const limits = readLimits(bytes)
  const idLength = bytes[LIMITS_BYTES]
  if (limits === undefined || (idLength !== 0 && idLength !== RESUME_ID_BYTES)) return undefined
  const idOffset = LIMITS_BYTES + LENGTH_BYTES
  const idEnd = idOffset + idLength
  if (bytes.length < idEnd) return undefined
  const resumeId = idLength === 0 ? undefined : bytes.subarray(idOffset, idEnd)
  return { limits, resumeId, userPayload: bytes.subarray(idEnd) }
}

/**
 * CONNECT's payload: the limits, what may go on or does, the port, and the host as text. That is empty for an unspecified host, and for one with a
 * zone (`fe80::1%eth0`), which means nothing on another machine.
 *
 * @throws RangeError when the host is not a numeric address, or the port not one of 1 to 65535
 */
export function encodeConnectPayload({ limits, isResumed, resumeId, endpoint }: ConnectPayload): Uint8Array {
  const host = canonicalHost(endpoint.host.includes('%') ? '::' : endpoint.host)
  if (host === undefined) {
    throw new RangeError(`CONNECT names a numeric IPv4 or IPv6 address; this is '${endpoint.host}'.`)
  }
  if (!Number.isInteger(endpoint.port) || endpoint.port < 1 || endpoint.port > 65_535) {
    throw new RangeError(`CONNECT names a port from 1 to 65535; this is ${endpoint.port}.`)
  }
  const text = encoder.encode(isUnspecified(host) ? '' : host)
  const bytes = new Uint8Array(CONNECT_HEAD_BYTES + PORT_BYTES + text.length)
  writeLimits(bytes, limits)
  bytes[LIMITS_BYTES] = isResumed ? RESUMED_FLAG : 0
  if (resumeId !== undefined) bytes.set(resumeId, LIMITS_BYTES + FLAGS_BYTES)
  new DataView(bytes.buffer).setUint16(CONNECT_HEAD_BYTES, endpoint.port)
  bytes.set(text, CONNECT_HEAD_BYTES + PORT_BYTES)
  return bytes
}

/** Reads CONNECT's payload; `undefined` when it is not well formed, or a host written in any but the one way. The results are views. */
export function decodeConnectPayload(bytes: Uint8Array): ConnectPayload | undefined {
  const limits = readLimits(bytes)
  if (limits === undefined || bytes.length < CONNECT_HEAD_BYTES + PORT_BYTES) return undefined
  if (bytes.length > MAX_CONNECT_PAYLOAD_BYTES) return undefined
  const flags = bytes[LIMITS_BYTES] ?? 0
  if ((flags & ~RESUMED_FLAG) !== 0) return undefined
  const endpoint = readEndpoint(bytes)
  if (endpoint === undefined) return undefined
  const resumeId = bytes.subarray(LIMITS_BYTES + FLAGS_BYTES, CONNECT_HEAD_BYTES)
  const isResumable = resumeId.some((byte) => byte !== 0)
  return { limits, isResumed: flags === RESUMED_FLAG, resumeId: isResumable ? resumeId : undefined, endpoint }
}

function readEndpoint(bytes: Uint8Array): Address | undefined {
  const port = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint16(CONNECT_HEAD_BYTES)
  if (port === 0) return undefined
  const host = decoder.decode(bytes.subarray(CONNECT_HEAD_BYTES + PORT_BYTES))
  if (host === '') return { host: UNSPECIFIED_HOST, port }
  return canonicalHost(host) === host && !isUnspecified(host) ? { host, port } : undefined
}

function writeLimits(bytes: Uint8Array, { mtuBytes, maxMessageBytes }: Limits): void {
  const view = new DataView(bytes.buffer)
  view.setUint16(0, Math.min(mtuBytes, 0xffff))
  view.setUint32(2, Math.min(maxMessageBytes, 0xffff_ffff))
}

function readLimits(bytes: Uint8Array): Limits | undefined {
  if (bytes.length < LIMITS_BYTES) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const mtuBytes = view.getUint16(0)
  const maxMessageBytes = view.getUint32(2)
  // No end that pads its HELLO as it must can have a smaller limit than that.
  if (mtuBytes < MIN_HELLO_BYTES || maxMessageBytes === 0) return undefined
  return { mtuBytes, maxMessageBytes }
}
