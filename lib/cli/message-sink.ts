import { EventEmitter, once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { UDPipeError, type ErrorCode, type Peer } from '../index.ts'
import type { MessageSink } from './pump.ts'
import type { Report } from './report.ts'
import { MAX_DATAGRAM_BYTES, MAX_QUEUED_BYTES, MAX_QUEUED_MESSAGES } from './shared-options.ts'
import { Window } from './window.ts'

/** How often a queue that has to drain is looked at. */
const DRAIN_POLL_MS = 10

/** Why a message was not sent, where the library's own sentence speaks to programmers. */
const reasons: Partial<Record<ErrorCode, string>> = {
  ERR_MESSAGE_TOO_LARGE: `it is longer than a message may be (${MAX_DATAGRAM_BYTES} bytes with the classic protocol, 16 MiB with the reliable one); --bytes cuts input to fit`,
  ERR_MESSAGE_RESERVED: 'it is one of the classic protocol’s own words, and the other side would take it for one',
  ERR_UNSUPPORTED: 'it is empty, and the classic protocol has no empty messages',
}

/** What a {@link PeersMessageSink} needs of a UDPipe. */
export interface Sender {
  peers(): Iterable<Peer>
  /**
   * Sends a message to every peer there is. Returns whether all of them took it.
   *
   * @throws UDPipeError as `UDPipe.send`
   */
  pass(message: Uint8Array): boolean
}

/** Hands messages to peers: not before there is one, and not faster than the slowest takes them. What cannot be sent is reported. */
export class PeersMessageSink implements MessageSink {
  readonly #sender: Sender
  readonly #isBinary: boolean
  readonly #report: Report
  readonly #onSent: (lengthBytes: number) => void
  readonly #windows = new Map<Peer, Window>()
  readonly #changes = new EventEmitter()
  #messageNumber = 0

  /** @param onSent is told the length of each message that was taken */
  constructor(sender: Sender, isBinary: boolean, report: Report, onSent: (lengthBytes: number) => void = () => {}) {
    this.#sender = sender
    this.#isBinary = isBinary
    this.#report = report
    this.#onSent = onSent
  }

  /** There is a new peer. */
  peerCame(peer: Peer): void {
    if (peer.protocol === 'classic') this.#windows.set(peer, new Window(() => peer.ping()))
    this.#changes.emit('change')
  }

  /** A peer has answered a PING. */
  peerAnswered(peer: Peer): void {
    this.#windows.get(peer)?.answered()
    this.#changes.emit('change')
  }

  peerLeft(peer: Peer): void {
    this.#windows.delete(peer)
    this.#changes.emit('change')
  }

  async ready(signal: AbortSignal): Promise<void> {
    for (;;) {
      const peers = [...this.#sender.peers()]
      if (peers.some(isHalfFull)) await delay(DRAIN_POLL_MS, undefined, { signal })
      else if (peers.length > 0 && this.#areWindowsOpen()) return
      else await once(this.#changes, 'change', { signal })
    }
  }

  async drained(signal: AbortSignal): Promise<void> {
    while ([...this.#sender.peers()].some(isWaiting)) await delay(DRAIN_POLL_MS, undefined, { signal })
  }

  take(message: Buffer): void {
    this.#messageNumber += 1
    for (const window of this.#windows.values()) window.sent(message.length)
    try {
      if (this.#sender.pass(message)) this.#onSent(message.length)
      else this.#reportUnsent('the queue is full')
    } catch (error) {
      if (!(error instanceof UDPipeError)) throw error
      if (error.code === 'ERR_MESSAGE_RESERVED' && this.#isBinary) this.#passInTwo(message)
      else this.#reportUnsent(reasons[error.code] ?? error.message)
    }
  }

  #areWindowsOpen(): boolean {
    for (const window of this.#windows.values()) if (!window.isOpen) return false
    return true
  }

  /** A stream of bytes has no boundaries to keep, and no two parts of a reserved word are reserved. */
  #passInTwo(message: Buffer): void {
    this.#sender.pass(message.subarray(0, 1))
    this.#sender.pass(message.subarray(1))
    this.#onSent(message.length)
  }

  #reportUnsent(reason: string): void {
    this.#report.failure(`${this.#isBinary ? 'chunk' : 'line'} ${this.#messageNumber} was not sent: ${reason}`)
  }
}

function isHalfFull(peer: Peer): boolean {
  const { queuedMessages, queuedBytes } = peer.stats
  return queuedMessages > MAX_QUEUED_MESSAGES / 2 || queuedBytes > MAX_QUEUED_BYTES / 2
}

function isWaiting(peer: Peer): boolean {
  return peer.stats.queuedMessages > 0
}
