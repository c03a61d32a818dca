import type { Address } from '../core/address.ts'
import { formatAddress } from '../core/address.ts'

/** Says in a few words what a datagram holds. */
export type Describe = (bytes: Uint8Array) => string

const DEFAULT_LINES = 400

/** The last things that happened in a simulation, to be printed when it went wrong. */
export class Trace {
  readonly #lines: string[] = []
  readonly #capacity: number
  readonly #describe: Describe | undefined
  #next = 0
  #total = 0

  /** Keeps the last `capacity` lines. `describe` adds what is in a datagram. */
  constructor(capacity: number = DEFAULT_LINES, describe?: Describe) {
    if (!(capacity >= 1)) throw new RangeError(`A trace must hold at least one line, not ${capacity}.`)
    this.#capacity = Math.floor(capacity)
    this.#describe = describe
  }

  /** The lines, oldest first. */
  get lines(): string[] {
    return [...this.#lines.slice(this.#next), ...this.#lines.slice(0, this.#next)]
  }

  /** A datagram left a socket. */
  sent(time: number, name: string, bytes: Uint8Array, destination: Address, fate: string): void {
    const what = fate === 'sent' ? '' : `  ${fate.toUpperCase()}`
    this.#add(`${start(time, name)} → ${formatAddress(destination)} ${this.#content(bytes)}${what}`)
  }

  /** A datagram reached a socket, or nobody; `fate` says so where it was not taken in. */
  arrived(time: number, name: string, bytes: Uint8Array, source: Address, fate: string): void {
    const what = fate === '' ? '' : `  ${fate.toUpperCase()}`
    this.#add(`${start(time, name)} ← ${formatAddress(source)} ${this.#content(bytes)}${what}`)
  }

  /** Anything else that is worth a line. */
  note(time: number, name: string, text: string): void {
    this.#add(`${start(time, name)} * ${text}`)
  }

  /** The lines as one text, with a word on how many went before them. */
  toString(): string {
    const forgotten = this.#total - this.#lines.length
    const head = forgotten > 0 ? [`… ${forgotten} earlier lines`] : []
    return [...head, ...this.lines].join('\n')
  }

  #content(bytes: Uint8Array): string {
    const description = this.#describe === undefined ? '' : `  ${this.#describe(bytes)}`
    return `${bytes.length} B${description}`
  }

  #add(line: string): void {
    this.#lines[this.#next] = line
    this.#next = (this.#next + 1) % this.#capacity
    this.#total += 1
  }
}

function start(time: number, name: string): string {
  return `${time.toFixed(3).padStart(12)}  ${name.padEnd(10)}`
}
