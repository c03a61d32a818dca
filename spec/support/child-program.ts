import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { bundleOf } from './bundles.ts'

const ROOT = new URL('../../', import.meta.url)
/** Long enough for a busy machine; whoever waits this long waits in vain. */
const PATIENCE_MS = 60_000

/** How a program ended: its exit code, or the signal that ended it. */
type Ending = number | NodeJS.Signals

/** How a program is run. */
export interface ChildProgramOptions {
  readonly env?: Readonly<Record<string, string>>
  /** What Node is told besides. */
  readonly nodeOptions?: readonly string[]
  /** The command, with its first arguments, that Node's own are handed to: what to run the program by. Default: none. */
  readonly runBy?: readonly string[]
  /** Another runtime and its first arguments, in place of Node and what Node is told; the file is a path then. */
  readonly insteadOfNode?: readonly string[]
}

const running = new Set<ChildProgram>()

/** Ends all that run, without asking, and waits for that. */
export async function endPrograms(): Promise<void> {
  await Promise.all([...running].map((program) => program.destroy()))
}

/**
 * A program of this package, run from its source in a process of its own, which {@link endPrograms} ends. What it sends to its
 * parent are answers, see {@link ask}.
 */
export class ChildProgram {
  readonly ended: Promise<Ending>
  readonly #process: ChildProcess
  readonly #stdout: Buffer[] = []
  readonly #stderr: Buffer[] = []

  /** @param file relative to the root of the package */
  constructor(
    file: string,
    args: readonly string[] = [],
    { env = {}, nodeOptions = [], runBy = [], insteadOfNode }: ChildProgramOptions = {},
  ) {
    const program =
      insteadOfNode === undefined ? [process.execPath, ...nodeOptions, ...programOf(file)] : [...insteadOfNode, file]
    const [command = '', ...rest] = [...runBy, ...program, ...args]
    this.#process = spawn(command, rest, {
      cwd: fileURLToPath(ROOT),
      env: { ...process.env, FORCE_COLOR: undefined, NO_COLOR: '1', ...env },
      stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
      // Messages may hold what JSON cannot say, such as Infinity.
      serialization: 'advanced',
    })
    this.#process.stdout?.on('data', (bytes: Buffer) => this.#stdout.push(bytes))
    this.#process.stderr?.on('data', (bytes: Buffer) => this.#stderr.push(bytes))
    // A program that ends before it has read all of its input is no failure of the test.
    this.#process.stdin?.on('error', () => {})
    this.ended = new Promise((resolve, reject) => {
      this.#process.on('error', reject)
      this.#process.on('close', (code, signal) => {
        running.delete(this)
        resolve(code ?? signal ?? NaN)
      })
    })
    running.add(this)
  }

  get stdout(): string {
    return this.stdoutBytes.toString()
  }

  get stdoutBytes(): Buffer {
    return Buffer.concat(this.#stdout)
  }

  get stderr(): string {
    return Buffer.concat(this.#stderr).toString()
  }

  /** Writes to its standard input. */
  write(input: string | Uint8Array): void {
    this.#process.stdin?.write(input)
  }

  /** Ends its standard input, after `input`. */
  end(input: string | Uint8Array = ''): void {
    this.#process.stdin?.end(input)
  }

  /** Stops reading its standard output. */
  closeStdout(): void {
    this.#process.stdout?.destroy()
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /** Ends it without asking, and waits for that. */
  async destroy(): Promise<void> {
    this.kill('SIGKILL')
    await this.ended
  }

  /** Tells it something, without waiting for an answer. */
  tell(message: object): void {
    this.#process.send(message)
  }

  /** Sends it a message and waits for the next one of its own; rejects when it ends before that. */
  async ask(message: object): Promise<unknown> {
    const answer = this.answer()
    this.tell(message)
    return await answer
  }

  /** The next message that it sends; rejects when it ends before that. */
  async answer(): Promise<unknown> {
    const over = new AbortController()
    try {
      const messages = once(this.#process, 'message', { signal: over.signal }) as Promise<[unknown]>
      const [answer] = await Promise.race([messages, this.#failToAnswer()])
      return answer
    } finally {
      over.abort()
    }
  }

  /** Waits until its standard output or error matches; rejects when it ends, or much time passes, before that. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    let match: RegExpExecArray | null = null
    const isMet = (): boolean => (match = pattern.exec(this.stderr) ?? pattern.exec(this.stdout)) !== null
    await this.#wait(isMet, String(pattern))
    return match as unknown as RegExpExecArray
  }

  /** Waits until its standard output has so many bytes. */
  async untilOutput(lengthBytes: number): Promise<void> {
    await this.#wait(() => this.stdoutBytes.length >= lengthBytes, `${lengthBytes} bytes of output`)
  }

  async #failToAnswer(): Promise<never> {
    const ending = await this.ended
    throw new Error(
      `It ended with ${ending} instead of an answer.\n--- stdout\n${this.stdout}\n--- stderr\n${this.stderr}`,
    )
  }

  async #wait(isMet: () => boolean, what: string): Promise<void> {
    const startedAt = performance.now()
    while (!isMet()) {
      if (!running.has(this) || performance.now() - startedAt > PATIENCE_MS) {
        throw new Error(`Waited in vain for ${what}.\n--- stdout\n${this.stdout}\n--- stderr\n${this.stderr}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

/** What Node is told to run a program: its bundle, or where there is none its source. */
function programOf(file: string): string[] {
  const bundle = bundleOf(file)
  if (bundle !== undefined) return [bundle]
  const loader = fileURLToPath(new URL('typescript-loader.mjs', import.meta.url))
  return ['--conditions', '@udpipe/source', '--import', loader, fileURLToPath(new URL(file, ROOT))]
}
