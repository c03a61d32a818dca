import { ignoreMessage, type Connection } from './adapter.ts'
import { Frames } from './frames.ts'

/** What a stream of Node, or one that is like it, has to have. */
export interface ByteStream {
  write(chunk: Buffer): unknown
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  destroy(): unknown
}

/** Messages over a stream. */
export class StreamConnection implements Connection {
  onMessage: (message: Uint8Array) => void = ignoreMessage
  readonly #stream: ByteStream
  readonly #queuedBytes: () => number
  readonly #frames: Frames

  constructor(stream: ByteStream, queuedBytes: () => number) {
    this.#stream = stream
    this.#queuedBytes = queuedBytes
    this.#frames = new Frames(
      (chunk) => stream.write(chunk),
      (message) => this.onMessage(message),
    )
    stream.on('data', (chunk) => this.#frames.receive(chunk))
    stream.on('error', () => {})
  }

  get queuedBytes(): number {
    return this.#queuedBytes()
  }

  send(message: Buffer): boolean {
    this.#frames.send(message)
    return true
  }

  close(): void {
    this.#stream.destroy()
  }
}
