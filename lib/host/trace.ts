import type { Logger } from '../options/options.ts'
import { formatAddress, type Address } from '../core/address.ts'
import type { Color, Terminal } from '../port/platform.ts'

/**
 * One aligned, readable line for each datagram and event:
 *
 * ```
 *     0.012  :51207  →  127.0.0.1:1234         HELLO ······              12 B
 *     0.013  :51207  ←  127.0.0.1:1234         CONNECT 127.0.0.1 40112   23 B
 *     0.013  :51207  ·  127.0.0.1:40112        onConnecting
 * ```
 */
export class Trace {
  readonly #logger: Logger
  readonly #terminal: Terminal | undefined
  readonly #clock: () => number
  readonly #startedAt: number
  /** Whether lines are wanted at all; look before you describe anything. */
  isOn: boolean

  /** Lines go to the `logger`, where there is one, without colours: else to the terminal. */
  constructor(terminal: Terminal, logger: Logger | undefined, isOn: boolean, clock: () => number) {
    this.#logger = logger ?? terminal
    this.#terminal = logger === undefined ? terminal : undefined
    this.#clock = clock
    this.#startedAt = clock()
    this.isOn = isOn || terminal.isDebugging
  }

  sent(localPort: number, to: Address, what: string, lengthBytes: number): void {
    this.#datagram(this.#paint('cyan', '→'), localPort, to, what, lengthBytes)
  }

  received(localPort: number, from: Address, what: string, lengthBytes: number): void {
    this.#datagram(this.#paint('green', '←'), localPort, from, what, lengthBytes)
  }

  event(localPort: number, remote: Address, what: string): void {
    if (this.isOn) this.#logger.debug(`${this.#place('·', localPort, remote)}${this.#paint('yellow', what)}`)
  }

  /** What the system said of a datagram that was sent. */
  hint(code: string): void {
    if (this.isOn) this.#logger.debug(this.#paint('dim', `hint: ${code}`))
  }

  /** Something its reader should know even when nobody asked for lines. */
  warn(sentence: string): void {
    this.#logger.warn(`udpipe: ${sentence}`)
  }

  #datagram(arrow: string, localPort: number, remote: Address, what: string, lengthBytes: number): void {
    this.#logger.debug(`${this.#place(arrow, localPort, remote)}${what.padEnd(32)}${`${lengthBytes} B`.padStart(8)}`)
  }

  #place(mark: string, localPort: number, remote: Address): string {
    const seconds = ((this.#clock() - this.#startedAt) / 1000).toFixed(3).padStart(9)
    const local = `:${localPort}`.padEnd(7)
    return `${this.#paint('dim', seconds)}  ${local} ${mark}  ${formatAddress(remote).padEnd(22)} `
  }

  #paint(color: Color, text: string): string {
    return this.#terminal === undefined ? text : this.#terminal.paint(color, text)
  }
}
