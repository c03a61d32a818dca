import type { Socket } from 'node:net'
import { Link, type LinkNetwork, type LinkOwner } from '../link/link.ts'
import type { Settings } from '../link/options.ts'
import { result, type Result } from '../link/result.ts'
import { closeCodes, type FailureCode } from '../wire/close-code.ts'
import { Liveness } from '../wire/liveness.ts'
import { Session, type SessionEvent } from '../wire/session.ts'
import { sessionCrypto, sessionRandom, slab } from './crypto.ts'
import { FlushQueue } from './flush-queue.ts'

/** What is written at once; what comes behind it waits until the system has taken it. */
const MAX_BATCH_BYTES = 256 * 1024
/** After this side's end, how long the other's is waited for. */
const LINGER_MS = 1_000
/** How long an end on purpose may stand still with tables that the other side does not take; for any other, it is LINGER_MS. */
const FLUSH_STALL_MS = 5_000
/** A frame that waits keeps all of the memory that it was packed in: above this share it is copied. */
const MAX_KEPT_SHARE = 4

const CUT: Result = result(
  'ERR_SOCKET',
  'the connection was cut without a goodbye: the other side was killed, or the way to it',
)
const flushes = new FlushQueue()

/** How a {@link TcpLink} is made. */
export interface TcpLinkOptions {
  readonly role: 'client' | 'server'
  readonly cipherKey: Uint8Array | undefined
  readonly socketId: number
  readonly owner: LinkOwner
  readonly network: LinkNetwork
  readonly settings: Settings
}

/** A connection over TCP: a session on its socket, with the time that it needs. */
export class TcpLink extends Link {
  readonly #socket: Socket
  readonly #session: Session
  readonly #liveness: Liveness
  /** Until when the handshake has to be over; for a client its owner sees to that. */
  #handshakeDeadlineMs: number
  #timer: NodeJS.Timeout | undefined
  #arrivedAtMs = 0
  /** What the system has taken: tables, and the bytes of their frames. */
  #sentTables = 0
  #sentBytes = 0
  /** One batch is with the system at a time, so that what waits is known. */
  #isWriting = false
  #isFlushDue = false
  #isSocketPaused = false
  #isEnding = false
  #endsOnPurpose = false
  /** The socket is gone, and what it brought before is not polled yet. */
  #isGone = false

