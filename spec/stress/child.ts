import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** A program of this folder in a process of its own, which answers each message with one. */
export class Child {
  greeting: unknown
  readonly #process: ChildProcess

  private constructor(child: ChildProcess) {
    this.#process = child
  }

  /** Starts a program; resolves when it sends its first message, which is `greeting`. */
  static async start(program: string, ...args: string[]): Promise<Child> {
    const path = fileURLToPath(new URL(`programs/${program}`, import.meta.url))
    const execArgv = ['--conditions', '@udpipe/source', '--import', 'tsx', '--expose-gc']
    const started = fork(path, args, { execArgv })
    onTestFinished(() => void started.kill())
    const child = new Child(started)
    child.greeting = await child.#next()
    return child
  }

  async ask(question: object): Promise<unknown> {
    this.#process.send(question)
    return this.#next()
  }

  async #next(): Promise<unknown> {
    const [message] = (await once(this.#process, 'message')) as [unknown]
    return message
  }
}
