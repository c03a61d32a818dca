import { toBytes } from './message-bytes.ts'
import type { DisconnectInfo } from './callbacks.ts'
import { checkSendOptions, parseCloseOptions, type CloseOptions, type SendOptions } from '../options/send-options.ts'
import { countSession, countSocket, type Counters } from './counters.ts'
import type { EndpointContext } from './endpoint-context.ts'
import { UDPipeError } from '../core/errors.ts'
import {
  deliveryUnsupported,
  messageReserved,
  messageTooLarge,
  queueFull,
  refused,
  unanswered,
} from './session-errors.ts'
import type { HostedSession } from './host-observer.ts'
import { Peer, type PeerDriver } from './peer.ts'
import { protocols, type ProtocolEntry } from './protocols.ts'
import { defaultDelivery } from './route.ts'
import { formatAddress, type Address } from '../core/address.ts'
import type { Admission } from '../session/admission.ts'
import type { ProtocolName, Session, SessionEvent, SessionState, UndeliveredMessage } from '../session/session.ts'
import type { SessionStats } from '../session/stats.ts'
import type { LinkSocket } from '../port/datagram-port.ts'
import type { Text } from '../port/platform.ts'

/** One session on its socket, or its share of one, and the peer that the program sees of it. */
export class SessionDriver implements PeerDriver, HostedSession {
  readonly session: Session
  readonly peer: Peer
  readonly #socket: LinkSocket
  readonly #context: EndpointContext
  readonly #protocol: ProtocolEntry
  readonly #touch: (driver: SessionDriver) => void
  #remote: Address
  #awakeAtMs = 0
  #isQueueFull = false
  /** Whether the program takes nothing of this peer for now. */
  #isPaused = false
  /** Whether the program has been told that the connection is over, for good. */
  #hasEnded = false
  /** Whether there will be no connection any more: the program has been told, or is being told. */
  isEnding = false
  readonly #whenClosed: (() => void)[] = []
  /** Whether the connection has stood at least once. */
  wasEstablished = false
  /** Why the last attempt of a client failed. */
  failure: UDPipeError | undefined
  /** Gets another connect token for a client's session that asks for one. */
  onTokenNeeded: () => void = () => {}
  /** Called when the session may have changed in what a front door is to know of it. */
  onChange: () => void = () => {}
  /** What `SessionDrivers` keeps about this driver, so that it needs no sets. */
  isReady = false
  isToDispatch = false
  isToTransmit = false
  deadline: number

  /** `touch` is called whenever the session has been told something from outside a step. */
  constructor(
    context: EndpointContext,
    session: Session,
    socket: LinkSocket,
    remote: Address,
    touch: (driver: SessionDriver) => void,
    admission?: Pick<Admission, 'ticket' | 'payload'>,
  ) {
    this.#context = context
    this.session = session
    this.#socket = socket
    this.#protocol = protocols[session.protocol]
    this.#remote = remote
    this.#touch = touch
    this.deadline = -Infinity
    const { text } = context.platform
    const ticket = admission?.ticket
    this.peer = new Peer(context.nextPeerId(), this, {
      clientId: ticket?.clientId,
      userData: ticket && text.present(ticket.userData),
      hello: admission && text.present(admission.payload),
    })
  }

  get protocol(): ProtocolName {
    return this.session.protocol
  }

  get state(): SessionState {
    return this.session.state
  }

  get remote(): Address {
    return this.#remote
  }

  get localPort(): number {
    return this.#socket.address.port
  }

  get rttMs(): number {
    return this.session.rttMs
  }

  get clockOffsetMs(): number {
    return this.session.clockOffsetMs
  }

  get stats(): Readonly<SessionStats> {
    return this.session.stats
  }

  /** Whether it is over, and the program has been told all of it. */
  get isClosed(): boolean {
    return this.session.state === 'closed' && !this.#isPaused
  }

  /** Whether the connection is lost and may go on. */
  get isWaiting(): boolean {
    return this.session.state === 'waiting'
  }

  /** Whether messages reach the peer, or wait for a stalled link. */
  get isEstablished(): boolean {
    return this.session.state === 'connected' || this.session.state === 'stalled'
  }

