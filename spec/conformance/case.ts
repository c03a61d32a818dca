import type { FrameOptions } from '../support/raw-frames.ts'

/** A frame that a peer sends. */
export type Sent = readonly [opcode: number, payload?: string | Uint8Array, options?: FrameOptions]

/** What the other end, which echoes each message, has to do. */
export interface Case {
  /** In the numbers of Autobahn's test suite, whose categories these are. */
  readonly id: string
  readonly title: string
  readonly frames: readonly Sent[]
  /** The frames are sent in pieces of so many bytes. */
  readonly chopBytes?: number
  /** What comes back: messages and pongs, in order. */
  readonly answers?: readonly (readonly [opcode: number, payload: Buffer])[]
  /** The code by which the connection ends; `undefined`: it goes on, and the peer closes it with 1000. */
  readonly endsWith?: number | 'no code'
}

export const CONTINUATION = 0
export const TEXT = 1
export const BINARY = 2
export const CLOSE = 8
export const PING = 9
export const PONG = 10

/** What comes back of a text. */
export function text(payload: string | Uint8Array): [number, Buffer] {
  return [TEXT, Buffer.from(payload)]
}

/** What comes back of bytes. */
export function binary(payload: string | Uint8Array): [number, Buffer] {
  return [BINARY, Buffer.from(payload)]
}

/** What comes back of a ping. */
export function pong(payload: string | Uint8Array = ''): [number, Buffer] {
  return [PONG, Buffer.from(payload)]
}
