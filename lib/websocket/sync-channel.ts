import type { MessagePort, Worker } from 'node:worker_threads'
import { UDPipeError } from '../sockets/errors.ts'
import { FLAG_COUNT, flag, type SyncReply, type SyncRequest, type SyncWorkerData } from './sync-protocol.ts'

/** How long a blocked thread sleeps before it looks whether the worker lives. */
const LOOK_INTERVAL_MS = 1_000

/** So many looks without a sign of life, and the worker counts as dead; it may take longer to start. */
const MAX_SILENT_LOOKS = 20
const MAX_STARTING_LOOKS = 60

/** What Node needs to run the source as it is written: in this repository alone. What is built needs nothing. */
const SOURCE_HOOK = '../../spec/support/typescript-loader.mjs'

/** The worker that does the work of all sync clients of this thread, and how this thread waits for it. */
export class SyncChannel {
  static #current: SyncChannel | undefined
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #flags = new Int32Array(new SharedArrayBuffer(FLAG_COUNT * Int32Array.BYTES_PER_ELEMENT))
  readonly #receive: (port: MessagePort) => { message: unknown } | undefined
  #isDead = false

  /** That of this thread; a new one when there is none, or it is dead. */
  static current(): SyncChannel {
    if (this.#current === undefined || this.#current.isDead) this.#current = new SyncChannel()
    return this.#current
  }

  private constructor() {
    const { MessageChannel, receiveMessageOnPort, Worker } = process.getBuiltinModule('node:worker_threads')
    const { port1, port2 } = new MessageChannel()
    const isSource = import.meta.url.endsWith('.ts')
    const workerData: SyncWorkerData = { port: port2, flags: this.#flags }
    this.#port = port1
    this.#receive = receiveMessageOnPort
    this.#worker = new Worker(new URL(isSource ? './sync-worker.ts' : './sync-worker.js', import.meta.url), {
      workerData,
      transferList: [port2],
      name: 'udpipe/websocket sync',
      ...(isSource && { execArgv: ['--import', new URL(SOURCE_HOOK, import.meta.url).href] }),
    })
    this.#worker.on('error', () => (this.#isDead = true))
    this.#worker.once('exit', () => (this.#isDead = true))
    // The process ends with the script, whatever is still open.
    this.#worker.unref()
    this.#port.unref()
  }

  /** Whether nothing can be asked of the worker any more. */
  get isDead(): boolean {
    return this.#isDead || Atomics.load(this.#flags, flag.isDead) === 1
  }

  /**
   * Asks, and blocks this thread until the answer is there. Returns `undefined` when the worker has died.
   *
   * @param transfer memory that is handed over, not copied
   * @throws UDPipeError what the worker's own call threw
   */
  call(request: SyncRequest, transfer: ArrayBuffer[] = []): { readonly result: unknown } | undefined {
    if (this.isDead) return undefined
    this.#port.postMessage(request, transfer)
    const reply = this.#awaitReply()
    if (reply === undefined || 'result' in reply) return reply
    const { code, message } = reply.error
    throw code === undefined ? new Error(message) : new UDPipeError(code, message)
  }

  /** Tells, without waiting. */
  tell(request: SyncRequest): void {
    if (!this.isDead) this.#port.postMessage(request)
  }

  #awaitReply(): SyncReply | undefined {
    let silentLooks = 0
    let beats = -1
    for (;;) {
      // Read before looking, so that a reply that comes in between is not slept through.
      const replies = Atomics.load(this.#flags, flag.replies)
      const received = this.#receive(this.#port)
      if (received !== undefined) return received.message as SyncReply
      if (this.isDead) return undefined
      if (Atomics.wait(this.#flags, flag.replies, replies, LOOK_INTERVAL_MS) !== 'timed-out') continue
      const seen = Atomics.load(this.#flags, flag.beats)
      silentLooks = seen === beats ? silentLooks + 1 : 0
      beats = seen
      if (silentLooks > this.#maxSilentLooks) this.#isDead = true
    }
  }

  get #maxSilentLooks(): number {
    return Atomics.load(this.#flags, flag.isReady) === 1 ? MAX_SILENT_LOOKS : MAX_STARTING_LOOKS
  }
}
