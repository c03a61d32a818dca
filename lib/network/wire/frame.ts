import { MAX_REASON_BYTES } from './close-code.ts'
import { LENGTH_BYTES } from './record.ts'

/** What a frame is. */
export const frameTypes = { ready: 0, table: 1, ping: 2, pong: 3, close: 4 } as const

/** Length and type: what stands before the payload of a frame. */
export const FRAME_HEADER_BYTES: number = LENGTH_BYTES + 1
/** The longest payload of PING and PONG. */
export const MAX_PING_BYTES = 64
/** How many bytes of a close code. */
const CODE_BYTES = 2

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Writes the header of a frame that lies in `frame` from its start to its end, payload included. */
export function writeFrameHeader(frame: Uint8Array, type: number): void {
  const length = frame.length - LENGTH_BYTES
  frame[0] = length >>> 24
  frame[1] = length >>> 16
  frame[2] = length >>> 8
  frame[3] = length
  frame[LENGTH_BYTES] = type
}

/** A frame of a copy of this payload. */
export function encodeFrame(type: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + payload.length)
  frame.set(payload, FRAME_HEADER_BYTES)
  writeFrameHeader(frame, type)
  return frame
}

/** The payload of CLOSE. A reason of more than 255 bytes is cut, between two characters. */
export function encodeClose(code: number, reason: string): Uint8Array {
  const text = encoder.encode(reason)
  let length = Math.min(text.length, MAX_REASON_BYTES)
  while (length < text.length && length > 0 && ((text[length] ?? 0) & 0xc0) === 0x80) length -= 1
  const payload = new Uint8Array(CODE_BYTES + length)
  payload[0] = code >>> 8
  payload[1] = code
  payload.set(text.subarray(0, length), CODE_BYTES)
  return payload
}

/** What the payload of a CLOSE says. */
export interface Close {
  readonly code: number
  /** Without anything that steers a terminal: it comes from the other side, and will be printed. */
  readonly reason: string
}

/** Reads the payload of CLOSE; `undefined` when it is none. */
export function decodeClose(payload: Uint8Array): Close | undefined {
  if (payload.length < CODE_BYTES || payload.length > CODE_BYTES + MAX_REASON_BYTES) return undefined
  const code = (payload[0] ?? 0) * 256 + (payload[1] ?? 0)
  return { code, reason: decoder.decode(payload.subarray(CODE_BYTES)).replace(/\p{Cc}/gu, '\uFFFD') }
}
