import { fstatSync } from 'node:fs'
import { SingleBar } from 'cli-progress'
import { formatRate } from './throughput.ts'

const STDIN = 0

/** How far a file on standard input has come: a bar on standard error. */
export class Progress {
  readonly #bar: SingleBar
  readonly #startedAt = performance.now()

  constructor(totalBytes: number) {
    this.#bar = new SingleBar({
      format: '{bar} {percentage} %  {value} of {total} bytes  {rate}',
      // A line that is said meanwhile takes the bar's place until it is drawn again.
      forceRedraw: true,
      hideCursor: true,
      clearOnComplete: true,
      stream: process.stderr,
    })
    this.#bar.start(totalBytes, 0, { rate: '' })
  }

  /** How many bytes have left, in all. */
  update(bytes: number): void {
    const elapsedMs = performance.now() - this.#startedAt
    const rate = elapsedMs > 0 ? formatRate((bytes / elapsedMs) * 1000) : ''
    this.#bar.update(Math.min(bytes, this.#bar.getTotal()), { rate })
  }

  /** Takes the bar away. */
  stop(): void {
    this.#bar.stop()
  }
}

/** The size of standard input when that is a file, and somebody watches standard error; otherwise `undefined`. */
export function watchedInputBytes(): number | undefined {
  if (!process.stderr.isTTY) return undefined
  const input = fstatSync(STDIN)
  return input.isFile() && input.size > 0 ? input.size : undefined
}
