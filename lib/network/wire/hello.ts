import type { FailureCode } from './close-code.ts'

/** How a connection is protected: not at all, by a key of 128 bits, or by one of 256 bits. */
export type Mode = 0 | 1 | 2

export const HELLO_BYTES = 48
/** Where Hello has what each side drew for this connection alone: a public key, or 32 random bytes. */
export const PUBLIC_KEY_START = 16
export const PUBLIC_KEY_BYTES = 32
/** The least that a side may accept in one frame. */
export const MIN_LIMIT = 1_024

const VERSION = 1
const MAGIC = [0x55, 0x44, 0x50, 0x4e] as const
const LIMIT_START = 8

/** What is wrong with a Hello. */
export interface HelloProblem {
  readonly code: FailureCode
  readonly sentence: string
}

/** Writes a Hello: the first 48 bytes of either side. */
export function encodeHello(mode: Mode, limit: number, publicKey: Uint8Array): Uint8Array {
  const hello = new Uint8Array(HELLO_BYTES)
  hello.set(MAGIC)
  hello[4] = VERSION
  hello[5] = mode
  new DataView(hello.buffer).setUint32(LIMIT_START, limit)
  hello.set(publicKey, PUBLIC_KEY_START)
  return hello
}

/** The largest frame that the sender of a Hello accepts. */
export function limitOf(hello: Uint8Array): number {
  return new DataView(hello.buffer, hello.byteOffset).getUint32(LIMIT_START)
}

/** Whether these bytes, up to `length`, cannot become a Hello: judged as early as that, because a stranger may send no more. */
export function isForeign(hello: Uint8Array, length: number): boolean {
  return MAGIC.some((byte, i) => i < length && hello[i] !== byte)
}

/** Judges the other side's Hello; `undefined` when there is nothing wrong with it. */
export function judgeHello(hello: Uint8Array, ownMode: Mode): HelloProblem | undefined {
  const [version, mode] = [hello[4], hello[5]]
  if (isForeign(hello, HELLO_BYTES)) return protocol('the other side is no udpipe/network')
  if (version !== VERSION) {
    return protocol(`the other side speaks version ${version ?? 0} of udpipe/network, this one ${VERSION}`)
  }
  if (!isMode(mode)) return protocol('the other side names an encryption that there is not')
  if (!isZero(hello, 6, LIMIT_START) || !isZero(hello, LIMIT_START + 4, PUBLIC_KEY_START)) {
    return protocol('the other side’s Hello has bytes set that must be zero')
  }
  if (limitOf(hello) < MIN_LIMIT) return protocol(`the other side accepts less than ${MIN_LIMIT} bytes in a frame`)
  if (mode === ownMode) return undefined
  return {
    code: 'ERR_ENCRYPTION_MISMATCH',
    sentence: `this side has ${nameOf(ownMode)}, the other ${nameOf(mode)}; give both the same cypherkey`,
  }
}

function protocol(sentence: string): HelloProblem {
  return { code: 'ERR_PROTOCOL', sentence }
}

function isMode(byte: number | undefined): byte is Mode {
  return byte === 0 || byte === 1 || byte === 2
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) if (bytes[i] !== 0) return false
  return true
}

function nameOf(mode: Mode): string {
  if (mode === 0) return 'no key'
  return mode === 1 ? 'a key of 128 bits' : 'a key of 256 bits'
}
