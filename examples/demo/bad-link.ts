import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const COMMAND = fileURLToPath(new URL('../../lib/cli/main.ts', import.meta.url))

/** The command `udpipe sim` in a process of its own: a bad network before a server on 127.0.0.1. */
export class BadLink {
  /** Where it stands for the server. */
  static readonly host = '127.0.0.2'
  readonly #process: ChildProcess

  constructor(serverPort: number, options: readonly string[]) {
    const args = ['sim', '0', '127.0.0.1', String(serverPort), '--host', BadLink.host, ...options]
    // As the processes that are forked, it is loaded as this one was.
    this.#process = spawn(process.execPath, [...process.execArgv, COMMAND, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
  }

  /**
   * Resolves with the port that clients connect to.
   *
   * @throws Error when the command ends instead
   */
  async port(): Promise<number> {
    const { stderr } = this.#process
    if (stderr === null) throw new Error('nothing can be read of udpipe sim')
    const said: string[] = []
    for await (const line of createInterface({ input: stderr })) {
      said.push(line)
      const [, port] = /relaying \S+:(\d+) to/.exec(line) ?? []
      if (port !== undefined) return Number(port)
    }
    throw new Error(`udpipe sim has ended: ${said.join('; ')}`)
  }

  async end(): Promise<void> {
    const ended = once(this.#process, 'exit')
    this.kill('SIGINT')
    await ended
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }
}
