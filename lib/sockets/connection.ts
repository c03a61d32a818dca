import type { Socket } from 'node:net'
import { Drains } from './drains.ts'
import { Heartbeat } from './heartbeat.ts'
import type { ConnectionLimits } from './limits.ts'
import { PendingPings } from './pending-pings.ts'
import { Pulse } from './pulse.ts'
import { ends, violationOf } from './reasons.ts'
import type { WsSocket } from './ws-module.ts'

/** How a connection ended. */
export interface End {
  /** Whether both ends said goodbye. */
  readonly wasClean: boolean
  /** RFC 6455, 7.4: the other end's, 1005 when it gave none, 1006 when there was no close frame. */
  readonly code: number
  readonly reason: string
}

/** What came of sending: taken, taken but the queue should drain, refused because it is full, or there is no connection. */
export type Sent = 'sent' | 'wait' | 'full' | 'closed'

/** The opcodes of RFC 6455, 5.2. */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const
export type DataOpcode = 1 | 2

/** Who is told what happens on a {@link Connection}. */
export interface ConnectionObserver {
  /** A message is complete. `lengthBytes` is what it had on the wire, after inflating. */
  handleMessage(data: string | Buffer, opcode: DataOpcode, lengthBytes: number): void
  /** A ping, which is answered already, or a pong came. */
  handleControl?(opcode: 9 | 10, data: Buffer): void
  /** It is over: told exactly once, and nothing comes after it. */
  handleEnd(end: End): void
}

/** What a connection has counted. */
export interface ConnectionCounters {
  receivedMessages: number
  /** Payloads, after inflating. */
  receivedBytes: number
  sentMessages: number
  /** Payloads, before deflating. */
  sentBytes: number
  /** Messages that were not sent because the queue was full. */
  refusedSends: number
  /** How often reading paused because nobody received. */
  pauses: number
  /** Milliseconds from the last ping to its pong; `undefined` before there was one. */
  rttMs: number | undefined
}

/** `await send` resolves at once while no more than this waits: so much is never far from the network. */
const MAX_WAIT_MARK_BYTES = 1024 * 1024

/** Bytes that are no more are copied when they are sent, so that their owner may use them again at once. */
const MAX_COPIED_BYTES = 16 * 1024

const textOptions = { binary: false }
const binaryOptions = { binary: true }

const OPEN = 1

/** One open WebSocket, of either side. */
export class Connection {
  readonly counters: ConnectionCounters = {
    receivedMessages: 0,
    receivedBytes: 0,
    sentMessages: 0,
    sentBytes: 0,
    refusedSends: 0,
    pauses: 0,
    rttMs: undefined,
  }
  /** The subprotocol agreed on. */
  readonly protocol: string | undefined
  readonly #ws: WsSocket
  readonly #socket: Socket
  readonly #limits: ConnectionLimits
  readonly #observer: ConnectionObserver
  /** Whether bytes are still looked at after `ws.send` returned: a server does not mask, and what compresses takes its time. */
  readonly #borrowsBytes: boolean
  readonly #waitMarkBytes: number
  #end: End | undefined
  #drains: Drains | undefined
  #pulse: Pulse | undefined
  #pings: PendingPings | undefined
  #ended: Deferred<End> | undefined
  #closeTimer: NodeJS.Timeout | undefined
  #isPaused = false
  #isClosing = false
  #isCloseLate = false

  /** @param isServer whether it was accepted, rather than dialed */
  constructor(
    ws: WsSocket,
    socket: Socket,
    options: { readonly isServer: boolean; readonly protocol: string | undefined; readonly limits: ConnectionLimits },
    observer: ConnectionObserver,
  ) {
    this.#ws = ws
    this.#socket = socket
    this.#limits = options.limits
    this.#observer = observer
    this.protocol = options.protocol
    this.#borrowsBytes = options.isServer || ws.extensions !== ''
    this.#waitMarkBytes = Math.min(MAX_WAIT_MARK_BYTES, options.limits.maxQueuedBytes / 4)
    attach(ws, this)
    const { tcpKeepAliveMs, pingIntervalMs, pongTimeoutMs } = options.limits
    if (tcpKeepAliveMs > 0) socket.setKeepAlive(true, tcpKeepAliveMs)
    if (pingIntervalMs > 0)
      this.#pulse = new Pulse(new Heartbeat(pingIntervalMs, pongTimeoutMs, performance.now()), this)
  }