  send(message: string | Uint8Array, options?: SendOptions): boolean {
    const bytes = toBytes(message, this.#context.platform.text)
    if (options === undefined) return this.sendBytes(bytes, NO_OPTIONS)
    checkSendOptions(options)
    return this.sendBytes(bytes, options)
  }

  /** Like {@link send}, of a message that is bytes already, with options that were checked. */
  sendBytes(bytes: Uint8Array, options: SendOptions): boolean {
    const channel = options.channel ?? 0
    const delivery = options.delivery ?? defaultDelivery(channel, this.protocol, this.#context.options)
    switch (this.session.send(this.#context.options.clock(), bytes, delivery, channel)) {
      case 'accepted':
        this.#isQueueFull = false
        this.#touch(this)
        if (options.immediate === true) this.transmit(this.#context.options.clock())
        return true
      case 'queue-full':
        this.#reportFullQueue()
        return false
      case 'too-large':
        throw messageTooLarge(bytes.length, this.#protocol.maxMessageBytes(this.#context.settings))
      case 'reserved':
        throw messageReserved()
      case 'unsupported':
        throw deliveryUnsupported(this.protocol, bytes, delivery, channel)
      case 'closed':
        if (this.#isUntold) return false
        throw new UDPipeError('ERR_PEER_CLOSED', `Peer ${this.peer.id} is closed; nothing can be sent to it any more.`)
    }
  }

  ping(): void {
    if (this.isClosed) {
      if (this.#isUntold) return
      throw new UDPipeError('ERR_PEER_CLOSED', `Peer ${this.peer.id} is closed and cannot be pinged.`)
    }
    this.session.ping(this.#context.options.clock())
    this.#touch(this)
  }

  /** A callback may answer a peer that closed right behind its message: until onDisconnect has returned nobody can know. */
  get #isUntold(): boolean {
    return !this.#hasEnded && this.#context.isStepping()
  }

  close(options: CloseOptions = {}): Promise<void> {
    const { code, reason, isFinal } = parseCloseOptions(options, 'peer.close({ code, reason, reconnect })')
    this.session.close(this.#context.options.clock(), code, reason, isFinal)
    this.onChange()
    this.#touch(this)
    return this.closed()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#touch(this)
    this.#context.wake()
  }

  /** Resolves when the session is over and its socket closed. */
  closed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.isClosed) resolve()
      else this.#whenClosed.push(resolve)
    })
  }

  /** The session was told something from elsewhere, and may have events and datagrams. */
  wake(): void {
    this.#touch(this)
  }

  /** Hands everything in the inbox to the session. */
  receive(): void {
    const { counters, trace } = this.#context
    for (let datagram = this.#socket.receive(); datagram; datagram = this.#socket.receive()) {
      counters.receivedPackets += 1
      counters.receivedBytes += datagram.bytes.length
      if (trace.isOn) {
        trace.received(this.localPort, datagram.source, this.#protocol.describe(datagram.bytes), datagram.bytes.length)
      }
      this.session.handleDatagram(datagram.arrivedAtMs, datagram.bytes, datagram.source)
    }
  }

  /** Its time begins when the clock that leaves out the main loop's pauses is at `awakeMs`. */
  begin(awakeMs: number): void {
    this.#awakeAtMs = awakeMs
  }

  /** Lets time pass, and no more silence than this end was awake for. */
  advance(now: number, awakeMs: number): void {
    this.session.handleTimeout(now, awakeMs - this.#awakeAtMs)
    this.#awakeAtMs = awakeMs
  }

  /** Turns the session's events into callbacks. */
  dispatch(): void {
    try {
      while (!this.#isPaused) {
        const event = this.session.pollEvent()
        if (event === undefined) return
        this.#handleEvent(event)
      }
    } finally {
      this.onChange()
    }
  }

  /** Sends what is due. */
  transmit(now: number): void {
    const { counters, trace } = this.#context
    for (;;) {
      const buffer = this.#socket.acquire()
      const transmit = this.session.pollTransmit(now, buffer)
      if (transmit === undefined) break
      const { lengthBytes, destination } = transmit
      if (trace.isOn)
        trace.sent(this.localPort, destination, this.#protocol.describe(buffer.subarray(0, lengthBytes)), lengthBytes)
      counters.sentPackets += 1
      counters.sentBytes += lengthBytes
      this.#socket.send(lengthBytes, destination)
    }
    this.#socket.flush()
    this.deadline = this.session.nextDeadline
  }

  /** Tells the socket where the session talks to. */
  setPeer(remote: Address): void {
    this.#remote = remote
    this.#socket.setPeer(remote)
  }

  unsetPeer(): void {
    this.#socket.unsetPeer()
  }

  /** The peer may come back by another HELLO. */
  addConnectId(id: Uint8Array, source: Address): void {
    this.#socket.addConnectId(id, source)
  }

  /** Adds what the session and its socket dropped. */
  count(counters: Counters): void {
    countSession(this.session.stats, counters)
    countSocket(this.#socket, counters)
  }

  /** Closes the socket, keeps what was counted, and resolves whoever waits for the end. */
  dispose(): void {
    this.#socket.close()
    this.count(this.#context.counters)
    for (const resolve of this.#whenClosed.splice(0)) resolve()
    this.#context.observer?.onOver(this)
  }

  #handleEvent(event: SessionEvent): void {
    const { callbacks, hooks, observer } = this.#context
    observer?.onEvent(this, event)
    if (event.type === 'message') {
      const info = { delivery: event.delivery, channel: event.channel }
      hooks.newMessage(this.#context.platform.text.present(event.message), this.peer, this.#remote, info)
      return
    }
    this.#trace(event)
    switch (event.type) {
      case 'peer':
        if (event.remote === undefined) hooks.unsetPeer(this.peer)
        else hooks.setPeer(this.peer, event.remote)
        return
      case 'connecting':
        callbacks.onConnecting(this.peer, event.remote.host, event.remote.port)
        return
      case 'connected':
        this.wasEstablished = true
        this.#hasEnded = false
        this.isEnding = false
        callbacks.onConnect(this.peer, event.remote.host, event.remote.port, { isResumed: event.isResumed })
        return
      case 'ping':
        callbacks.onPing(this.peer)
        return
      case 'pong':
        callbacks.onPong(this.peer, event.rttMs)
        return
      case 'stalled':
        callbacks.onStalled(this.peer)
        return
      case 'unstalled':
        callbacks.onUnstalled(this.peer)
        return
      case 'rate-limited':
        callbacks.onRateLimited(this.peer, { droppedPackets: event.droppedPackets, graceMs: event.graceMs })
        return
      case 'migrated':
        callbacks.onMigrated(this.peer, event.from, event.to)
        return
      case 'ended':
        this.#handleEnd(event)
        return
      case 'refused':
        this.failure = refused(this.#remote, event, event.willReconnect)
        this.#tellFailure(this.failure, event.willReconnect)
        return
      case 'unanswered':
        this.failure = unanswered(this.#remote, this.#context.settings.handshakeTimeoutMs, event.willReconnect)
        this.#tellFailure(this.failure, event.willReconnect)
        return
      case 'token-needed':
        this.onTokenNeeded()
        return
      case 'undelivered':
        callbacks.onUndelivered(present(event.messages, this.#context.platform.text), this.peer)
        return
      case 'closed':
        return
    }
  }

  #handleEnd({ cause, code, reason, willReconnect }: SessionEvent & { readonly type: 'ended' }): void {
    this.isEnding = !willReconnect
    const info: DisconnectInfo = { code, reason, timedOut: cause === 'timeout', willReconnect }
    const { hooks } = this.#context
    try {
      if (cause === 'timeout') hooks.timedOut(this.peer, info)
      else this.#tellClosed(info)
    } finally {
      this.#hasEnded = !willReconnect
    }
    this.#tellReconnecting(willReconnect)
  }

  #tellClosed(info: DisconnectInfo): void {
    const { callbacks } = this.#context
    try {
      callbacks.onClose(this.peer)
    } finally {
      // Whatever onClose throws, each onConnect has its onDisconnect.
      callbacks.onDisconnect(this.peer, info)
    }
  }

  #tellFailure(failure: UDPipeError, willReconnect: boolean): void {
    this.isEnding = !willReconnect
    this.#context.callbacks.onError(failure)
    this.#tellReconnecting(willReconnect)
  }

  /** Unless the callback before has closed the client, or somebody else says when it dials. */
  #tellReconnecting(willReconnect: boolean): void {
    const { redialing } = this.session
    if (willReconnect && redialing !== undefined && this.isWaiting) this.#context.callbacks.onReconnecting(redialing)
  }

  #trace(event: SessionEvent): void {
    const { trace } = this.#context
    if (trace.isOn) trace.event(this.localPort, this.#remote, describeEvent(event))
  }

  /** Once each time the queue fills up, however many messages follow: `send` returned false for each of them. */
  #reportFullQueue(): void {
    if (this.#isQueueFull) return
    this.#isQueueFull = true
    this.#context.report(queueFull(this.peer.id, this.#remote, this.session.stats, this.#context.settings))
  }
}

const NO_OPTIONS: SendOptions = {}

/** The same messages, their bytes as a program expects them. */
function present(messages: readonly UndeliveredMessage[], text: Text): UndeliveredMessage[] {
  return messages.map(({ message, ...route }) => ({ message: text.present(message), ...route }))
}

/** An event in a few words, for people. */
export function describeEvent(event: SessionEvent): string {
  switch (event.type) {
    case 'peer':
      return event.remote === undefined ? 'talks to nobody' : `talks to ${formatAddress(event.remote)}`
    case 'migrated':
      return `migrated from ${formatAddress(event.from)} to ${formatAddress(event.to)}`
    case 'pong':
      return `pong after ${event.rttMs.toFixed(1)} ms`
    case 'ended':
      return `ended: ${event.cause}, code ${event.code}${event.reason === '' ? '' : `, ${event.reason}`}`
    case 'rate-limited':
      return `rate limited: ${event.droppedPackets} packets dropped, closed in ${event.graceMs} ms`
    case 'refused':
      return `refused: ${event.reason}`
    case 'undelivered':
      return `undelivered: ${event.messages.length}`
    default:
      return event.type
  }
}
