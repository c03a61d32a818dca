import { readArguments, secondsToMs, type CallArguments } from '../options/call-arguments.ts'
import { toBytes } from './message-bytes.ts'
import { Callbacks, type DisconnectInfo, type MessageInfo } from './callbacks.ts'
import { ClientEndpoint } from './client-endpoint.ts'
import { checkCallOptions } from '../core/call-options.ts'
import {
  checkRoute,
  checkSendOptions,
  notSendOptions,
  parseCloseOptions,
  type CloseOptions,
  type SendOptions,
} from '../options/send-options.ts'
import { createCounters, type Counters } from './counters.ts'
import type { EndpointContext, Hooks } from './endpoint-context.ts'
import { Engine } from './engine.ts'
import { UDPipeError } from '../core/errors.ts'
import type { SessionDriver } from './session-driver.ts'
import { checkSides, type Side } from '../options/option-sides.ts'
import type { Options, UDPipeOptions } from '../options/options.ts'
import { parseOptions } from '../options/parse-options.ts'
import { Peer } from './peer.ts'
import { protectionOf, requireCryptography } from './protection.ts'
import { ServerEndpoint } from './server-endpoint.ts'
import type { Address } from '../core/address.ts'
import { invalid } from '../options/kinds.ts'
import { show } from '../core/show.ts'
import { parseToken } from '../options/parsers.ts'
import { checkTicksOptions, type TicksOptions } from '../core/tick-schedule.ts'
import type { SessionState } from '../session/session.ts'
import { Trace } from './trace.ts'
import { MAX_SHARED_WAITING_DATAGRAMS } from '../port/shared-port.ts'
import type { LinkSocket } from '../port/datagram-port.ts'
import type { Platform } from '../port/platform.ts'
import type { PortFactory, PortSettings } from '../port/port-factory.ts'
import { familyOf } from '../core/numeric-host.ts'
import type { HostObserver } from './host-observer.ts'
import type { ProtocolDependencies } from './protocols.ts'

/** How `sendAll` is to travel, and who gets a copy. */
export interface SendAllOptions extends SendOptions {
  /** Who gets one: a room is a `Set<Peer>`. Those whose connection does not stand are passed over. Default every peer. */
  readonly to?: Iterable<Peer>
  /** Who gets none: often the peer whose message is passed on. */
  readonly except?: Peer | Iterable<Peer>
}

/**
 * Where a UDPipe is in its life: a client's is that of its connection, `'dialing'` while the server's name is looked up; a server is
 * `'listening'` from `start` on. Either is `'idle'` before that, and `'closed'` when it is over.
 */
export type UDPipeState = 'idle' | 'listening' | SessionState

/** What simulations and specs reach of a UDPipe, and nobody else. */
export interface UDPipeInternals {
  readonly platform: Platform
  readonly engine: Engine
  readonly options: Options
  readonly server: ServerEndpoint | undefined
  readonly client: ClientEndpoint | undefined
  /** Has a UDPipe that has not begun yet live on another platform, with somebody who looks on, and dependencies over those of its options. */
  settle(platform: Platform, observer?: HostObserver, tuning?: Partial<ProtocolDependencies>): void
}

/** Opens up a UDPipe. */
export let internalsOf: (pipe: UDPipe) => UDPipeInternals

/**
 * Connections over UDP, as a server or as a client, on whatever platform. `UserData` is what the program keeps in `peer.userData`. The public class is this one on Node; programs subclass it, override
 * the callbacks, and call {@link step} from their main loop.
 */
export abstract class UDPipe<UserData = unknown> extends Callbacks<UserData> implements AsyncDisposable {
  static {
    internalsOf = (pipe) => pipe.#internals
  }