  constructor(socket: Socket, options: TcpLinkOptions) {
    const { role, cipherKey, socketId, owner, network, settings } = options
    super(socketId, owner, network, settings)
    this.#socket = socket
    const limit = settings.maxTableBytes + 1
    this.#session = new Session({ role, cipherKey, limit, random: sessionRandom(), crypto: sessionCrypto, slab })
    const now = performance.now()
    this.#liveness = new Liveness(settings.keepAliveMs, settings.timeoutMs, now)
    this.#handshakeDeadlineMs = role === 'server' ? now + settings.handshakeTimeoutMs : Infinity
    if (settings.unref) socket.unref()
    socket.setNoDelay(true)
    socket.on('data', this.#handleData)
    socket.on('error', this.#handleError)
    socket.on('close', this.#handleGone)
    if (role === 'server') this.#open()
    else socket.once('connect', this.#open)
  }

  resume(): void {
    // Whatever is left of what arrived goes before what is still in the socket.
    this.#read()
  }

  pause(): void {
    if (!this.#session.isOver) this.#pauseSocket()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Sends what is due, unless something is on its way. */
  flush(): void {
    this.#isFlushDue = false
    if (this.#isWriting || this.#socket.connecting || this.#socket.destroyed) return
    const isWriting = this.#writeBatch()
    if (!isWriting && this.#session.isOver) this.#endSocket()
  }

  protected get queuedTables(): number {
    return this.transmittedTables - this.#sentTables
  }

  protected get queuedBytes(): number {
    return this.transmittedBytes - this.#sentBytes
  }

  protected transmit(frame: Uint8Array): void {
    const isKept = this.#isWriting && frame.buffer.byteLength > MAX_KEPT_SHARE * frame.length
    this.#session.sendTable(isKept ? new Uint8Array(frame) : frame)
    this.#flushLater()
  }

  protected beginEnd(code: number, reason: string): void {
    this.#session.close(code, reason)
    this.#endsOnPurpose = code === closeCodes.normal
    if (this.#socket.connecting) this.#socket.destroy()
    else this.#end()
  }

  protected override handleFull(): void {
    this.#arm()
  }

  readonly #open = (): void => {
    this.address = withoutPrefix(this.#socket.remoteAddress ?? '')
    this.port = this.#socket.remotePort ?? null
    // A client's Hello goes at once; a server's waits for it.
    this.flush()
    this.#arm()
  }

  readonly #handleData = (chunk: Buffer): void => {
    this.#arrivedAtMs = performance.now()
    this.#liveness.handleHeard(this.#arrivedAtMs)
    if (this.#session.isOver) return
    this.#session.handleBytes(chunk)
    this.#read()
  }

  /** Handles what arrived, as far as there is room for what comes of it. */
  #read(): void {
    this.network.setArrival(this.#arrivedAtMs)
    while (!this.network.isPaused) {
      const event = this.#session.pollEvent()
      if (event === undefined) break
      this.#handleEvent(event)
    }
    this.network.setArrival(undefined)
    if (this.#isGone) this.#finishGone()
    else if (this.#session.waitingBytes > 0) this.#flushLater()
    const isListening = this.#session.isOver || !(this.network.isPaused || this.#session.hasUnread)
    if (isListening) this.#resumeSocket()
    else this.#pauseSocket()
  }

  #handleEvent(event: SessionEvent): void {
    switch (event.type) {
      case 'table':
        this.handleTable(event.bytes, event.start, event.end)
        return
      case 'greeted':
        this.#greet()
        return
      case 'standing':
        this.handleStanding()
        this.#arm()
        return
      case 'closed':
        this.handleClosed(event)
        this.#end()
        return
      case 'failed':
        this.#handleFailed(event.code, event.sentence)
        return
    }
  }

  #greet(): void {
    if (!this.owner.admitLink(this)) {
      this.fail('ERR_FULL', 'the server has as many connections as it takes')
      return
    }
    this.#session.accept()
    // READY is with the system before the other side's first record is opened: if that does not open, it learns as much.
    this.handleLimit(this.#session.peerLimit)
    this.flush()
  }

  #handleFailed(code: FailureCode, sentence: string): void {
    const error = result(code, sentence)
    this.owner.handleError(this, error)
    this.handleFailure(error)
    this.#end()
  }

  #flushLater(): void {
    if (this.#isFlushDue || this.#isWriting) return
    this.#isFlushDue = true
    flushes.add(this)
  }

  /** Returns whether something is on its way. */
  #writeBatch(): boolean {
    let chunk = this.#session.pollTransmit()
    if (chunk === undefined) return false
    const socket = this.#socket
    this.#isWriting = true
    let next = this.#session.pollTransmit()
    if (next !== undefined) {
      let bytes = chunk.length
      socket.cork()
      while (next !== undefined) {
        socket.write(chunk)
        bytes += next.length
        chunk = next
        next = bytes < MAX_BATCH_BYTES ? this.#session.pollTransmit() : undefined
      }
      socket.write(chunk, this.#handleWritten)
      socket.uncork()
    } else socket.write(chunk, this.#handleWritten)
    return true
  }

  readonly #handleWritten = (error?: Error | null): void => {
    this.#isWriting = false
    // An error has an event of its own, and the socket is gone.
    if (error) return
    this.#sentTables = this.#session.takenTables
    this.#sentBytes = this.#session.takenBytes
    this.handleSent()
    if (this.#isEnding) this.#arm()
    if (this.#isEnding || this.#session.hasOutgoing) this.flush()
    if (this.#session.hasUnread) this.#read()
  }

  /** What waits is written, then this half is ended. What arrives meanwhile is discarded, so that nothing becomes a reset. */
  #end(): void {
    if (this.#isEnding) return
    this.#isEnding = true
    this.#resumeSocket()
    this.#flushLater()
    this.#arm()
  }

  #endSocket(): void {
    if (!this.#socket.writableEnded) this.#socket.end()
  }

  #pauseSocket(): void {
    if (this.#isSocketPaused) return
    this.#isSocketPaused = true
    this.#socket.pause()
  }

  #resumeSocket(): void {
    if (!this.#isSocketPaused) return
    this.#isSocketPaused = false
    this.#socket.resume()
  }

  readonly #handleError = ({ code, message }: NodeJS.ErrnoException): void => {
    const why = socketFailure(code, message, this.#hasConnected)
    this.handleFailure(why)
  }

  get #hasConnected(): boolean {
    return this.port !== null
  }

  readonly #handleGone = (): void => {
    clearTimeout(this.#timer)
    this.#isGone = true
    this.#read()
  }

  /** The socket is gone: what it brought before comes first, as far as it is polled. */
  #finishGone(): void {
    while (this.#session.isBlocked) this.#discardControls()
    if (this.#session.hasUnread && this.network.isPaused) return
    this.finish(CUT)
  }

  /** Nobody is there any more for what is to be sent. */
  #discardControls(): void {
    while (this.#session.pollTransmit() !== undefined) continue
    while (!this.network.isPaused) {
      const event = this.#session.pollEvent()
      if (event === undefined) return
      this.#handleEvent(event)
    }
  }

  /** Sets the timer for what comes first. */
  #arm(): void {
    clearTimeout(this.#timer)
    const waitMs = this.#waitMs()
    if (waitMs === Infinity || this.#isGone) return
    this.#timer = setTimeout(this.#handleTime, Math.max(1, Math.ceil(waitMs)))
    // The socket keeps the process alive, where it is to be.
    this.#timer.unref()
  }

  #waitMs(): number {
    if (this.#isEnding) return this.#endsOnPurpose && this.#isWriting ? FLUSH_STALL_MS : LINGER_MS
    if (!this.hasStood) return this.#handshakeDeadlineMs - performance.now()
    const { slowMs } = this.settings
    const slowWaitMs =
      this.fullSinceMs === undefined || slowMs === 0 ? Infinity : this.fullSinceMs + slowMs - performance.now()
    return Math.min(slowWaitMs, this.#liveness.waitMs)
  }

  // Timers fire before sockets are read: what arrived while this side's loop stood still is heard before anybody is judged.
  readonly #handleTime = (): void => {
    setImmediate(this.#judge)
  }

  readonly #judge = (): void => {
    if (this.#isGone) return
    if (this.#isEnding) {
      this.#socket.destroy()
      return
    }
    const now = performance.now()
    if (this.hasStood) this.#judgePeer(now)
    else this.#judgeStranger(now)
    this.#arm()
  }

  #judgeStranger(now: number): void {
    // Who is not read cannot have said anything.
    if (this.network.isPaused) this.#handshakeDeadlineMs = now + this.settings.handshakeTimeoutMs
    else if (now >= this.#handshakeDeadlineMs) this.fail('ERR_TIMEOUT', 'the handshake took too long')
  }

  #judgePeer(now: number): void {
    const { slowMs, timeoutMs } = this.settings
    if (this.fullSinceMs !== undefined && slowMs > 0 && now - this.fullSinceMs >= slowMs) {
      this.failSlow()
      return
    }
    const verdict = this.#liveness.handleTime(now, !this.#isSocketPaused)
    if (verdict === 'silent') {
      this.fail('ERR_TIMEOUT', `nothing was heard of the other side for ${timeoutMs} ms`)
    } else if (verdict === 'ask') {
      this.#session.sendPing()
      this.#flushLater()
    }
  }
}

/** What the system's errors mean. */
function socketFailure(code: string | undefined, message: string, hasConnected: boolean): Result {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return result('ERR_HOST_NOT_FOUND', `the address has no host behind it: ${message}`)
  }
  if (!hasConnected && code === 'ECONNREFUSED') {
    return result('ERR_CONNECT_REFUSED', `nobody listens there: is the server running? (${message})`)
  }
  if (!hasConnected && code === 'ETIMEDOUT') return result('ERR_CONNECT_TIMEOUT', `nobody answers: ${message}`)
  return result('ERR_SOCKET', `the connection broke: ${message}`)
}

/** The IPv4 address that an IPv6 socket shows in its own manner. */
export function withoutPrefix(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address
}
