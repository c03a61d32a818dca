import { types } from 'node:util'
import { checkClose } from '../sockets/close-codes.ts'
import type { DataOpcode, End } from '../sockets/connection.ts'
import { parseUrl } from '../sockets/dial.ts'
import { invalidArgument, UDPipeError } from '../sockets/errors.ts'
import { clientTls, type ClientTls } from '../sockets/limits.ts'
import { isServedHere } from '../sockets/listener.ts'
import { ends } from '../sockets/reasons.ts'
import { opcodeOf, payloadOf, type Sendable } from './messages.ts'
import { parseProtocols, type ClientSettings } from './options.ts'
import {
  toCloseResult,
  toReceiveResult,
  toSendResult,
  type CloseResult,
  type ConnectResult,
  type Message,
  type ReceiveResult,
  type SendResult,
} from './results.ts'
import { SyncChannel } from './sync-channel.ts'
import { ownBytes, type SyncRequest } from './sync-protocol.ts'

/** Bytes that are at least so many, and fill their memory alone, change hands: they are not copied, and gone from the caller's. */
const MIN_TRANSFERRED_BYTES = 64 * 1024

/** What the worker knows of a client. */
interface View {
  readonly state: 'CLOSED' | 'CONNECTING' | 'OPEN' | 'CLOSING'
  readonly protocol: string | undefined
  readonly headers: Record<string, string> | undefined
  readonly url: string | undefined
  readonly closed: CloseResult | undefined
}

const neverConnected: View = {
  state: 'CLOSED',
  protocol: undefined,
  headers: undefined,
  url: undefined,
  closed: undefined,
}

let clientCount = 0

/** Those that nobody holds any more are cut, as other clients are when the collector finds them. */
const dropped = new FinalizationRegistry<{ channel: SyncChannel; client: number }>(({ channel, client }) => {
  channel.tell({ client, method: 'forget' })
})

/**
 * The client of `client.sync` and `client.new`: its methods **block the thread** and return the results themselves. It is for scripts, the
 * REPL and tests: while it waits, no timer fires and no server of this thread answers.
 */
export class SyncClient {
  readonly #settings: ClientSettings
  readonly #client: number
  #channel: SyncChannel | undefined
  /** Whether a worker that died took an end with it that nobody was told. */
  #isConnected = false

  /** @internal */
  constructor(settings: ClientSettings) {
    clientCount += 1
    this.#client = clientCount
    this.#settings = settings
  }

  get state(): View['state'] {
    return this.#look().state
  }

  /** The subprotocol agreed on; `undefined` when there is none. */
  get protocol(): string | undefined {
    return this.#look().protocol
  }

  /** The headers of the server's answer, in lower case. */
  get headers(): Record<string, string> | undefined {
    return this.#look().headers
  }

  /** What it is, or was last, connected to. */
  get url(): string | undefined {
    return this.#look().url
  }

  /** How the connection ended; `undefined` while it has not. */
  get closed(): CloseResult | undefined {
    return this.#look().closed
  }

  /**
   * Connects, as `connect` of `client.copas`, and blocks until that is done.
   *
   * @throws UDPipeError `ERR_WOULD_DEADLOCK` when this very thread is the server; `ERR_ARGUMENT_INVALID`, `ERR_OPTION_INVALID`,
   *   `ERR_DEPENDENCY_MISSING`
   */
  connect(url: string | URL, protocol?: string | readonly string[], tls?: ClientTls): ConnectResult {
    const target = parseUrl(url)
    const protocols = parseProtocols(protocol)
    const request = {
      client: this.#client,
      method: 'connect',
      settings: this.#settings,
      url: target.href,
      protocols,
      tls: clientTls(tls, 'tls'),
    } as const
    checkDeadlock(target)
    this.#join()
    const reply = this.#call(request)
    const result = (reply?.result as ConnectResult | undefined) ?? [undefined, ends.dropped.reason, undefined]
    if (result[0] === true) this.#isConnected = true
    return result
  }

