import { setTimeout as delay } from 'node:timers/promises'
import { styleText } from 'node:util'

/** Something that the demonstration claims, with the number that was measured, and whether it came true. */
export interface Finding {
  readonly claim: string
  readonly measured: string
  readonly isTrue: boolean
}

type Style = Parameters<typeof styleText>[0]

/** Standard output: colours and pauses for people, neither for pipes. */
export class Screen {
  readonly #isWatched = process.stdout.isTTY
  readonly #isColored = process.stdout.isTTY && process.stdout.hasColors()
  #chapters = 0

  title(text: string): void {
    console.log(`\n ${this.#style('bold', text)}`)
  }

  async chapter(heading: string, explanation: string): Promise<void> {
    await this.pause(500)
    this.#chapters += 1
    console.log(`\n ${this.#style(['bold', 'cyan'], `${this.#chapters}  ${heading}`)}\n    ${explanation}\n`)
    await this.pause(400)
  }

  /** A line of `setDebug`. */
  async datagram(line: string): Promise<void> {
    const styled = line.replace('→', this.#style('cyan', '→')).replace('←', this.#style('green', '←'))
    console.log(`    ${line.includes('·') ? this.#style('dim', line) : styled}`)
    await this.pause(100)
  }

  /** Something that happened, `atMs` milliseconds after it began. */
  event(atMs: number, text: string): void {
    console.log(`    ${this.#style('dim', milliseconds(atMs).padStart(9))}  ${text}`)
  }

  /** A row of a table. */
  row(heading: string, cells: readonly string[]): void {
    console.log(`    ${heading.padEnd(12)}${cells.map((cell) => cell.padStart(12)).join('')}`)
  }

  finding({ claim, measured, isTrue }: Finding): void {
    console.log(`    ${this.#mark(isTrue)} ${claim}: ${this.#style('bold', measured)}`)
  }

  summary(findings: readonly Finding[]): void {
    const claimWidth = Math.max(...findings.map(({ claim }) => claim.length))
    const measuredWidth = Math.max(...findings.map(({ measured }) => measured.length))
    const rule = this.#style('dim', '─'.repeat(claimWidth + measuredWidth + 5))
    console.log(`\n ${this.#style(['bold', 'cyan'], 'Summary')}\n    ${rule}`)
    for (const { claim, measured, isTrue } of findings) {
      console.log(`    ${claim.padEnd(claimWidth)}  ${measured.padStart(measuredWidth)}  ${this.#mark(isTrue)}`)
    }
    console.log(`    ${rule}\n`)
  }

  failure(text: string): void {
    console.log(`\n    ${this.#mark(false)} ${text}\n`)
  }

  /** Time to read. */
  async pause(ms: number): Promise<void> {
    if (this.#isWatched) await delay(ms)
  }

  #mark(isTrue: boolean): string {
    return isTrue ? this.#style('green', '✓') : this.#style('red', '✗')
  }

  #style(style: Style, text: string): string {
    return this.#isColored ? styleText(style, text) : text
  }
}

/** `0.12 ms`, `12.3 ms`, `1,234 ms`. */
export function milliseconds(ms: number): string {
  const digits = ms < 1 ? 2 : ms < 100 ? 1 : 0
  return `${ms.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })} ms`
}
