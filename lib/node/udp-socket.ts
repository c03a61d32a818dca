import type { RemoteInfo } from 'node:dgram'
import { UDPipeError } from '../core/errors.ts'
import { isSameAddress, type Address } from '../core/address.ts'
import { bindSocket } from './bind-socket.ts'
import type { DatagramSocket } from './datagram-socket.ts'
import { Inbox, type Datagram } from '../port/inbox.ts'
import { spellAsReported, socketTypeFor, toMappedHost, toPlainHost } from './host-spelling.ts'
import { DEFAULT_RECEIVE_BUFFER_BYTES, explainOnce, requestReceiveBuffer } from './receive-buffer.ts'
import type { LinkSocket } from '../port/datagram-port.ts'
import type { PortOptions } from '../port/port-factory.ts'
import { SendBuffer } from '../port/send-buffer.ts'

/** How a socket is opened, besides what every port has. */
export interface UdpSocketOptions extends PortOptions {
  /** How many datagrams wait for {@link UdpSocket.receive} at most. Default 16,384. */
  readonly maxInboxDatagrams?: number
  /** Where datagrams are written before they are sent. Default: one of this socket's own, for any size. */
  readonly sendBuffer?: SendBuffer
  /** See {@link UdpSocket.onReadable}. */
  readonly onReadable?: () => void
}

/** What a socket has counted. Bytes are UDP payload, without headers. */
interface UdpSocketCounters {
  /** Datagrams given to the kernel, and their bytes; those it then refused are in `sendErrors` too. */
  sentDatagrams: number
  sentBytes: number
  /** Datagrams taken from the kernel, and their bytes; those dropped from the inbox included. */
  receivedDatagrams: number
  receivedBytes: number
  /** Datagrams that were dropped from a full inbox. */
  droppedInbox: number
  /** Datagrams that were dropped because too many waited for the kernel already, or still waited when the socket was closed. */
  droppedSend: number
  /** Datagrams that could not be sent. */
  sendErrors: number
  /** What {@link UdpSocket.onHint} was told: `sendErrors`, and what ICMP said of datagrams that had been sent. */
  hints: number
}

/**
 * The default of {@link UdpSocketOptions.maxInboxDatagrams}. The kernel's receive buffer of 4 MiB holds 10,000 small datagrams, and
 * what it has kept through a pause of the main loop must not be lost here.
 */
const DEFAULT_MAX_INBOX_DATAGRAMS = 16_384

/** The default of {@link PortOptions.maxWaitingDatagrams}. */
const DEFAULT_MAX_WAITING_DATAGRAMS = 256

/**
 * A UDP socket that is opened, connected and closed synchronously, and read when its owner wants to.
 *
 * A datagram that arrives is stamped and put in a bounded inbox, and nothing else happens until {@link receive}. What goes wrong
 * on the network while the socket is open is counted and told to {@link onHint}; it never throws and never closes the socket.
 *
 * Whatever the socket's kind, addresses have one spelling: an IPv4 peer of a dual-stack socket is `1.2.3.4`.
 */
export class UdpSocket implements LinkSocket {
  /** Called when the inbox was empty and something arrived; from the event loop, so never from within another call. */
  onReadable: () => void
  /**
   * Called with the system's code for an ICMP error (`ECONNREFUSED`) or a failed send (`EMSGSIZE`, `ENETUNREACH`): usually from the
   * event loop, but also from within `send`, `setPeer` and `unsetPeer`.
   */
  onHint: (code: string) => void
  /** Where the socket is bound. */
  readonly address: Address
  /** The receive buffer the kernel granted, in bytes; `undefined` where the runtime does not say. */
  readonly grantedReceiveBufferBytes: number | undefined
  readonly counters: Readonly<UdpSocketCounters>
  readonly #socket: DatagramSocket
  readonly #isIPv6: boolean
  readonly #clock: () => number
  readonly #inbox: Inbox
  readonly #sendBuffer: SendBuffer
  readonly #maxWaiting: number
  readonly #onClose: (() => void) | undefined
  readonly #counters: UdpSocketCounters
  #peer: Address | undefined
  #isClosed = false
  /** Datagrams in libuv's queue, as of the last send: since then it can only have become shorter. */
  #waiting = 0
  /** Datagrams that the runtime has not called back for. */
  #unanswered = 0
  /** Where the last datagram came from, and how the system spells that. */
  #lastSource: Address = { host: '', port: 0 }
  #lastSourceSpelling = ''

