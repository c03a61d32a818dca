import { setTimeout as delay } from 'node:timers/promises'
import { UDPipeError } from '../index.ts'
import {
  createNetwork,
  EVENT_RECEIVE,
  type ClientConnection,
  type ConnectionStats,
  type Network,
  type NetworkEvent,
  type Table,
} from '../network/index.ts'
import { LineFramer } from './framers.ts'
import { pump, type MessageSink } from './pump.ts'
import { Output } from './output.ts'
import { Report } from './report.ts'
import { closeOnSignals } from './signals.ts'
import { formatTable, parseTable } from './table-json.ts'

/** How often what happened is looked for, and queues that have to drain. */
const POLL_MS = 10
/** Input is not read while more tables wait than this. */
const MAX_WAITING_TABLES = 1_024

/** The options that `table listen` and `table connect` have in common. */
export interface TableOptions {
  readonly key?: string
  readonly udp?: true
  readonly quiet?: true
}

/** Tables between standard input and standard output, a line of JSON each; what happens is told on standard error. */
export abstract class TableEnd implements MessageSink {
  protected readonly network: Network = createNetwork({ overflow: 'pause' })
  protected readonly report: Report
  readonly #output: Output
  readonly #over = new AbortController()
  #lineNumber = 0
  #sent = 0
  #received = 0

  constructor({ quiet }: TableOptions) {
    this.report = new Report(quiet === true)
    this.#output = new Output(process.stdout, true, () => this.close())
  }

  /** Opens it, and returns whether that worked. */
  protected abstract open(): Promise<boolean>
  /** What happened beside tables. */
  protected abstract handle(event: NetworkEvent): void
  /** Sends a table to everybody there is, and returns to how many. */
  protected abstract pass(table: Table): number
  /** Whether there is somebody to send to. */
  protected abstract readonly isConnected: boolean
  /** What was counted of those that tables go to. */
  protected abstract stats(): readonly ConnectionStats[]
  /** Standard input has ended, and all of it was sent. */
  protected abstract handleInputEnd(): void
  /** Ends it; {@link finish} follows. */
  protected abstract close(): void

  /** Opens it, runs until it is over, and returns the exit code. */
  async runToEnd(): Promise<number> {
    if (!(await this.#tryOpen())) return this.report.exitCode
    closeOnSignals((signal) => {
      this.report.event(`${signal}: closing; once more ends at once`)
      this.close()
    })
    const input = this.#pump()
    const { signal } = this.#over
    while (!signal.aborted) {
      this.#poll()
      await delay(POLL_MS, undefined, { signal }).catch(() => {})
    }
    await input
    this.#poll()
    this.report.event(`sent ${tables(this.#sent)}, received ${tables(this.#received)}`)
    if (this.#output.droppedMessages > 0) {
      this.report.failure(`${tables(this.#output.droppedMessages)} dropped: standard output was not read fast enough`)
    }
    return this.report.exitCode
  }

  async ready(signal: AbortSignal): Promise<void> {
    while (!this.isConnected || this.#mostWaiting() > MAX_WAITING_TABLES) await delay(POLL_MS, undefined, { signal })
  }

  async drained(signal: AbortSignal): Promise<void> {
    while (this.#mostWaiting() > 0) await delay(POLL_MS, undefined, { signal })
  }

  take(line: Buffer): void {
    this.#lineNumber += 1
    if (line.length === 0) return
    try {
      if (this.pass(parseTable(line.toString())) > 0) this.#sent += 1
      else this.#reportUnsent('nobody took it')
    } catch (error) {
      if (!(error instanceof UDPipeError || error instanceof SyntaxError)) throw error
      this.#reportUnsent(error.message)
    }
  }

  /** It is over. */
  protected finish(): void {
    this.#over.abort()
  }

  protected nameOf(connection: ClientConnection): string {
    return `client ${connection.GetSocket()} (${connection.GetAddress()}, port ${connection.GetPort()})`
  }

  async #tryOpen(): Promise<boolean> {
    try {
      return await this.open()
    } catch (error) {
      if (!(error instanceof UDPipeError)) throw error
      this.report.failure(error.message)
      return false
    }
  }

  #mostWaiting(): number {
    return Math.max(0, ...this.stats().map(({ waitingTables }) => waitingTables))
  }

  #poll(): void {
    for (const event of this.network.PollEvents()) {
      if (event.Event === EVENT_RECEIVE) {
        this.#received += 1
        this.#output.write(Buffer.from(formatTable(event.Packet)))
      } else this.handle(event)
    }
  }

  async #pump(): Promise<void> {
    try {
      if (await pump(process.stdin, new LineFramer(), this, this.#over.signal)) this.handleInputEnd()
    } catch (error) {
      this.report.failure(`standard input: ${(error as Error).message}`)
      this.close()
    }
  }

  #reportUnsent(reason: string): void {
    this.report.failure(`line ${this.#lineNumber} was not sent: ${reason}`)
  }
}

function tables(count: number): string {
  return count === 1 ? '1 table' : `${count} tables`
}
