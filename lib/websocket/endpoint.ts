import { checkClose } from '../sockets/close-codes.ts'
import type { Connection, DataOpcode, End } from '../sockets/connection.ts'
import { invalidArgument, UDPipeError } from '../sockets/errors.ts'
import { Inbox } from '../sockets/inbox.ts'
import type { ConnectionLimits } from '../sockets/limits.ts'
import { ends } from '../sockets/reasons.ts'
import { opcodeOf, payloadOf, pingPayload, type Sendable } from './messages.ts'
import {
  accepted,
  queueFull,
  toCloseResult,
  toReceiveResult,
  toSendResult,
  type CloseResult,
  type Message,
  type ReceiveResult,
  type SendResult,
} from './results.ts'
import { connectionStats, type ConnectionStats } from './stats.ts'
import { Waiter } from './waiter.ts'

/** What `onMessage` takes. */
export type MessageHandler = (message: string | Buffer, opcode: DataOpcode) => unknown

/** What `receive` takes. */
export interface ReceiveOptions {
  /** When it aborts, this one `receive` rejects with an `AbortError`; nothing is lost, and nothing closes. */
  readonly signal?: AbortSignal
}

/** What bounds the calls on an endpoint. */
export interface EndpointSettings {
  readonly limits: ConnectionLimits
  readonly timeoutMs: number | undefined
}

const sent = Promise.resolve(accepted)

/** An end of a WebSocket: what a client and a server's client have in common. */
export abstract class Endpoint {
  readonly #settings: EndpointSettings
  #connection: Connection | undefined
  /** Made when the first message waits, or the first `receive`. */
  #inbox: Inbox<Message, Waiter> | undefined
  #handler: MessageHandler | undefined
  /** An end that nobody was told. */
  #untold: End | undefined
  #closing: Promise<CloseResult> | undefined
  #discardedMessages = 0

  /** @internal */
  constructor(settings: EndpointSettings) {
    this.#settings = settings
  }

  /** `'CLOSING'` from the first close frame to the end of the connection. */
  get state(): 'CLOSED' | 'CONNECTING' | 'OPEN' | 'CLOSING' {
    return this.#connection?.state ?? 'CLOSED'
  }

  /** The subprotocol agreed on; `undefined` when there is none. */
  get protocol(): string | undefined {
    return this.#connection?.protocol
  }

  /** How the connection ended; `undefined` while it has not. */
  get closed(): CloseResult | undefined {
    const end = this.#connection?.end
    return end && toCloseResult(end)
  }

  /** Resolves with how the connection ends, or has ended; never connected: `[false, 1006, 'wrong state']`. */
  get ended(): Promise<CloseResult> {
    return this.#connection?.ended.then(toCloseResult) ?? Promise.resolve(toCloseResult(ends.wrongState))
  }

  /** Bytes that were sent and that the system has not taken. */
  get queuedBytes(): number {
    return this.#connection?.queuedBytes ?? 0
  }

