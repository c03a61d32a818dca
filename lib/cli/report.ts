import { terminalColors, type Colors } from '../node/terminal-colors.ts'
import { exitCodes } from './exit-codes.ts'

/** What is said on standard error, one line an event, and what follows from it for the exit code. */
export class Report {
  readonly #isQuiet: boolean
  readonly #colors: Colors
  #hasFailed = false

  /** A quiet report says only what goes wrong. */
  constructor(isQuiet: boolean) {
    const { stderr } = process
    this.#isQuiet = isQuiet
    this.#colors = terminalColors(stderr)
    // When nobody reads it any more, there is nobody to tell.
    stderr.on('error', () => {})
  }

  get exitCode(): number {
    return this.#hasFailed ? exitCodes.failure : exitCodes.done
  }

  /** Something has happened. */
  event(text: string): void {
    if (!this.#isQuiet) this.#write(printable(text))
  }

  /** Something good has happened. */
  success(text: string): void {
    if (!this.#isQuiet) this.#write(this.#colors.green(printable(text)))
  }

  /** Something that may pass. */
  warning(text: string): void {
    if (!this.#isQuiet) this.#write(this.#colors.yellow(printable(text)))
  }

  /** Something that fails the command, though it may go on for now. */
  failure(text: string): void {
    this.#hasFailed = true
    this.#write(this.#colors.red(printable(text)))
  }

  #write(text: string): void {
    process.stderr.write(`${this.#colors.dim('udpipe:')} ${text}\n`)
  }
}

/** Whatever an event quotes from the other side must not steer the terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '\uFFFD')
}
