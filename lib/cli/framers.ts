/** Cuts a stream of bytes into messages. */
export interface Framer {
  /** The messages that are complete with this chunk, as views of it where possible. */
  push(chunk: Buffer): Iterable<Buffer>
  /** The stream has ended: what is left of it. */
  end(): Iterable<Buffer>
}

/** Bounds what a line that never ends can make us keep: one byte more than the largest message that any protocol carries. */
const MAX_LINE_BYTES = 16 * 1024 * 1024 + 1
const NEWLINE = 0x0a

/**
 * Lines, without the newline that ends each. The last one may lack it. Of a line longer than `maxLineBytes` comes only its
 * beginning, which is too long for a message all the same.
 */
export class LineFramer implements Framer {
  readonly #maxLineBytes: number
  #parts: Buffer[] = []
  #length = 0

  constructor(maxLineBytes: number = MAX_LINE_BYTES) {
    this.#maxLineBytes = maxLineBytes
  }

  *push(chunk: Buffer): Generator<Buffer, void, void> {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      yield this.#complete(chunk.subarray(start, end))
      start = end + 1
    }
    this.#keep(chunk.subarray(start))
  }

  *end(): Generator<Buffer, void, void> {
    if (this.#length > 0) yield this.#complete(Buffer.alloc(0))
  }

  #complete(last: Buffer): Buffer {
    if (this.#length === 0) return last.subarray(0, this.#maxLineBytes)
    this.#keep(last)
    const line = Buffer.concat(this.#parts, this.#length)
    this.#parts = []
    this.#length = 0
    return line
  }

  #keep(part: Buffer): void {
    const kept = part.subarray(0, this.#maxLineBytes - this.#length)
    if (kept.length === 0) return
    this.#parts.push(kept)
    this.#length += kept.length
  }
}

/** Whatever comes, in pieces of `maxBytes` at most. Nothing is kept back, so a slow stream is not delayed. */
export class ByteFramer implements Framer {
  readonly #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  *push(chunk: Buffer): Generator<Buffer, void, void> {
    for (let start = 0; start < chunk.length; start += this.#maxBytes) {
      yield chunk.subarray(start, start + this.#maxBytes)
    }
  }

  end(): Iterable<Buffer> {
    return []
  }
}
