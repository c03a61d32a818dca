import type { Address } from '../core/address.ts'
import { formatAddress } from '../core/address.ts'
import { protocols } from '../host/protocols.ts'

/** Says in a few words what a datagram holds. */
export type Describe = (bytes: Uint8Array) => string

const DEFAULT_LINES = 60

/** The last things that happened in a simulation, to be printed when it went wrong. */
export class Trace {
  readonly #lines: string[] = []
  readonly #capacity: number
  readonly #describe: Describe
  #next = 0
  #total = 0

  /**
   * @param capacity how many lines it keeps: the last ones. Default 60
   * @param describe says what is in a datagram. Default {@link describeDatagram}
   * @throws RangeError for a capacity of less than one line
   */
  constructor(capacity: number = DEFAULT_LINES, describe: Describe = describeDatagram) {
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
    return `${bytes.length} B  ${this.#describe(bytes)}`
  }

  #add(line: string): void {
    this.#lines[this.#next] = line
    this.#next = (this.#next + 1) % this.#capacity
    this.#total += 1
  }
}

/**
 * A datagram of either protocol in a few words: `HELLO version 1`, `packet 17 with ack`. Of an encrypted packet that is all that shows; what
 * messages it carried, the trace says where they arrive.
 */
export function describeDatagram(bytes: Uint8Array): string {
  const classic = protocols.classic.describe(bytes)
  // A classic word is the whole datagram; anything else may be its data, or of the reliable protocol.
  return classic === 'data' ? protocols.reliable.describe(bytes) : classic
}

function start(time: number, name: string): string {
  return `${time.toFixed(3).padStart(12)}  ${name.padEnd(10)}`
}