  private constructor(socket: DatagramSocket, options: UdpSocketOptions) {
    const { receiveBufferBytes = DEFAULT_RECEIVE_BUFFER_BYTES } = options
    const { address, port } = socket.address()
    this.onReadable = options.onReadable ?? doNothing
    this.onHint = options.onHint ?? doNothing
    this.address = { host: toPlainHost(address), port }
    this.grantedReceiveBufferBytes = requestReceiveBuffer(socket, receiveBufferBytes)
    const advice = explainOnce(receiveBufferBytes, this.grantedReceiveBufferBytes)
    if (advice !== undefined) options.onAdvice?.(advice)
    this.counters = this.#counters = createCounters()
    this.#socket = socket
    this.#isIPv6 = socketTypeFor(address) === 'udp6'
    this.#clock = options.clock
    this.#inbox = new Inbox(options.maxInboxDatagrams ?? DEFAULT_MAX_INBOX_DATAGRAMS)
    this.#sendBuffer = options.sendBuffer ?? new SendBuffer()
    this.#maxWaiting = options.maxWaitingDatagrams ?? DEFAULT_MAX_WAITING_DATAGRAMS
    this.#onClose = options.onClose
    if (options.isUnref === true) socket.unref()
    socket.on('message', this.#handleMessage)
    socket.on('error', this.#handleError)
  }

  /**
   * Opens and binds a socket; its address is known when this returns.
   *
   * @throws UDPipeError `ERR_ADDRESS_IN_USE`, `ERR_ADDRESS_NOT_AVAILABLE`, `ERR_ACCESS`, `ERR_SOCKET`; `ERR_ARGUMENT_INVALID` when
   *   `host` is a name
   */
  static open(options: UdpSocketOptions): UdpSocket {
    const host = spellAsReported(options.host)
    if (host === undefined) {
      throw new UDPipeError('ERR_ARGUMENT_INVALID', `'${options.host}' is not a numeric address; resolve names first.`)
    }
    return new UdpSocket(bindSocket(host, options.port), options)
  }

  /** The one address the kernel lets this socket talk to; `undefined` while it talks to anyone. */
  get peer(): Address | undefined {
    return this.#peer
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /**
   * Lets the kernel drop what comes from anyone else, and report what ICMP says of what is sent to `peer`. Datagrams that had
   * arrived already stay. When the kernel refuses, that is a hint, and the socket talks to anyone.
   */
  setPeer(peer: Address): void {
    if (this.#isClosed || (this.#peer !== undefined && isSameAddress(this.#peer, peer))) return
    this.unsetPeer()
    if (this.#peer !== undefined) return
    if (peer.port === 0) this.#hint('EADDRNOTAVAIL')
    else if (this.#connect(peer)) this.#peer = peer
  }

  /** Undoes {@link setPeer}: the socket talks to anyone again, at the same port. */
  unsetPeer(): void {
    if (this.#isClosed || this.#peer === undefined) return
    try {
      this.#socket.disconnect()
      this.#peer = undefined
    } catch (error) {
      this.#hint(codeOf(error))
    }
  }

  /** Does nothing: whatever arrives here belongs to one peer. */
  addConnectId(): void {
    // A client that comes back names its HELLO to the session.
  }

  /** Takes the oldest datagram from the inbox. The record is valid until the next call, its `bytes` and `source` for ever. */
  receive(): Datagram | undefined {
    return this.#inbox.take()
  }

  /** The memory to write the next datagram to, from its start; ask anew for each datagram. */
  acquire(): Uint8Array {
    return this.#sendBuffer.bytes
  }

  /**
   * Sends the first `lengthBytes` of what {@link acquire} returned. While there is a {@link peer}, `destination` must be it.
   *
   * Returns whether the datagram was given to the kernel, or to libuv when the kernel is busy; what becomes of it then is a hint
   * at worst. False when the socket is closed, when too many datagrams wait already, or when it cannot be sent.
   */
  send(lengthBytes: number, destination: Address): boolean {
    if (this.#isClosed) return false
    // The queue grows by our sends only, so while it was empty after the last one there is no need to look.
    if (this.#waiting > 0) this.#waiting = this.#countWaiting()
    if (this.#waiting >= this.#maxWaiting) {
      this.#counters.droppedSend += 1
      return false
    }
    const isQueueEmpty = this.#waiting === 0
    const bytes = isQueueEmpty ? this.#sendBuffer.view(lengthBytes) : this.#sendBuffer.copy(lengthBytes)
    if (!this.#hand(bytes, destination)) return false
    this.#counters.sentDatagrams += 1
    this.#counters.sentBytes += lengthBytes
    this.#waiting = this.#countWaiting()
    // libuv tries to send at once (uv_udp_try_send) and queues what the kernel does not take: then it still reads the memory.
    if (isQueueEmpty && this.#waiting > 0) this.#sendBuffer.abandon()
    return true
  }

  /** Does nothing: a datagram is given to the kernel as soon as it is sent. */
  flush(): void {
    // One system call sends one datagram here.
  }

  /** Closes the socket. Its port is free when this returns; what waits in the inbox is gone. */
  close(): void {
    if (this.#isClosed) return
    if (this.#waiting > 0) this.#counters.droppedSend += this.#countWaiting()
    this.#isClosed = true
    this.#inbox.clear()
    this.#socket.close()
    this.#onClose?.()
  }

  /** How many datagrams the kernel has not taken yet. */
  #countWaiting(): number {
    return this.#socket.getSendQueueCount?.() ?? this.#unanswered
  }

  #hand(bytes: Uint8Array, destination: Address): boolean {
    const peer = this.#peer
    if (peer === undefined) {
      // A datagram may claim to come from port 0, which is nowhere to answer to (RFC 768), and Node would throw.
      if (destination.port === 0) return this.#refuseSend('EADDRNOTAVAIL')
      this.#unanswered += 1
      this.#socket.send(bytes, destination.port, this.#spell(destination.host), this.#handleSent)
      return true
    }
    if (peer !== destination && !isSameAddress(peer, destination)) return this.#refuseSend('EISCONN')
    this.#unanswered += 1
    this.#socket.send(bytes, this.#handleSent)
    return true
  }

  #refuseSend(code: string): false {
    this.#counters.sendErrors += 1
    this.#hint(code)
    return false
  }

  #connect(peer: Address): boolean {
    this.#socket.connect(peer.port, this.#spell(peer.host))
    try {
      this.#socket.remoteAddress()
      return true
    } catch {
      // Node emits the reason as an error at the end of this turn.
      return false
    }
  }

  /** How this socket must be told a host. */
  #spell(host: string): string {
    return this.#isIPv6 ? toMappedHost(host) : host
  }

  #sourceOf(remote: RemoteInfo): Address {
    if (remote.port !== this.#lastSource.port || remote.address !== this.#lastSourceSpelling) {
      this.#lastSource = { host: toPlainHost(remote.address), port: remote.port }
      this.#lastSourceSpelling = remote.address
    }
    return this.#lastSource
  }

  #hint(code: string): void {
    this.#counters.hints += 1
    this.onHint(code)
  }

  // These are handed to node:dgram once each, so that a datagram costs no closure.

  readonly #handleMessage = (bytes: Buffer, remote: RemoteInfo): void => {
    const wasEmpty = this.#inbox.length === 0
    this.#counters.receivedDatagrams += 1
    this.#counters.receivedBytes += bytes.length
    this.#counters.droppedInbox += this.#inbox.put(bytes, this.#sourceOf(remote), this.#clock())
    if (wasEmpty) this.onReadable()
  }

  readonly #handleError = (error: Error): void => {
    if (!this.#isClosed) this.#hint(codeOf(error))
  }

  readonly #handleSent = (error: Error | null): void => {
    this.#unanswered -= 1
    if (error !== null && !this.#isClosed) this.#refuseSend(codeOf(error))
  }
}

function createCounters(): UdpSocketCounters {
  return {
    sentDatagrams: 0,
    sentBytes: 0,
    receivedDatagrams: 0,
    receivedBytes: 0,
    droppedInbox: 0,
    droppedSend: 0,
    sendErrors: 0,
    hints: 0,
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error)
}

function doNothing(): void {
  // Nobody listens.
}