  get state(): 'OPEN' | 'CLOSING' | 'CLOSED' {
    if (this.#end !== undefined) return 'CLOSED'
    return this.#ws.readyState === OPEN ? 'OPEN' : 'CLOSING'
  }

  /** How it ended, once it has. */
  get end(): End | undefined {
    return this.#end
  }

  /** Bytes that were sent and that the system has not taken. */
  get queuedBytes(): number {
    return this.#end === undefined ? this.#ws.bufferedAmount : 0
  }

  /** Bytes that came over the wire, whatever they were. */
  get bytesRead(): number {
    return this.#socket.bytesRead
  }

  /**
   * Sends a message. `'wait'`: it will be sent, and whoever is going to send more, or wants to use these bytes again, should wait for
   * {@link drained}.
   */
  send(data: string | Uint8Array, opcode: DataOpcode): Sent {
    const ws = this.#ws
    if (ws.readyState !== OPEN || this.#end !== undefined) return 'closed'
    const lengthBytes = typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength
    const queuedBytes = ws.bufferedAmount
    if (queuedBytes > 0 && queuedBytes + lengthBytes > this.#limits.maxQueuedBytes) {
      this.counters.refusedSends += 1
      return 'full'
    }
    this.counters.sentMessages += 1
    this.counters.sentBytes += lengthBytes
    const options = opcode === opcodes.text ? textOptions : binaryOptions
    if (typeof data !== 'string' && this.#borrowsBytes) {
      if (lengthBytes > MAX_COPIED_BYTES) return this.#lend(data, options)
      data = Buffer.from(data)
    }
    if (queuedBytes + lengthBytes <= this.#waitMarkBytes) {
      ws.send(data, options)
      return 'sent'
    }
    this.#drains ??= new Drains(this)
    ws.send(data, options, this.#drains.onTaken)
    return ws.bufferedAmount <= this.#waitMarkBytes ? 'sent' : 'wait'
  }

  /** Sends bytes that the caller never changes. They are neither copied nor waited for. */
  sendShared(data: Buffer, opcode: DataOpcode): Sent {
    const ws = this.#ws
    if (ws.readyState !== OPEN || this.#end !== undefined) return 'closed'
    const queuedBytes = ws.bufferedAmount
    if (queuedBytes > 0 && queuedBytes + data.length > this.#limits.maxQueuedBytes) {
      this.counters.refusedSends += 1
      return 'full'
    }
    this.counters.sentMessages += 1
    this.counters.sentBytes += data.length
    ws.send(data, opcode === opcodes.text ? textOptions : binaryOptions)
    return 'sent'
  }

  /** Resolves with true when the queue has drained to half of what is waited for, and with false when the connection ended first. */
  drained(): Promise<boolean> {
    if (this.#end !== undefined) return Promise.resolve(false)
    this.#drains ??= new Drains(this)
    return this.#drains.wait()
  }

  /** Whether so little waits that whoever waits for that may go on. What a socket that was cut says of its writes is no proof. */
  get isDrained(): boolean {
    return !this.#socket.destroyed && this.#ws.bufferedAmount <= this.#waitMarkBytes / 2
  }

  /**
   * Says goodbye, behind all that was sent, and waits for the answer; a paused connection reads again.
   *
   * @param limitMs after so long without an answer the connection is cut: `timeout`
   */
  close(code: number, reason: string, limitMs: number): Promise<End> {
    if (this.#end !== undefined) return Promise.resolve(this.#end)
    if (!this.#isClosing) {
      this.#isClosing = true
      this.resume()
      // Armed before that of `ws`, so that it comes first.
      this.#closeTimer = setTimeout(handleCloseLimit, limitMs, this)
      if (this.#ws.readyState === OPEN) this.#ws.close(code, reason)
    }
    return this.ended
  }

  /** Resolves with how it ended. */
  get ended(): Promise<End> {
    if (this.#end !== undefined) return Promise.resolve(this.#end)
    this.#ended ??= new Deferred()
    return this.#ended.promise
  }

  /** Cuts it at once, without a goodbye, and says that it ended like this. */
  terminate(end: End): void {
    if (this.#end !== undefined) return
    this.#finish(end)
    this.#ws.terminate()
  }

  /** Asks for a pong. Resolves with the milliseconds until it came, `undefined` when the connection ended first. */
  ping(data: Uint8Array = new Uint8Array(0)): Promise<number | undefined> {
    if (this.state !== 'OPEN') return Promise.resolve(undefined)
    this.#pings ??= new PendingPings()
    // A copy, so that the pong can be compared with what was sent.
    const payload = data.length === 0 ? this.#pings.nextPayload() : Buffer.from(data)
    const answered = this.#pings.add(payload, performance.now())
    this.#ws.ping(payload)
    return answered
  }

  /** Sends a pong that nobody asked for (RFC 6455, 5.5.3). Returns whether there is a connection to send it on. */
  pong(data: Uint8Array): boolean {
    if (this.state !== 'OPEN') return false
    this.#ws.pong(data)
    return true
  }

  /** Stops reading, so that TCP holds the other end back. What `ws` has read already still comes. */
  pause(): void {
    if (this.#isPaused || this.#isClosing || this.#end !== undefined) return
    this.#isPaused = true
    this.counters.pauses += 1
    this.#pulse?.handlePause()
    this.#ws.pause()
  }

  /** Reads again. */
  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#pulse?.handleResume()
    this.#ws.resume()
  }

  /** @internal A message of `ws`. */
  handleMessage(data: Buffer, isBinary: boolean): void {
    if (this.#end !== undefined) return
    const lengthBytes = data.length
    this.counters.receivedMessages += 1
    this.counters.receivedBytes += lengthBytes
    this.#pulse?.handleLife()
    if (isBinary) this.#observer.handleMessage(data, opcodes.binary, lengthBytes)
    else this.#observer.handleMessage(data.toString(), opcodes.text, lengthBytes)
  }

  /** @internal A ping, which `ws` has answered. */
  handlePing(data: Buffer): void {
    if (this.#end !== undefined) return
    this.#pulse?.handleLife()
    this.#observer.handleControl?.(opcodes.ping, data)
  }

  /** @internal */
  handlePong(data: Buffer): void {
    if (this.#end !== undefined) return
    this.#pulse?.handleLife()
    const rttMs = this.#pings?.handlePong(data, performance.now())
    if (rttMs !== undefined) this.counters.rttMs = rttMs
    this.#observer.handleControl?.(opcodes.pong, data)
  }

  /** @internal The other end broke the protocol: `ws` says so in a close frame, and reads no more. */
  handleError(error: NodeJS.ErrnoException): void {
    const end = violationOf(error.code)
    // What the network did is told by what comes next, the end.
    if (end !== ends.dropped) this.#finish(end)
  }

  /** @internal */
  handleClose(code: number, reason: Buffer): void {
    if (code !== ends.dropped.code) this.#finish({ wasClean: true, code, reason: reason.toString() })
    else this.#finish(this.#isCloseLate ? ends.timeout : ends.dropped)
  }

  /** @internal The heart of the other end has stopped. */
  handleSilence(): void {
    this.terminate(ends.timeout)
  }

  /**
   * @internal The close handshake took too long. Without an answer that is a timeout; with one, the other end just keeps the socket
   * open: `ws` knows, and says it when it is cut.
   */
  handleCloseLimit(): void {
    this.#isCloseLate = true
    this.#ws.terminate()
  }

  /** Large bytes are not copied, so that they are the caller's again only when the system has taken them. */
  #lend(data: Uint8Array, options: { binary: boolean }): Sent {
    this.#drains ??= new Drains(this)
    this.#ws.send(data, options, this.#drains.lend())
    return this.#ws.bufferedAmount === 0 ? 'sent' : 'wait'
  }

  #finish(end: End): void {
    if (this.#end !== undefined) return
    this.#end = end
    clearTimeout(this.#closeTimer)
    this.#pulse?.stop()
    this.#drains?.finish()
    this.#pings?.finish()
    this.#observer.handleEnd(end)
    this.#ended?.resolve(end)
  }
}

/** A promise, and who resolves it. */
class Deferred<T> {
  resolve!: (value: T) => void
  readonly promise: Promise<T> = new Promise<T>((resolve) => (this.resolve = resolve))
}

const owner = Symbol('udpipe.connection')

/** A WebSocket of `ws` that knows its connection, so that all of them share the same listeners. */
interface OwnedSocket extends WsSocket {
  [owner]: Connection
}

function attach(ws: WsSocket, connection: Connection): void {
  ;(ws as OwnedSocket)[owner] = connection
  ws.on('message', onMessage)
  ws.on('ping', onPing)
  ws.on('pong', onPong)
  ws.on('error', onError)
  ws.on('close', onClose)
}

function onMessage(this: OwnedSocket, data: Buffer, isBinary: boolean): void {
  this[owner].handleMessage(data, isBinary)
}

function onPing(this: OwnedSocket, data: Buffer): void {
  this[owner].handlePing(data)
}

function onPong(this: OwnedSocket, data: Buffer): void {
  this[owner].handlePong(data)
}

function onError(this: OwnedSocket, error: NodeJS.ErrnoException): void {
  this[owner].handleError(error)
}

function onClose(this: OwnedSocket, code: number, reason: Buffer): void {
  this[owner].handleClose(code, reason)
}

function handleCloseLimit(connection: Connection): void {
  connection.handleCloseLimit()
}