  /** What was counted since the connection opened. */
  get stats(): ConnectionStats {
    return connectionStats(this.#connection, this.#inbox, this.#discardedMessages)
  }

  /**
   * Waits for the next message: `[message, opcode]`, text as a string and bytes as a `Buffer`, in order, fragments joined. When the
   * connection has ended: `[undefined, undefined, wasClean, code, reason]`, which is told once; after that the reason is `wrong state`.
   * Several may wait: they are served in the order they were called.
   *
   * @throws UDPipeError `ERR_UNSUPPORTED` while {@link onMessage} takes the messages
   */
  receive(options?: ReceiveOptions): Promise<ReceiveResult> {
    this.#checkPull()
    const signal = options?.signal
    if (signal?.aborted) return Waiter.rejected(signal)
    const result = this.#takeMessage() ?? this.#takeEnd()
    if (result !== undefined) return Promise.resolve(result)
    return new Promise((resolve, reject) => this.#wait(new Waiter(resolve, reject), signal))
  }

  /**
   * The next message, if it is there already.
   *
   * @throws UDPipeError `ERR_UNSUPPORTED` while {@link onMessage} takes the messages
   */
  tryReceive(): Message | undefined {
    this.#checkPull()
    return this.#takeMessage()
  }

  /**
   * Sends a message: a string as TEXT, bytes as BINARY, unless `type` says otherwise. `[true]` when it was taken: at once while at most
   * 1 MiB (or a quarter of `maxQueuedBytes`, if that is less) is queued, otherwise when it has drained to half of that; for bytes of more than
   * 16 KiB, which are not copied, when the system has them, so that they may be used again. `await send(…)` is the backpressure.
   * Otherwise `[undefined, wasClean, code, reason]`: `wrong state`, `closed`, `timeout`; `queue full` for whoever does not wait: then
   * this message was not sent, and the connection goes on.
   *
   * @param type `TEXT` or `BINARY`
   * @throws UDPipeError `ERR_ARGUMENT_INVALID` for what is no message, another type, or bytes as TEXT that are not UTF-8
   */
  send(message: Sendable, type?: DataOpcode): Promise<SendResult> {
    const opcode = opcodeOf(message, type)
    const connection = this.#connection
    switch (connection?.send(payloadOf(message, opcode), opcode)) {
      case 'sent':
        return sent
      case 'wait':
        return this.#awaitDrain(connection)
      case 'full':
        return Promise.resolve(queueFull())
      default:
        return Promise.resolve(toSendResult(ends.wrongState))
    }
  }

  /**
   * Says goodbye, behind all that was sent, and waits for the answer: `[true, its code, its reason]`, or `[false, 1006, reason]` with `timeout`,
   * `closed` or `wrong state`. What was not received is discarded. Needless when `receive` has told of the end, and harmless.
   *
   * @param code 1000–1003, 1007–1014, 3000–4999
   * @param reason at most 123 bytes
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`
   */
  close(code = 1000, reason = ''): Promise<CloseResult> {
    checkClose(code, reason)
    if (this.#closing !== undefined) return this.#closing
    const connection = this.#connection
    const untold = this.#untold
    if (untold !== undefined) {
      this.#untold = undefined
      this.discardMessages()
      return Promise.resolve(toCloseResult(untold))
    }
    if (connection === undefined || connection.end !== undefined) {
      return Promise.resolve(toCloseResult(ends.wrongState))
    }
    this.discardMessages()
    this.#closing = connection.close(code, reason, this.closeLimitMs).then(toCloseResult)
    return this.#closing
  }

  /** Cuts the connection at once, without a goodbye: `[false, 1006, 'closed']`. */
  terminate(): void {
    this.#connection?.terminate(ends.dropped)
  }

  /**
   * Asks the other end for a sign of life. Resolves with the milliseconds until it came, `undefined` when the connection ended first, or there
   * is none. Peers that are lua-websockets hand a ping to their program as a message, and do not answer.
   *
   * @param data at most 125 bytes
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`
   */
  ping(data?: string | Uint8Array): Promise<number | undefined> {
    const payload = pingPayload(data)
    return this.#connection?.ping(payload) ?? Promise.resolve(undefined)
  }

  /**
   * Hands messages to a function as they come, beginning with those that wait, instead of to {@link receive}: the fastest way, and
   * without limits on what waits, because nothing does. `undefined` ends that. How the connection ends, {@link ended} tells.
   *
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`; `ERR_UNSUPPORTED` while a `receive` waits
   */
  onMessage(handler: MessageHandler | undefined): void {
    if (handler !== undefined && typeof handler !== 'function') {
      throw invalidArgument(`onMessage takes a function, or undefined; this is a ${typeof handler}.`)
    }
    if (handler !== undefined && this.#inbox?.hasWaiters) {
      throw new UDPipeError('ERR_UNSUPPORTED', 'A receive() waits for the next message: let it end before onMessage().')
    }
    this.#handler = handler
    while (this.#handler !== undefined) {
      const message = this.#takeMessage()
      if (message === undefined) return
      this.#handle(message[0], message[1])
    }
  }

  /** The messages, until the connection ends; how it ended is {@link closed}. */
  async *[Symbol.asyncIterator](): AsyncGenerator<string | Buffer, void, void> {
    for (;;) {
      const [message] = await this.receive()
      if (message === undefined) return
      yield message
    }
  }

  /** {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** The program's own code threw, or rejected, while it handled a message. */
  protected abstract handleThrown(error: unknown): void

  /** @internal A message came. */
  handleMessage(data: string | Buffer, opcode: DataOpcode, lengthBytes: number): void {
    if (this.#closing !== undefined) this.#discardedMessages += 1
    else if (this.#handler !== undefined) this.#handle(data, opcode)
    else this.#keep([data, opcode] as Message, lengthBytes)
  }

  /** @internal The connection is over. */
  handleEnd(end: End): void {
    const isOurs = this.#closing !== undefined
    this.#closing = undefined
    const waiters = this.#inbox?.takeWaiters() ?? []
    for (const waiter of waiters) waiter.settle(toReceiveResult(isOurs ? end : withReason(end)))
    if (!isOurs && waiters.length === 0) this.#untold = end
  }

  /** @internal The connection that this is the program's end of. */
  protected get connection(): Connection | undefined {
    return this.#connection
  }

  /** @internal */
  protected get closeLimitMs(): number {
    return this.#settings.timeoutMs ?? this.#settings.limits.closeTimeoutMs
  }

  /** @internal Begins anew with a connection that has just opened. */
  protected adopt(connection: Connection): void {
    this.#inbox?.clear()
    this.#untold = undefined
    this.#closing = undefined
    this.#discardedMessages = 0
    this.#connection = connection
  }

  /** @internal */
  protected discardMessages(): void {
    this.#discardedMessages += this.#inbox?.clear() ?? 0
  }

  #keep(message: Message, lengthBytes: number): void {
    this.#inbox ??= new Inbox(this.#settings.limits)
    const waiter = this.#inbox.nextWaiter()
    if (waiter !== undefined) waiter.settle(message)
    else if (this.#inbox.push(message, lengthBytes)) this.#connection?.pause()
  }

  #handle(data: string | Buffer, opcode: DataOpcode): void {
    try {
      const result = this.#handler?.(data, opcode)
      // What `send` returns nearly always cannot fail, and is not worth a promise more.
      if (result instanceof Promise && result !== sent) result.catch((error: unknown) => this.handleThrown(error))
    } catch (error) {
      this.handleThrown(error)
    }
  }

  #takeMessage(): Message | undefined {
    const inbox = this.#inbox
    const message = inbox?.take()
    if (message !== undefined && inbox?.pollResume()) this.#connection?.resume()
    return message
  }

  /** The end, when there is nothing to wait for. */
  #takeEnd(): ReceiveResult | undefined {
    const untold = this.#untold
    if (untold !== undefined) {
      this.#untold = undefined
      return toReceiveResult(withReason(untold))
    }
    const isOver = this.#connection === undefined || this.#connection.end !== undefined
    return isOver ? toReceiveResult(ends.wrongState) : undefined
  }

  #wait(waiter: Waiter, signal: AbortSignal | undefined): void {
    const inbox = (this.#inbox ??= new Inbox(this.#settings.limits))
    inbox.wait(waiter)
    const { timeoutMs } = this.#settings
    if (timeoutMs !== undefined) waiter.limit(timeoutMs, () => this.#connection?.terminate(ends.timeout))
    if (signal !== undefined) waiter.abortWith(signal, () => inbox.leave(waiter))
  }

  async #awaitDrain(connection: Connection): Promise<SendResult> {
    const { timeoutMs } = this.#settings
    const timer = timeoutMs !== undefined && setTimeout(() => connection.terminate(ends.timeout), timeoutMs)
    const hasDrained = await connection.drained()
    if (timer !== false) clearTimeout(timer)
    return hasDrained ? accepted : toSendResult(connection.end ?? ends.dropped)
  }

  #checkPull(): void {
    if (this.#handler === undefined) return
    throw new UDPipeError('ERR_UNSUPPORTED', 'onMessage() takes the messages: onMessage(undefined) ends that.')
  }
}

/** Where the other end gave no reason, `receive` has a word for it. */
function withReason(end: End): End {
  return end.reason === '' ? { ...end, reason: ends.dropped.reason } : end
}
