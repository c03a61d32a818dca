import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { ClientOptions } from 'udpipe/websocket'
import { RawServer } from '../../support/raw-peer.ts'
import type { Pair, Stage, Subject } from './subject.ts'

/** What a thread that holds blocking clients is asked. */
export type BlockingCall = readonly [client: number, method: string, ...args: unknown[]]

/** What came of it. */
export type BlockingResult =
  { readonly result: unknown } | { readonly code: string | undefined; readonly message: string }

/** A thread of its own for blocking clients, so that the specs' thread can play the other end. */
export class BlockingThread {
  readonly #worker: Worker
  #count = 0

  constructor() {
    this.#worker = new Worker(new URL('./blocking-thread.ts', import.meta.url), {
      execArgv: [
        '--conditions',
        '@udpipe/source',
        '--import',
        new URL('../../support/typescript-loader.mjs', import.meta.url).href,
      ],
    })
  }

  /** Makes a client; returns its number. */
  async create(options: ClientOptions = {}): Promise<number> {
    this.#count += 1
    await this.call(this.#count, 'create', options)
    return this.#count
  }

  /** Calls a method and waits, without blocking, until it has returned. */
  async call(...call: BlockingCall): Promise<unknown> {
    this.#worker.postMessage(call)
    const [answer] = (await once(this.#worker, 'message')) as [BlockingResult]
    if ('result' in answer) return answer.result
    throw Object.assign(new Error(answer.message), { code: answer.code })
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }
}

/** The client of `client.sync`, in a thread of its own. */
export async function syncStage(): Promise<Stage> {
  const raw = await RawServer.listen()
  const thread = new BlockingThread()
  const subjectOf = (number: number): Subject => ({
    state: () => thread.call(number, 'state') as Promise<string>,
    closed: () => thread.call(number, 'closed') as ReturnType<Subject['closed']>,
    receive: () => thread.call(number, 'receive') as ReturnType<Subject['receive']>,
    tryReceive: () => thread.call(number, 'tryReceive') as ReturnType<Subject['tryReceive']>,
    send: (...args) => thread.call(number, 'send', ...args) as ReturnType<Subject['send']>,
    close: (...args) => thread.call(number, 'close', ...args) as ReturnType<Subject['close']>,
    terminate: () => thread.call(number, 'terminate') as Promise<void>,
  })
  return {
    name: 'client.sync',
    isBlocking: true,
    isClient: true,
    async open(options?: ClientOptions): Promise<Pair> {
      const number = await thread.create(options)
      const connecting = thread.call(number, 'connect', `ws://127.0.0.1:${raw.port}`)
      const peer = await raw.accept()
      const [ok, error] = (await connecting) as [true | undefined, string]
      if (ok !== true) throw new Error(error)
      return { subject: subjectOf(number), peer }
    },
    unconnected: async () => subjectOf(await thread.create()),
    async close() {
      await thread.end()
      await raw.close()
    },
  }
}
