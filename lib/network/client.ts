import { parseWait } from './link/arguments.ts'
import { EVENT_CONNECTED, EVENT_ERROR, EVENT_RECEIVE, EVENT_SERVER_CLOSE } from './event.ts'
import type { ConnectionStats, Link, LinkOwner } from './link/link.ts'
import type { Hub } from './hub.ts'
import type { ClientSettings } from './link/options.ts'
import { result, type Result } from './link/result.ts'
import { closeCodes } from './wire/close-code.ts'
import type { Table } from './wire/table-check.ts'

/** What connects to a server, and sends to it: the object that `Client()` resolves with. */
export class Client implements AsyncDisposable {
  readonly #network: Hub
  readonly #settings: ClientSettings
  readonly #givenAddress: string
  readonly #link: Link
  readonly #startedAtMs = performance.now()
  readonly #connectTimer: NodeJS.Timeout
  /** Whether it was connected, as soon as that is known. */
  readonly #outcome: Promise<boolean>
  #resolveOutcome: (isConnected: boolean) => void = () => {}
  #outcomeSeconds: number | undefined
  /** What went wrong before the outcome, and is told after it. */
  #early: Result[] = []
  readonly #ended: Promise<void>
  #resolveEnded: () => void = () => {}

  /**
   * @param dial opens the connection
   * @internal
   */
  constructor(network: Hub, settings: ClientSettings, address: string, dial: (owner: LinkOwner) => Link) {
    this.#network = network
    this.#settings = settings
    this.#givenAddress = address
    this.#outcome = new Promise((resolve) => (this.#resolveOutcome = resolve))
    this.#ended = new Promise((resolve) => (this.#resolveEnded = resolve))
    this.#link = dial({
      admitLink: () => true,
      handleStanding: () => this.#settle(true, 'OK'),
      handleTable: (_link, table, memoryBytes) => this.#handleTable(table, memoryBytes),
      handleError: (_link, error) => this.#handleError(error),
      handleLeaving: (link, why) => this.#handleLeaving(link, why),
      handleEnd: (link, why, unsent) => this.#handleEnd(link, why, unsent),
    })
    // What arrived while this side's loop stood still is heard before the time is judged to be over.
    this.#connectTimer = setTimeout(() => setImmediate(this.#handleConnectTimeout), settings.connectTimeoutMs)
    this.#connectTimer.unref()
  }

  /**
   * Sends a table to the server. It leaves at the end of this turn of the event loop, or waits for the connection.
   *
   * @returns whether it was accepted: not after the end of the connection, nor when the queue is full
   * @throws UDPipeError `ERR_TABLE_INVALID`, `ERR_MESSAGE_TOO_LARGE`
   */
  Send(table: Table): boolean {
    return this.#link.send(this.#network.codec.encode(table, this.#settings))
  }

  /** Ends the connection, after what was sent; or the dialling. Twice is harmless. */
  Disconnect(): void {
    clearTimeout(this.#connectTimer)
    this.#link.close()
    // Who called it off needs no event of it.
    this.#finishDialling(false)
  }

  /**
   * Waits until it is known whether the connection stands. A timeout ends the waiting, not the dialling.
   *
   * @param timeoutSeconds 0.25 to 10, default 2
   * @returns whether it is connected, and how many seconds that took to come out, however late one asks; or have passed until now
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`
   */
  WaitForConnect(timeoutSeconds = 2): Promise<[boolean, number]> {
    return this.#wait(parseWait(timeoutSeconds))
  }

  /** A number that no other server, client or connection of this process ever has. */
  GetSocket(): number {
    return this.#link.socketId
  }

  /** The server's port; null as long as there was no connection. */
  GetPort(): number | null {
    return this.#link.hasStood ? this.#link.port : null
  }

  /** The server's IP address; what was given, until a name has been looked up. */
  GetAddress(): string {
    return this.#link.address === '' ? this.#givenAddress : this.#link.address
  }

  /** What was counted so far: a copy. */
  get stats(): ConnectionStats {
    return this.#link.stats
  }

  /** As {@link Disconnect}; resolves when everything has ended. */
  [Symbol.asyncDispose](): Promise<void> {
    this.Disconnect()
    return this.#ended
  }

  async #wait(timeoutMs: number): Promise<[boolean, number]> {
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), timeoutMs)
    })
    const isConnected = await Promise.race([this.#outcome, timeout])
    clearTimeout(timer)
    return [isConnected, this.#outcomeSeconds ?? this.#elapsedSeconds]
  }

  get #elapsedSeconds(): number {
    return (performance.now() - this.#startedAtMs) / 1000
  }

  /** Known from now on; returns whether it was not before. */
  #finishDialling(isConnected: boolean): boolean {
    if (this.#outcomeSeconds !== undefined) return false
    clearTimeout(this.#connectTimer)
    this.#outcomeSeconds = this.#elapsedSeconds
    this.#resolveOutcome(isConnected)
    return true
  }

  #settle(isConnected: boolean, why: Result): void {
    if (!this.#finishDialling(isConnected)) return
    const Timestamp = this.#network.timestamp()
    this.#network.push({ Event: EVENT_CONNECTED, Timestamp, Object: this, Errors: why, Result: isConnected })
    const early = this.#early
    this.#early = []
    for (const error of early) if (error !== why) this.#handleError(error)
  }

  #handleTable(table: Table, memoryBytes: number): void {
    const Timestamp = this.#network.timestamp()
    this.#network.push({ Event: EVENT_RECEIVE, Timestamp, Object: this, Errors: 'OK', Packet: table }, memoryBytes)
  }

  #handleError(error: Result): void {
    if (this.#outcomeSeconds === undefined) this.#early.push(error)
    else this.#network.push({ Event: EVENT_ERROR, Timestamp: this.#network.timestamp(), Object: this, Errors: error })
  }

  #handleLeaving({ hasStood }: Link, why: Result): void {
    // The program's own Disconnect settles without a word.
    if (!hasStood && why !== 'OK') this.#settle(false, refusedFor(why))
  }

  #handleEnd({ hasStood }: Link, why: Result, unsentTables: number): void {
    if (hasStood) {
      const Timestamp = this.#network.timestamp()
      this.#network.push({ Event: EVENT_SERVER_CLOSE, Timestamp, Object: this, Errors: why, Unsent: unsentTables })
    } else this.#settle(false, refusedFor(why))
    this.#resolveEnded()
  }

  readonly #handleConnectTimeout = (): void => {
    if (this.#outcomeSeconds !== undefined) return
    // Nothing is read while too much waits to be polled, and that is not the server's fault.
    if (this.#network.isPaused) {
      this.#connectTimer.refresh()
      return
    }
    const { connectTimeoutMs } = this.#settings
    const sentence = `there was no connection within ${connectTimeoutMs} ms: is the server running, and does a firewall let it through?`
    this.#link.close(closeCodes.timeout, 'the client gave up', result('ERR_CONNECT_TIMEOUT', sentence))
  }
}

/** A server that closed on purpose before there was a connection has refused one. */
function refusedFor(why: Result): Result {
  if (why !== 'OK' && !why.startsWith('OK:')) return why
  return result('ERR_CONNECT_REFUSED', `the server closed before there was a connection${why.slice('OK'.length)}`)
}
