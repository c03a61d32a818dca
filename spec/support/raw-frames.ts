/** A frame of RFC 6455, 5.2, as it is on the wire: nothing of it is judged. */
export interface RawFrame {
  readonly fin: boolean
  /** RSV1 is 4, RSV2 is 2, RSV3 is 1. */
  readonly rsv: number
  readonly opcode: number
  readonly isMasked: boolean
  readonly payload: Buffer
}

export interface FrameOptions {
  readonly fin?: boolean
  readonly rsv?: number
  /** Whether, and with what, the payload is masked. */
  readonly mask?: Buffer | false
  /** Says that the payload has another length than it has, in 8 bytes. */
  readonly length?: bigint
}

/** The bytes of a frame. */
export function encodeFrame(opcode: number, payload: string | Uint8Array = '', options: FrameOptions = {}): Buffer {
  const { fin = true, rsv = 0, mask = false, length } = options
  const bytes = Buffer.from(payload)
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  const header = encodeHeader(first, length ?? BigInt(bytes.length), mask !== false, length !== undefined)
  if (mask === false) return Buffer.concat([header, bytes])
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = (bytes[i] ?? 0) ^ (mask[i & 3] ?? 0)
  return Buffer.concat([header, mask, bytes])
}

function encodeHeader(first: number, length: bigint, isMasked: boolean, isLong: boolean): Buffer {
  const maskBit = isMasked ? 0x80 : 0
  if (!isLong && length < 126n) return Buffer.from([first, maskBit | Number(length)])
  if (!isLong && length < 65_536n) {
    const header = Buffer.from([first, maskBit | 126, 0, 0])
    header.writeUInt16BE(Number(length), 2)
    return header
  }
  const header = Buffer.from([first, maskBit | 127, 0, 0, 0, 0, 0, 0, 0, 0])
  header.writeBigUInt64BE(length, 2)
  return header
}

/** The payload of a close frame. */
export function closePayload(code?: number, reason: string | Uint8Array = ''): Buffer {
  if (code === undefined) return Buffer.alloc(0)
  const head = Buffer.alloc(2)
  head.writeUInt16BE(code)
  return Buffer.concat([head, Buffer.from(reason)])
}

/** Cuts bytes into frames. */
export class FrameReader {
  #chunks: Buffer[] = []
  #length = 0
  #needed = 2

  push(chunk: Buffer): RawFrame[] {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    const frames: RawFrame[] = []
    while (this.#length >= this.#needed) {
      const bytes = this.#chunks.length === 1 && this.#chunks[0] ? this.#chunks[0] : Buffer.concat(this.#chunks)
      const frame = decodeFrame(bytes)
      if (typeof frame === 'number') {
        this.#chunks = [bytes]
        this.#needed = frame
        continue
      }
      frames.push(frame.frame)
      this.#chunks = [bytes.subarray(frame.end)]
      this.#length = bytes.length - frame.end
      this.#needed = 2
    }
    return frames
  }
}

/** A frame and where it ends, or how many bytes it needs at least. */
function decodeFrame(bytes: Buffer): { frame: RawFrame; end: number } | number {
  const [first = 0, second = 0] = bytes
  const short = second & 0x7f
  const isMasked = (second & 0x80) !== 0
  const lengthEnd = short === 126 ? 4 : short === 127 ? 10 : 2
  if (bytes.length < lengthEnd) return lengthEnd
  const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short
  const start = lengthEnd + (isMasked ? 4 : 0)
  if (bytes.length < start + length) return start + length
  const payload = Buffer.from(bytes.subarray(start, start + length))
  if (isMasked) {
    for (let i = 0; i < length; i += 1) payload[i] = (payload[i] ?? 0) ^ (bytes[lengthEnd + (i & 3)] ?? 0)
  }
  const frame = { fin: (first & 0x80) !== 0, rsv: (first >> 4) & 7, opcode: first & 15, isMasked, payload }
  return { frame, end: start + length }
}