  #platform: Platform
  #given: UDPipeOptions
  /** What the last start or connect named besides. */
  #called: UDPipeOptions = {}
  #options: Options
  readonly #counters: Counters = createCounters()
  #trace: Trace
  #engine: Engine
  #ports: PortFactory
  #observer: HostObserver | undefined
  #tuning: Partial<ProtocolDependencies> = {}
  /** What it was started or connected as last. */
  #side: Side | undefined
  #server: ServerEndpoint | undefined
  #client: ClientEndpoint | undefined
  #context: EndpointContext | undefined
  #openedSocket: LinkSocket | undefined
  #lastPeerId = 0
  readonly #hooks: Hooks = {
    startUdp: (port, host) => {
      this._startUdp(port, host)
      const socket = this.#takeOpenedSocket()
      if (socket !== undefined) return socket
      throw new UDPipeError(
        'ERR_SOCKET',
        'An override of _startUdp must call super._startUdp(port, host): no socket was opened.',
      )
    },
    timedOut: (peer, info) => this._onTimeout(peer, info),
    newClient: (message, ip, port) => this._onNewClient(message, ip, port),
    setPeer: (peer, { host, port }) => this._setPeer(peer, host, port),
    unsetPeer: (peer) => this._unsetPeer(peer),
    newMessage: (message, peer, { host, port }, info) => this._onNewMessage(message, peer, host, port, info),
  }

  /**
   * @param platform what the machine and its runtime give
   * @param args `(port?, host?, timeoutSeconds?, options?)` or `(options?)`: what `start` and `connect` take when they name nothing else
   * @throws UDPipeError `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID`, `ERR_TOKEN_INVALID`, `ERR_UNSUPPORTED`
   */
  constructor(platform: Platform, ...args: CallArguments<number, string>) {
    super()
    this.#platform = platform
    this.#given = readArguments('new UDPipe', args, 'port', 'host')
    this.#options = parseOptions(this.#given, platform)
    this.#trace = this.#createTrace(this.#options)
    this.#engine = this.#createEngine()
    this.#ports = platform.createPorts()
  }

  /**
   * Starts a server. `step()` may be called at once.
   *
   * @param args `(port?, host?, timeoutSeconds?, options?)` or `(options?)`; port 0, the default, is any free one; host is `'0.0.0.0'` by default
   * @returns the address that was bound. It rejects, and `onError` hears of it, with `ERR_ADDRESS_IN_USE`, `ERR_ADDRESS_NOT_AVAILABLE`,
   *   `ERR_ACCESS`, `ERR_HOST_NOT_FOUND` or `ERR_SOCKET`; and with `ERR_CLOSED` when it was closed before that
   * @throws UDPipeError `ERR_ALREADY_STARTED`, `ERR_DEPENDENCY_MISSING`, and what the constructor throws
   */
  start(...args: CallArguments<number, string>): Promise<Address> {
    const context = this.#begin('server', readArguments('start', args, 'port', 'host'))
    const bound = this.#startServer(context)
    // Who does not look at the promise hears of a failure through onError.
    bound.catch(() => {})
    return bound
  }

  /**
   * Connects as a client. It dials again by itself, with backoff, until {@link close}, unless the option `reconnect` says otherwise. May be
   * called in `onDisconnect` with `willReconnect: false`, and in `onError` when the last attempt failed.
   *
   * Somebody has to step meanwhile: start your loop, or `run()`, before you await this.
   *
   * @param args `(host?, port?, timeoutSeconds?, options?)` or `(options)`; host is a name or an address, `'127.0.0.1'` by default;
   *   `'0.0.0.0'` and `'::'`, to which servers are bound, mean this machine. `signal` in the options gives up dialing when it aborts. With the option `connectToken`, and no port, the servers are those that the token names
   * @returns the server as a peer, once the first connection stands, for which `step()` or `run()` has to go on meanwhile. It rejects with
   *   `ERR_HOST_NOT_FOUND`, `ERR_CONNECT_TOKEN_UNAVAILABLE`, `ERR_CONNECT_TOKEN_INVALID`, `ERR_SOCKET`, `ERR_CLOSED`, `ERR_ABORTED` with the signal's reason as
   *   `cause`, or what the last of `reconnect.attempts` failed with; `onError` hears of all but `ERR_CLOSED` and `ERR_ABORTED`
   * @throws UDPipeError `ERR_ALREADY_STARTED`, `ERR_DEPENDENCY_MISSING`, and what the constructor throws
   */
  connect(...args: CallArguments<string, number>): Promise<Peer<UserData>> {
    const options = readArguments('connect', args, 'host', 'port')
    const isGuided = (options.connectToken ?? this.#options.connectToken) !== undefined
    if (!isGuided && (options.port ?? this.#options.port) === 0) {
      throw new UDPipeError(
        'ERR_OPTION_INVALID',
        'connect needs the port of the server, from 1 to 65535; it was 0 or missing.',
      )
    }
    const context = this.#begin('client', options)
    this.#client = new ClientEndpoint(context, context.options.port, context.options.host ?? '127.0.0.1')
    this.#engine.attach(this.#client)
    return this.#client.connected as Promise<Peer<UserData>>
  }

  /**
   * Sends a message: to the server on a client, to one peer on a server. Before the connection stands, or while it is stalled, the
   * message waits. What is sent outside `step()` leaves at the end of this turn of the event loop.
   *
   * @param message a string is sent as UTF-8; bytes are copied, so that the caller may change them afterwards
   * @param peer needed on a server; on a client `send(message, options)` does
   * @returns whether it was accepted; `false` when the queue is full, which `onError` hears of with `ERR_QUEUE_FULL`, and when the peer is
   *   leaving, until `onDisconnect` has returned
   * @throws UDPipeError `ERR_NOT_STARTED`, `ERR_CLOSED`, `ERR_PEER_REQUIRED`, `ERR_PEER_CLOSED`, `ERR_MESSAGE_TOO_LARGE`,
   *   `ERR_MESSAGE_RESERVED`, `ERR_UNSUPPORTED`, `ERR_ARGUMENT_INVALID`, `ERR_OPTION_UNKNOWN`
   */
  send(message: string | Uint8Array, peer?: Peer | SendOptions, options?: SendOptions): boolean {
    this.#engine.requireStarted('send')
    if (peer instanceof Peer) return peer.send(message, options)
    if (this.#client === undefined) {
      // Who has put the peer first is told that.
      toBytes(message, this.#platform.text)
      throw peerMissing(peer)
    }
    if (peer === undefined) return this.#client.send(message, options)
    if (options !== undefined) throw notAPeer('send', peer)
    checkSendOptions(peer, 'client.send(message, { delivery, channel, immediate })')
    return this.#client.send(message, peer)
  }

  /**
   * Sends a message to every connected peer, or to those of `to`; it is encoded once.
   *
   * @returns how many peers it was accepted for
   * @throws UDPipeError as {@link send}
   */
  sendAll(message: string | Uint8Array, options?: SendAllOptions): number {
    this.#engine.requireStarted('sendAll')
    const bytes = toBytes(message, this.#platform.text)
    if (options !== undefined) checkSendAllOptions(options)
    const { to, except } = options ?? NO_OPTIONS
    const excluded = except === undefined ? undefined : peersOf('except', except)
    let accepted = 0
    for (const driver of to === undefined ? this.#standing() : this.#standingOf(peersOf('to', to))) {
      if (excluded?.has(driver.peer) !== true && driver.sendBytes(bytes, options ?? NO_OPTIONS)) accepted += 1
    }
    return accepted
  }

  /**
   * Asks for a sign of life: the server on a client; one peer, or all of them, on a server. The answer is `onPong`.
   *
   * @throws UDPipeError `ERR_NOT_STARTED`, `ERR_CLOSED`, `ERR_PEER_CLOSED`, `ERR_ARGUMENT_INVALID`
   */
  ping(peer?: Peer): void {
    this.#engine.requireStarted('ping')
    if (peer === undefined) for (const driver of this.#standing()) driver.ping()
    else if ((peer as unknown) instanceof Peer) peer.ping()
    else throw notAPeer('ping', peer)
  }

  /**
   * Does everything there is to do: takes what arrived, lets time pass, fires the callbacks, sends what is due. Call it from your
   * main loop, at least four times a second, and let the event loop turn in between: `await` something, as `ticks` does. Before `start` or
   * `connect`, and after a client ended by itself, it does nothing.
   *
   * @param dt seconds since the last step, if you count them: it bounds how much silence of the peers this step may add, so that a game
   *   that clamps its frame time never times out its peers after a pause
   * @returns milliseconds until it needs to be called again at the latest, at most 60,000
   * @throws UDPipeError `ERR_CLOSED` after {@link close}, `ERR_ARGUMENT_INVALID` for a `dt` that is no time, `ERR_REENTRANT_STEP` inside a
   *   callback; and whatever a callback throws
   */
  step(dt?: number): number {
    if (dt === undefined) return this.#engine.step(Infinity)
    if (typeof dt === 'number' && dt >= 0) return this.#engine.step(dt * 1000)
    throw new UDPipeError('ERR_ARGUMENT_INVALID', `step(dt): dt is in seconds, 0 or more; it was ${show(dt)}.`)
  }

  /** Sends right now what would otherwise leave at the end of this step, or of this turn of the event loop. */
  flush(): void {
    this.#engine.flush()
  }

  /**
   * Steps for programs that have no loop of their own, until {@link close}, the end of a client that does not reconnect, or `signal`.
   *
   * @param hz steps a second; without it, steps as datagrams arrive and as deadlines fall due
   * @returns a promise that rejects with `ERR_ARGUMENT_INVALID` for an `hz` out of range, and with what a callback throws
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`, `ERR_OPTION_UNKNOWN` for options that are none
   */
  run(hz?: number, options: TicksOptions = {}): Promise<void> {
    if (typeof hz === 'object') {
      throw new UDPipeError(
        'ERR_ARGUMENT_INVALID',
        'hz comes first: run(undefined, { signal }), or run(60, { signal }).',
      )
    }
    checkTicksOptions(options, 'run')
    return this.#engine.run(hz, options)
  }

  /**
   * Closes gracefully: what is queued goes first, within a limit. Without a peer, everything: a client ends its connection and dials no
   * more, a server tells each of its clients and lets nobody in; it steps by itself until that is done, and `step()` after it throws.
   *
   * @param peer on a server, the one to close; on a client `close(options)` does
   * @returns a promise that resolves when the other side confirmed, or the limit passed
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`, `ERR_OPTION_UNKNOWN`, `ERR_PEER_REQUIRED`
   */
  close(peer?: Peer | CloseOptions, options?: CloseOptions): Promise<void> {
    const isPeer = peer instanceof Peer
    if (isPeer && this.#side !== 'client') return peer.close(options)
    if (!isPeer && peer !== undefined) {
      if (options !== undefined) throw notAPeer('close', peer)
      if (this.#side === 'server') throw whomToClose(peer)
    }
    const told = isPeer || peer === undefined ? options : peer
    return this.#engine.close(parseCloseOptions(told ?? NO_OPTIONS, 'close({ code, reason, reconnect })'))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /**
   * Sets the silence that ends a connection, for all current and future peers.
   *
   * @param seconds 0.05 to 3,600, and more than `pingIntervalMs`; the option `timeoutMs` takes longer ones
   * @throws UDPipeError `ERR_OPTION_INVALID`
   */
  setTimeout(seconds: number): void {
    if (typeof seconds !== 'number') throw invalid('setTimeout(seconds)', 'a number of seconds', seconds)
    this.#change({ timeoutMs: secondsToMs(seconds) as number })
    if (this.#context !== undefined) this.#context.settings.timeoutMs = this.#options.timeoutMs
    this.#engine.endpoint?.setTimeout(this.#options.timeoutMs)
  }

  /** Turns on or off one readable line for each datagram and event; `NODE_DEBUG=udpipe` does, too. */
  setDebug(isOn: boolean): void {
    if (typeof isOn !== 'boolean') throw invalid('setDebug(isOn)', 'true or false', isOn)
    this.#change({ debug: isOn })
    this.#trace.isOn = isOn
  }

  /**
   * Sets the handshake token; both sides must have the same. It holds from the next `start` or `connect` on, and at once for the front
   * door of a server that runs.
   *
   * @throws UDPipeError `ERR_TOKEN_INVALID`
   */
  setToken(token: string): void {
    parseToken(token)
    this.#change({ token })
    this.#server?.setToken(token)
  }

  /** How many datagrams this UDPipe has sent. */
  getSentPackets(): number {
    return this.#counters.sentPackets
  }

  /** How many datagrams this UDPipe has received. */
  getReceivedPackets(): number {
    return this.#counters.receivedPackets
  }

  /** What this UDPipe has counted, over all its sockets and peers: a copy. */
  get counters(): Counters {
    const counters = { ...this.#counters }
    this.#engine.count(counters)
    return counters
  }

  /** Aborts when what was started or connected last is over: `ticks(60, { signal: client.signal })` ends with it. */
  get signal(): AbortSignal {
    return this.#engine.signal
  }

  override onError(error: UDPipeError): void {
    this.#platform.warn(error)
  }

  /** The peers whose connections stand: on a client the server, on a server its clients. */
  *peers(): Generator<Peer<UserData>, void, void> {
    for (const driver of this.#standing()) yield driver.peer as Peer<UserData>
  }

  /** How many {@link peers} there are. It counts them, so do not ask for each of many. */
  get peerCount(): number {
    let count = 0
    for (const driver of this.#engine.endpoint?.drivers() ?? []) if (driver.isEstablished) count += 1
    return count
  }

  /**
   * The peer with this {@link Peer.id}: one whose connection has stood and is not over, and so may also be one that is lost and may come back.
   *
   * @returns `undefined` where there is none, or no more
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`
   */
  peer(id: number): Peer<UserData> | undefined {
    if (!Number.isInteger(id)) {
      throw new UDPipeError('ERR_ARGUMENT_INVALID', `peer(id) takes a peer's id, a whole number; it was ${show(id)}.`)
    }
    const driver = this.#engine.endpoint?.driverWith(id)
    const isThere = driver?.wasEstablished === true && driver.state !== 'closing' && !driver.isClosed
    return isThere ? (driver.peer as Peer<UserData>) : undefined
  }

  /** On a client, the server as a peer: from the first dialing on, until the next `connect`. On a server, `undefined`. */
  get server(): Peer<UserData> | undefined {
    return this.#client?.peer as Peer<UserData> | undefined
  }

  /** Where it is in its life. */
  get state(): UDPipeState {
    if (this.#side === undefined) return this.#engine.signal.aborted ? 'closed' : 'idle'
    if (this.#client !== undefined) return this.#client.state
    if (this.#engine.signal.aborted) return 'closed'
    return this.#engine.isClosing ? 'closing' : 'listening'
  }

  /**
   * Opens the socket of a server's front door, or of a client.
   *
   * @param port 0 for any free one
   * @param host a numeric address
   * @throws UDPipeError `ERR_ADDRESS_IN_USE`, `ERR_ADDRESS_NOT_AVAILABLE`, `ERR_ACCESS`, `ERR_SOCKET`
   */
  protected _startUdp(port: number, host: string): void {
    this.#openedSocket = this.#ports.open({ ...this.#portSettings(this.#options), port, host })
  }

  /** Nothing was heard from a peer for `timeoutMs`, and its connection has ended; calls `onDisconnect`. */
  protected _onTimeout(peer: Peer, info: DisconnectInfo): void {
    this.onDisconnect(peer as Peer<UserData>, info)
  }

  /**
   * A client with the right token says HELLO: opens its private port and calls `onNewClient`; or calls `onMaxClients` and sends it away. An
   * override that does not call `super._onNewClient` sends the client away.
   */
  protected _onNewClient(message: Buffer, ip: string, port: number): void
  protected _onNewClient(): void {
    this.#server?.admitPending()
  }

  /**
   * A peer talks from and to this address now: connects its socket to it, so that the kernel lets through nobody else; or where the port
   * is shared, takes what comes from there for this peer's.
   */
  protected _setPeer(peer: Peer, ip: string, port: number): void {
    this.#engine.driverOf(peer)?.setPeer({ host: ip, port })
  }

  /** A peer's address is not known for now, or its connection is over: disconnects its socket. */
  protected _unsetPeer(peer: Peer): void {
    this.#engine.driverOf(peer)?.unsetPeer()
  }

  /** A message arrived; calls `onNewMessage`. */
  protected _onNewMessage(message: Buffer, peer: Peer, _ip: string, _port: number, info: MessageInfo): void {
    this.onNewMessage(message, peer as Peer<UserData>, info)
  }

  get #internals(): UDPipeInternals {
    return {
      platform: this.#platform,
      engine: this.#engine,
      options: this.#options,
      server: this.#server,
      client: this.#client,
      settle: (platform, observer, tuning = {}) => {
        this.#platform = platform
        this.#options = parseOptions(this.#given, platform)
        this.#trace = this.#createTrace(this.#options)
        this.#engine = this.#createEngine()
        this.#ports = platform.createPorts()
        this.#observer = observer
        this.#tuning = tuning
      },
    }
  }

  /** Starts anew with the options of this call. */
  #begin(side: Side, options: UDPipeOptions): EndpointContext {
    const parsed = parseOptions({ ...this.#given, ...options }, this.#platform)
    checkSides(side, this.#given, options)
    requireCryptography(parsed, this.#platform.cryptography)
    this.#engine.begin(parsed.clock, parsed.unref)
    this.#side = side
    this.#called = options
    this.#options = parsed
    this.#trace = this.#createTrace(parsed)
    this.#server = undefined
    this.#client = undefined
    this.#context = this.#createContext(parsed)
    return this.#context
  }

  /** Runs through without a pause when the host is numeric, so that `step()` may follow at once. */
  async #startServer(context: EndpointContext): Promise<Address> {
    const { host = '0.0.0.0', port } = context.options
    const { signal } = this.#engine
    try {
      const address = familyOf(host) === undefined ? await this.#platform.resolveHost(host) : host
      if (signal.aborted) throw new UDPipeError('ERR_CLOSED', `It was closed while '${host}' was being looked up.`)
      const server = new ServerEndpoint(context, port, address)
      this.#server = server
      this.#engine.attach(server)
      return server.address
    } catch (error) {
      if (!signal.aborted) this.#engine.fail(error as UDPipeError)
      throw error
    }
  }

  /** Changes the options of what runs, and what later starts and connects begin with. */
  #change(change: UDPipeOptions): void {
    this.#options = parseOptions({ ...this.#given, ...this.#called, ...change }, this.#platform)
    this.#given = { ...this.#given, ...change }
    this.#called = { ...this.#called, ...change }
  }

  #createContext(options: Options): EndpointContext {
    return {
      platform: this.#platform,
      options,
      settings: { ...options },
      counters: this.#counters,
      trace: this.#trace,
      callbacks: this,
      hooks: this.#hooks,
      observer: this.#observer,
      ports: this.#ports,
      portSettings: this.#portSettings(options),
      dependencies: {
        token: options.token,
        randomBytes: options.random,
        security: protectionOf(options, this.#platform.cryptography),
        redundancy: options.redundancy,
        priorities: prioritiesOf(options.channels),
        isPortShared: options.privatePorts === 'shared',
        ...this.#tuning,
      },
      nextPeerId: () => (this.#lastPeerId += 1),
      isStepping: () => this.#engine.isStepping,
      requestFlush: () => this.#engine.requestFlush(),
      wake: () => this.#engine.wake(),
      report: (error) => this.#engine.report(error),
    }
  }

  #takeOpenedSocket(): LinkSocket | undefined {
    const socket = this.#openedSocket
    this.#openedSocket = undefined
    return socket
  }

  #portSettings({ clock, receiveBufferBytes, privatePorts, unref }: Options): PortSettings {
    const settings = {
      clock,
      receiveBufferBytes,
      isUnref: unref,
      onHint: this.#handleHint,
      onAdvice: this.#handleAdvice,
    }
    return privatePorts === 'shared' ? { ...settings, maxWaitingDatagrams: MAX_SHARED_WAITING_DATAGRAMS } : settings
  }

  #createTrace({ clock, debug, logger }: Options): Trace {
    return new Trace(this.#platform.terminal, logger, debug, clock)
  }

  #createEngine(): Engine {
    const { clock, unref } = this.#options
    return new Engine(this.#platform, clock, (error) => this.onError(error), unref)
  }

  readonly #handleHint = (code: string): void => {
    this.#counters.hints += 1
    this.#trace.hint(code)
  }

  readonly #handleAdvice = (sentence: string): void => this.#trace.warn(sentence);

  /** The links whose peers a program may talk to. */
  *#standing(): Generator<SessionDriver, void, void> {
    for (const driver of this.#engine.endpoint?.drivers() ?? []) if (driver.isEstablished) yield driver
  }

  *#standingOf(peers: Iterable<Peer>): Generator<SessionDriver, void, void> {
    for (const peer of peers) {
      const driver = this.#engine.driverOf(peer)
      if (driver?.isEstablished === true) yield driver
    }
  }
}

const NO_OPTIONS: SendAllOptions & CloseOptions = {}

const SEND_ALL_CALL = 'sendAll(message, { delivery, channel, immediate, to, except })'
const SEND_ALL_OPTIONS = { delivery: 0, channel: 0, immediate: 0, to: 0, except: 0 }

function checkSendAllOptions(options: unknown): asserts options is SendAllOptions {
  if (options instanceof Peer) {
    throw new UDPipeError(
      'ERR_ARGUMENT_INVALID',
      'sendAll sends to every peer: for one there is send(message, peer), for all but one sendAll(message, { except: peer }).',
    )
  }
  checkCallOptions(options, SEND_ALL_OPTIONS, SEND_ALL_CALL)
  checkRoute(options as SendAllOptions)
}

/** Peers that were listed, each once. */
function peersOf(name: 'to' | 'except', listed: Peer | Iterable<Peer>): ReadonlySet<Peer> {
  if (listed instanceof Peer && name === 'except') return new Set([listed])
  const isList = isObject(listed) && Symbol.iterator in listed
  const peers = isList ? (listed instanceof Set ? (listed as ReadonlySet<Peer>) : new Set(listed)) : undefined
  if (peers !== undefined) {
    let isAllPeers = true
    for (const peer of peers) isAllPeers &&= peer instanceof Peer
    if (isAllPeers) return peers
  }
  throw new UDPipeError(
    'ERR_ARGUMENT_INVALID',
    `${name} lists peers, as a Set or an array of them does; it was ${peers === undefined ? show(listed) : 'a list with something else in it'}.`,
  )
}

/** On a server, the message is there and whom it is for is not. */
function peerMissing(given: unknown): UDPipeError {
  const call = 'send(message, peer, { delivery, channel, immediate })'
  if (given === undefined || isObject(given)) {
    return new UDPipeError(
      'ERR_PEER_REQUIRED',
      `On a server, send needs the peer to send to: ${call}. For every peer there is sendAll(message).`,
    )
  }
  return typeof given === 'string' ? notSendOptions(given, call) : notAPeer('send', given)
}

/** On a server, why to close is there, and whom is not. */
function whomToClose(given: unknown): UDPipeError {
  if (!isObject(given)) return notAPeer('close', given)
  return new UDPipeError(
    'ERR_PEER_REQUIRED',
    'On a server, say whom to close: close(peer, { code, reason }) one client, close(undefined, { code, reason }) everything.',
  )
}

function notAPeer(method: 'send' | 'close' | 'ping', given: unknown): UDPipeError {
  const call = { send: 'send(message, peer, options)', close: 'close(peer, { code, reason })', ping: 'ping(peer)' }[
    method
  ]
  const advice = typeof given === 'number' ? ` The peer with an id is peer(${given}).` : ''
  return new UDPipeError('ERR_ARGUMENT_INVALID', `This is no Peer: ${show(given)}. The call is ${call}.${advice}`)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function prioritiesOf(channels: Options['channels']): Record<number, number> {
  return Object.fromEntries(Object.entries(channels).map(([channel, { priority = 1 }]) => [channel, priority]))
}
