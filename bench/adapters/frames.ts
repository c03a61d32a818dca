const HEADER_BYTES = 4
const CHUNK_BYTES = 64 * 1024

/** Messages on a stream of bytes: a length of four bytes before each. What is sent in one turn of the event loop is written at once. */
export class Frames {
  readonly #write: (chunk: Buffer) => void
  readonly #onMessage: (message: Uint8Array) => void
  #chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  #end = 0
  #isFlushRequested = false
  #rest: Buffer | undefined

  constructor(write: (chunk: Buffer) => void, onMessage: (message: Uint8Array) => void) {
    this.#write = write
    this.#onMessage = onMessage
  }

  send(message: Uint8Array): void {
    const lengthBytes = HEADER_BYTES + message.length
    if (this.#end + lengthBytes > this.#chunk.length) this.#renew(Math.max(CHUNK_BYTES, lengthBytes))
    this.#chunk.writeUInt32LE(message.length, this.#end)
    this.#chunk.set(message, this.#end + HEADER_BYTES)
    this.#end += lengthBytes
    if (this.#isFlushRequested) return
    this.#isFlushRequested = true
    queueMicrotask(this.#flush)
  }

  /** Takes what the stream brought. */
  receive(bytes: Uint8Array): void {
    let chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (this.#rest !== undefined) chunk = Buffer.concat([this.#rest, chunk])
    let start = 0
    while (chunk.length - start >= HEADER_BYTES) {
      const end = start + HEADER_BYTES + chunk.readUInt32LE(start)
      if (end > chunk.length) break
      this.#onMessage(chunk.subarray(start + HEADER_BYTES, end))
      start = end
    }
    this.#rest = start < chunk.length ? chunk.subarray(start) : undefined
  }

  readonly #flush = (): void => {
    this.#isFlushRequested = false
    this.#writeOut()
  }

  #renew(lengthBytes: number): void {
    this.#writeOut()
    this.#chunk = Buffer.allocUnsafeSlow(lengthBytes)
  }

  /** The stream keeps what it was given, so that part of the memory is not written again. */
  #writeOut(): void {
    if (this.#end === 0) return
    this.#write(this.#chunk.subarray(0, this.#end))
    this.#chunk = this.#chunk.subarray(this.#end)
    this.#end = 0
  }
}
