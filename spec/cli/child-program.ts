import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach } from 'vitest'

const ROOT = new URL('../../', import.meta.url)
/** Long enough for a busy machine; whoever waits this long waits in vain. */
const PATIENCE_MS = 15_000

/** How a program ended: its exit code, or the signal that ended it. */
type Ending = number | NodeJS.Signals

const running = new Set<ChildProgram>()

afterEach(async () => {
  for (const program of running) program.kill('SIGKILL')
  await Promise.all([...running].map((program) => program.ended))
})

/** A program of this package, run from its source in a process of its own, which does not outlive the test. */
export class ChildProgram {
  readonly ended: Promise<Ending>
  readonly #process: ChildProcessWithoutNullStreams
  readonly #stdout: Buffer[] = []
  readonly #stderr: Buffer[] = []

  /** @param file relative to the root of the package */
  constructor(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const loaders = ['--conditions', '@udpipe/source', '--import', 'tsx']
    this.#process = spawn(process.execPath, [...loaders, fileURLToPath(new URL(file, ROOT)), ...args], {
      cwd: fileURLToPath(ROOT),
      env: { ...process.env, FORCE_COLOR: undefined, NO_COLOR: '1', ...env },
    })
    this.#process.stdout.on('data', (bytes: Buffer) => this.#stdout.push(bytes))
    this.#process.stderr.on('data', (bytes: Buffer) => this.#stderr.push(bytes))
    // A program that ends before it has read all of its input is no failure of the test.
    this.#process.stdin.on('error', () => {})
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
    this.#process.stdin.write(input)
  }

  /** Ends its standard input, after `input`. */
  end(input: string | Uint8Array = ''): void {
    this.#process.stdin.end(input)
  }

  /** Stops reading its standard output. */
  closeStdout(): void {
    this.#process.stdout.destroy()
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
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
