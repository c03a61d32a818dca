import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Figures, Report } from '../workloads/workload.ts'
import type { EndMessage, EndOrder } from './messages.ts'

const program = fileURLToPath(new URL('end.ts', import.meta.url))

/** What an end had counted at a moment. */
export interface Mark {
  readonly counters: Figures
  readonly cpuMs: number
  readonly atMs: number
}

/** A process that does one end of a workload. */
export class EndProcess {
  readonly #child: ChildProcess
  readonly #ready: Promise<number>
  /** What this end measured. */
  readonly report: Promise<Report>
  #resolveMark: ((mark: Mark) => void) | undefined

  /** `prefix` is a command that runs another: on one core, in another network. */
  constructor(order: EndOrder, prefix: readonly string[]) {
    const [command, ...args] = [...prefix, process.execPath, '--import', 'tsx', program, JSON.stringify(order)]
    this.#child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const ready = withResolvers<number>()
    const report = withResolvers<Report>()
    this.#ready = ready.promise
    this.report = report.promise
    this.report.catch(() => {})
    const fail = (error: Error) => {
      ready.reject(error)
      report.reject(error)
    }
    this.#child.on('message', (message: EndMessage) => {
      if (message.type === 'ready') ready.resolve(message.port)
      else if (message.type === 'result') report.resolve(message.report)
      else if (message.type === 'counters') this.#resolveMark?.(message)
      else fail(new Error(message.message))
    })
    this.#child.once('error', fail)
    this.#child.once('exit', (code, signal) => fail(new Error(`The ${order.role} end ended: ${signal ?? code}`)))
  }

  /** Resolves with the port when the end listens or is connected. */
  ready(): Promise<number> {
    return this.#ready
  }

  /** Asks for its counters. */
  mark(): Promise<Mark> {
    return new Promise((resolve) => {
      this.#resolveMark = resolve
      this.#child.send('counters')
    })
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }
}

interface Resolvers<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: Error) => void
}

/** As `Promise.withResolvers`, which Node 20 does not have. */
function withResolvers<T>(): Resolvers<T> {
  let settle: Omit<Resolvers<T>, 'promise'> | undefined
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }))
  promise.catch(() => {})
  return { promise, ...(settle as unknown as Omit<Resolvers<T>, 'promise'>) }
}
