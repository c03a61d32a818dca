import type { DisconnectInfo, Peer, UDPipe } from '../../index.ts'
import { Link, type LinkNetwork, type LinkOwner } from '../link/link.ts'
import type { Settings } from '../link/options.ts'
import { result, type Result } from '../link/result.ts'
import { decodeClose, encodeClose, frameTypes } from '../wire/frame.ts'
import { MIN_LIMIT } from '../wire/hello.ts'
import { LENGTH_BYTES } from '../wire/record.ts'

const LIMIT_MESSAGE_BYTES = 5
/** How often a queue that is full is looked at: UDPipe does not tell when it drains. */
const DRAIN_POLL_MS = 25

const CUT: Result = result('ERR_SOCKET', 'the connection was ended without a goodbye')

/** A connection over UDPipe: each message is the type and the payload of a frame. */
export class UdpLink extends Link {
  /** A client's whole pipe, which ends with its only peer; or a server's peer. */
  readonly #end: UDPipe | Peer
  #peer: Peer | undefined
  #handshakeTimer: NodeJS.Timeout | undefined
  #drainTimer: NodeJS.Timeout | undefined
  /** Tables that the other side has not confirmed, as far as that is known at the end. */
  #undeliveredTables = 0
  #isEnding = false

  constructor(socketId: number, owner: LinkOwner, network: LinkNetwork, settings: Settings, end: UDPipe | Peer) {
    super(socketId, owner, network, settings)
    this.#end = end
  }

  /** Messages go both ways: this side says how large they may be. */
  handlePeer(peer: Peer): void {
    this.#peer = peer
    this.address = peer.address
    this.port = peer.port
    if (!this.owner.admitLink(this)) {
      this.fail('ERR_FULL', 'the server has as many connections as it takes')
      return
    }
    const limit = Buffer.alloc(LIMIT_MESSAGE_BYTES)
    limit.writeUInt32BE(this.settings.maxTableBytes + 1, 1)
    peer.send(limit)
    if (this.network.isPaused) peer.pause()
    this.#handshakeTimer = setInterval(() => {
      // Who is not read cannot have said anything.
      if (!this.network.isPaused) this.fail('ERR_TIMEOUT', 'the handshake took too long')
    }, this.settings.handshakeTimeoutMs).unref()
  }

  handleMessage(message: Buffer): void {
    if (this.#isEnding) return
    const type = message[0]
    if (type === frameTypes.close) this.#handleClose(message.subarray(1))
    else if (!this.hasStood) this.#handleLimit(message)
    else if (type === frameTypes.table) this.handleTable(message, 1, message.length)
    else this.fail('ERR_PROTOCOL', `there is no message ${type === undefined ? 'of nothing' : `of the type ${type}`}`)
  }

  handleUndelivered(tables: number): void {
    this.#undeliveredTables += tables
  }

  handleDisconnect({ timedOut }: DisconnectInfo): void {
    const why = timedOut ? result('ERR_TIMEOUT', 'the other side was silent for too long') : CUT
    this.handleFailure(why)
    // What could not be delivered is told behind this, in the same step.
    queueMicrotask(() => this.#finish(why))
  }

  handleDialFailure(why: Result): void {
    this.#finish(why)
  }

  resume(): void {
    this.#peer?.resume()
  }

  pause(): void {
    if (!this.#isEnding) this.#peer?.pause()
  }

  destroy(): void {
    this.#finish(CUT)
  }

  protected get queuedTables(): number {
    return Math.min(this.#peer?.stats.queuedMessages ?? 0, this.transmittedTables)
  }

  protected get queuedBytes(): number {
    return this.#peer?.stats.queuedBytes ?? 0
  }

  protected transmit(frame: Uint8Array): void {
    if (this.#peer?.send(frame.subarray(LENGTH_BYTES)) !== true) this.#undeliveredTables += 1
  }

  protected beginEnd(code: number, reason: string): void {
    this.#sayGoodbye(code, reason)
    this.#endPipe()
  }

  protected override handleFull(): void {
    this.#drainTimer ??= setInterval(() => this.#watchQueue(), DRAIN_POLL_MS).unref()
  }

  #handleLimit(message: Buffer): void {
    const isLimit = message[0] === frameTypes.ready && message.length === LIMIT_MESSAGE_BYTES
    const limit = isLimit ? message.readUInt32BE(1) : 0
    if (limit < MIN_LIMIT) {
      this.fail('ERR_PROTOCOL', 'the first message of the other side is not its limit')
      return
    }
    clearInterval(this.#handshakeTimer)
    this.handleLimit(limit)
    this.handleStanding()
  }

  #handleClose(payload: Buffer): void {
    const close = decodeClose(payload)
    if (close === undefined) {
      this.fail('ERR_PROTOCOL', 'a CLOSE is cut short, or too long')
      return
    }
    this.handleClosed(close)
    this.#endPipe()
  }

  #sayGoodbye(code: number, reason: string): void {
    const payload = encodeClose(code, reason)
    const message = Buffer.alloc(payload.length + 1)
    message[0] = frameTypes.close
    message.set(payload, 1)
    this.#peer?.send(message)
  }

  #endPipe(): void {
    if (this.#isEnding) return
    this.#isEnding = true
    clearInterval(this.#handshakeTimer)
    // What comes now, the end above all, is no burden to a queue.
    this.#peer?.resume()
    void this.#end.close().then(() => this.#finish(CUT))
  }

  #watchQueue(): void {
    this.handleSent()
    const { slowMs } = this.settings
    if (this.fullSinceMs === undefined) {
      clearInterval(this.#drainTimer)
      this.#drainTimer = undefined
    } else if (slowMs > 0 && performance.now() - this.fullSinceMs >= slowMs) this.failSlow()
  }

  #finish(why: Result): void {
    clearInterval(this.#handshakeTimer)
    clearInterval(this.#drainTimer)
    if (!this.#isEnding) {
      this.#isEnding = true
      void this.#end.close()
    }
    this.finish(why, this.#undeliveredTables)
  }
}