  /** As `receive` of `client.copas`: blocks until a message is there, or the end, or the `timeout` has passed. */
  receive(): ReceiveResult {
    const reply = this.#call({ client: this.#client, method: 'receive' })
    return reply === undefined ? toReceiveResult(this.#takeLoss()) : (withBuffer(reply.result) as ReceiveResult)
  }

  /** The next message, if it is there already. */
  tryReceive(): Message | undefined {
    const reply = this.#call({ client: this.#client, method: 'tryReceive' })
    return withBuffer(reply?.result) as Message | undefined
  }

  /**
   * As `send` of `client.copas`: blocks until the message was taken. Bytes of 64 KiB and more that fill their `ArrayBuffer` are handed to the
   * worker, not copied: they are gone from the caller's array.
   *
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`
   */
  send(message: Sendable, type?: DataOpcode): SendResult {
    const opcode = opcodeOf(message, type)
    const payload = payloadOf(message, opcode)
    const reply =
      typeof payload === 'string'
        ? this.#call({ client: this.#client, method: 'send', message: payload, opcode })
        : this.#sendBytes(payload, opcode)
    return reply === undefined ? toSendResult(this.#takeLoss()) : (reply.result as SendResult)
  }

  /**
   * As `close` of `client.copas`: blocks until the other end has answered.
   *
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`
   */
  close(code = 1000, reason = ''): CloseResult {
    checkClose(code, reason)
    const reply = this.#call({ client: this.#client, method: 'close', code, reason })
    return reply === undefined ? toCloseResult(this.#takeLoss()) : (reply.result as CloseResult)
  }

  /** Cuts the connection at once, without a goodbye. */
  terminate(): void {
    this.#call({ client: this.#client, method: 'terminate' })
  }

  /** {@link close}. */
  [Symbol.dispose](): void {
    this.close()
  }

  #sendBytes(payload: Uint8Array, opcode: DataOpcode): { readonly result: unknown } | undefined {
    if (isDetached(payload)) {
      throw invalidArgument('These bytes were sent before: from 64 KiB on they are handed over, not copied.')
    }
    const message = payload.byteLength < MIN_TRANSFERRED_BYTES ? new Uint8Array(payload) : ownBytes(payload)
    return this.#call({ client: this.#client, method: 'send', message, opcode }, [message.buffer])
  }

  #look(): View {
    const reply = this.#call({ client: this.#client, method: 'look' })
    if (reply !== undefined) return reply.result as View
    return this.#isConnected ? { ...neverConnected, closed: toCloseResult(ends.dropped) } : neverConnected
  }

  /** Takes the worker of this thread, unless it has one that lives. */
  #join(): void {
    if (this.#channel?.isDead === false) return
    this.#channel = SyncChannel.current()
    this.#isConnected = false
    dropped.unregister(this)
    dropped.register(this, { channel: this.#channel, client: this.#client }, this)
  }

  #call(request: SyncRequest, transfer?: ArrayBuffer[]): { readonly result: unknown } | undefined {
    return this.#channel?.call(request, transfer)
  }

  /** How a connection ended whose worker has died, or what there is to say when there was none: told once. */
  #takeLoss(): End {
    const end = this.#isConnected ? ends.dropped : ends.wrongState
    this.#isConnected = false
    return end
  }
}

/** A thread that waits for itself waits for ever. */
function checkDeadlock(target: URL): void {
  const port = target.port === '' ? (target.protocol === 'wss:' ? 443 : 80) : Number(target.port)
  if (!isServedHere(target.hostname, port)) return
  throw new UDPipeError(
    'ERR_WOULD_DEADLOCK',
    `This thread serves port ${port} itself, and could not while client.sync waits for it: use client.copas, or let another process or worker serve.`,
  )
}

function withBuffer(result: unknown): unknown {
  if (!Array.isArray(result) || !types.isUint8Array(result[0])) return result
  const [bytes, ...rest] = result as [Uint8Array<ArrayBuffer>, ...unknown[]]
  return [Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), ...rest]
}

function isDetached(bytes: Uint8Array): boolean {
  if (bytes.byteLength > 0) return false
  try {
    new Uint8Array(bytes.buffer)
    return false
  } catch {
    return true
  }
}
