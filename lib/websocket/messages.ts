import { isUtf8 } from 'node:buffer'
import { types } from 'node:util'
import type { DataOpcode } from '../sockets/connection.ts'
import { invalidArgument } from '../sockets/errors.ts'
import { BINARY, TEXT } from './opcodes.ts'

/** What can be sent: text, or bytes. */
export type Sendable = string | Uint8Array | ArrayBuffer

/** What a control frame has room for (RFC 6455, 5.5). */
const MAX_PING_BYTES = 125

/**
 * The opcode that a message goes with.
 *
 * @throws UDPipeError `ERR_ARGUMENT_INVALID` when there is no such type, or the bytes are not the text that they are said to be
 */
export function opcodeOf(message: Sendable, type: unknown): DataOpcode {
  const isText = typeof message === 'string'
  if (isText && (type === TEXT || type === undefined)) return TEXT
  if (!isText && !types.isUint8Array(message) && !types.isArrayBuffer(message)) {
    throw invalidArgument(`A message is a string, a Uint8Array or an ArrayBuffer; this one is ${describe(message)}.`)
  }
  if (type === undefined || type === BINARY) return BINARY
  if (type !== TEXT) throw invalidArgument(`A message is sent as TEXT (1) or BINARY (2); this is ${describe(type)}.`)
  if (!isText && !isUtf8(bytesOf(message))) {
    throw invalidArgument('Bytes sent as TEXT must be UTF-8, and these are not: send them as BINARY.')
  }
  return TEXT
}

/** What goes into the frame: text as it is, unless it is sent as bytes. */
export function payloadOf(message: Sendable, opcode: DataOpcode): string | Uint8Array {
  if (typeof message === 'string') return opcode === TEXT ? message : Buffer.from(message)
  return bytesOf(message)
}

/** A copy of what goes into the frame, as bytes. */
export function copyOf(message: Sendable): Buffer {
  return typeof message === 'string' ? Buffer.from(message) : Buffer.from(bytesOf(message))
}

/**
 * What a ping carries.
 *
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`
 */
export function pingPayload(data: unknown): Uint8Array {
  if (data === undefined) return new Uint8Array(0)
  if (typeof data !== 'string' && !types.isUint8Array(data)) {
    throw invalidArgument(`A ping carries a string or a Uint8Array; this is ${describe(data)}.`)
  }
  const bytes = Buffer.from(data)
  if (bytes.length <= MAX_PING_BYTES) return bytes
  throw invalidArgument(`A ping carries at most ${MAX_PING_BYTES} bytes; these are ${bytes.length}.`)
}

/** Not a copy: whoever is handed the buffer may change it later. */
function bytesOf(message: Uint8Array | ArrayBuffer): Uint8Array {
  return types.isUint8Array(message) ? message : new Uint8Array(message)
}

function describe(value: unknown): string {
  if (value === null || typeof value === 'number') return String(value)
  return typeof value === 'object' ? `a ${value.constructor.name}` : `a ${typeof value}`
}
