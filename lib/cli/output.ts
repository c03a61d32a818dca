import type { Writable } from 'node:stream'

/** What waits for a reader that does not read; more is dropped and counted. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024

const NEWLINE = Buffer.from('\n')

/** Standard output: what arrives in one step is written at once. */
export class Output {
  readonly #stream: Writable
  readonly #terminator: Buffer | undefined
  readonly #maxWaitingBytes: number
  #parts: Buffer[] = []
  #partsBytes = 0
  #droppedMessages = 0
  #isBroken = false

  /**
   * @param endsLines whether each message becomes a line
   * @param onBroken the reader has gone: what is written from now on goes nowhere
   */
  constructor(
    stream: Writable,
    endsLines: boolean,
    onBroken: (error: Error) => void,
    maxWaitingBytes: number = MAX_WAITING_BYTES,
  ) {
    this.#stream = stream
    this.#terminator = endsLines ? NEWLINE : undefined
    this.#maxWaitingBytes = maxWaitingBytes
    stream.on('error', (error) => {
      this.#isBroken = true
      onBroken(error)
    })
  }

  /** Messages that were dropped because the reader was too slow for them. */
  get droppedMessages(): number {
    return this.#droppedMessages
  }

  /** Writes a message at the end of this turn of the event loop. */
  write(message: Buffer, prefix = ''): void {
    if (this.#isBroken) return
    if (this.#partsBytes + this.#stream.writableLength >= this.#maxWaitingBytes) {
      this.#droppedMessages += 1
      return
    }
    if (this.#parts.length === 0) queueMicrotask(this.#flush)
    if (prefix !== '') this.#push(Buffer.from(prefix))
    this.#push(message)
    if (this.#terminator !== undefined) this.#push(this.#terminator)
  }

  #push(part: Buffer): void {
    this.#parts.push(part)
    this.#partsBytes += part.length
  }

  readonly #flush = (): void => {
    const bytes = Buffer.concat(this.#parts, this.#partsBytes)
    this.#parts = []
    this.#partsBytes = 0
    this.#stream.write(bytes)
  }
}
