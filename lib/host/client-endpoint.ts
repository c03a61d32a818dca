import type { ConnectTokenSource } from '../options/connect-token.ts'
import type { Counters } from './counters.ts'
import { FreshHello } from './fresh-hello.ts'
import { EarlyMessages } from './early-messages.ts'
import type { Endpoint } from './endpoint.ts'
import type { EndpointContext } from './endpoint-context.ts'
import { UDPipeError } from '../core/errors.ts'
import { SessionDriver } from './session-driver.ts'
import { SessionDrivers } from './session-drivers.ts'
import type { Peer } from './peer.ts'
import type { SendOptions } from '../options/send-options.ts'
import { protocols } from './protocols.ts'
import { dialableHost, type Address } from '../core/address.ts'
import type { CloseReason, ConnectToken, Session, SessionState } from '../session/session.ts'
import { TokenSource } from './token-source.ts'
import { familyOf } from '../core/numeric-host.ts'
import type { LinkSocket } from '../port/datagram-port.ts'

/** A client: one session to one server, once the server's name is known. */
export class ClientEndpoint implements Endpoint {
  /** Resolves with the peer when the first connection stands; rejects when there will be none. */
  readonly connected: Promise<Peer>
  readonly #context: EndpointContext
  readonly #port: number
  readonly #drivers: SessionDrivers
  readonly #early: EarlyMessages
  /** What says what each HELLO carries, where a function does. */
  readonly #freshHello: FreshHello | undefined
  #settle: { resolve(peer: Peer): void; reject(error: UDPipeError): void } | undefined
  #driver: SessionDriver | undefined
  #isClosed = false

  constructor(context: EndpointContext, port: number, host: string) {
    this.#context = context
    this.#port = port
    this.#drivers = new SessionDrivers(() => this.#end())
    this.#early = new EarlyMessages(context)
    const { hello } = context.options
    if (typeof hello === 'function') this.#freshHello = new FreshHello(hello, (error) => context.report(error))
    this.connected = new Promise((resolve, reject) => (this.#settle = { resolve, reject }))
    // Who does not look at the promise hears of a failure through onError.
    this.connected.catch(() => {})
    const { connectToken, signal } = context.options
    if (signal?.aborted === true) {
      this.#abort(signal)
      return
    }
    if (signal !== undefined) this.#listen(signal)
    if (connectToken !== undefined) void this.#dialByToken(connectToken, host)
    else if (familyOf(host) !== undefined) this.#tryDial(host)
    else void this.#dialByName(host)
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get isEnding(): boolean {
    return this.#isClosed || this.#driver?.isEnding === true
  }

  /** The server, once its address is known. */
  get peer(): Peer | undefined {
    return this.#driver?.peer
  }

  get state(): SessionState {
    return this.#isClosed ? 'closed' : (this.#driver?.state ?? 'dialing')
  }

  get nextDeadline(): number {
    return this.#drivers.nextDeadline
  }

  drivers(): Iterable<SessionDriver> {
    return this.#drivers
  }

  driverOf(peer: Peer): SessionDriver | undefined {
    return this.#drivers.of(peer)
  }

  driverWith(peerId: number): SessionDriver | undefined {
    return this.#drivers.with(peerId)
  }

  /** Sends to the server, or keeps the message until its name is known. */
  send(message: string | Uint8Array, options?: SendOptions): boolean {
    return this.#driver === undefined ? this.#early.add(message, options) : this.#driver.send(message, options)
  }

  /** What one server sends in a turn is one step's. */
  hasBacklog(): boolean {
    return false
  }

  receive(): void {
    this.#drivers.receive()
  }

  advance(now: number, awakeMs: number): void {
    this.#drivers.advance(now, awakeMs)
  }

  dispatch(): void {
    this.#drivers.dispatch()
    if (this.#isClosed) this.#early.handBack()
    if (this.#driver?.wasEstablished === true) this.#settle?.resolve(this.#driver.peer)
  }

  transmit(now: number): void {
    this.#drivers.transmit(now)
  }

  close(now: number, why: CloseReason): void {
    if (this.#driver === undefined) this.#end()
    else this.#driver.session.close(now, why.code, why.reason, why.isFinal)
    if (this.#driver !== undefined) this.#drivers.touch(this.#driver)
  }

  setTimeout(timeoutMs: number): void {
    if (this.#driver === undefined) return
    this.#driver.session.setTimeout(timeoutMs)
    this.#drivers.touch(this.#driver)
  }

  count(counters: Counters): void {
    this.#drivers.count(counters)
  }

  async #dialByName(host: string): Promise<void> {
    try {
      this.#tryDial(await this.#context.platform.resolveHost(host))
    } catch (error) {
      this.#fail(error as UDPipeError)
    }
    this.#context.wake()
  }

  /** Without a port, a token says itself where to dial. */
  async #dialByToken(connectToken: string | ConnectTokenSource, host: string): Promise<void> {
    try {
      const server =
        this.#port === 0 ? undefined : { host: await this.#context.platform.resolveHost(host), port: this.#port }
      const source = new TokenSource(connectToken, server)
      const token = await source.next()
      this.#tryDial(token.servers[0]?.host ?? host, { source, token })
    } catch (error) {
      this.#fail(error as UDPipeError)
    }
    this.#context.wake()
  }

  /** Until the first connection stands, or there will be none. */
  #listen(signal: AbortSignal): void {
    const abort = (): void => this.#abort(signal)
    const forget = (): void => signal.removeEventListener('abort', abort)
    signal.addEventListener('abort', abort)
    this.connected.then(forget, forget)
  }

  #abort(signal: AbortSignal): void {
    const cause: unknown = signal.reason
    this.#settle?.reject(new UDPipeError('ERR_ABORTED', 'Dialing was given up: its signal aborted.', { cause }))
    if (this.#driver?.wasEstablished === true) return
    this.close(this.#context.options.clock(), { code: 0, reason: '', isFinal: false })
    this.#context.requestFlush()
    this.#context.wake()
  }

  #tryDial(host: string, pass?: Pass): void {
    if (this.#isClosed) return
    try {
      this.#dial(dialableHost(host), pass)
    } catch (error) {
      this.#fail(error as UDPipeError)
    }
  }

  #dial(host: string, pass?: Pass): void {
    const { hooks } = this.#context
    const frontDoor = { host, port: this.#port }
    const isIPv6 = [frontDoor, ...(pass?.token.servers ?? [])].some((server) => familyOf(server.host) === 6)
    const socket = hooks.startUdp(0, isIPv6 ? '::' : '0.0.0.0')
    const session = this.#createSession(frontDoor, socket, pass)
    const driver = new SessionDriver(this.#context, session, socket, frontDoor, () => this.#touch(driver))
    socket.onReadable = () => {
      this.#drivers.ready(driver)
      this.#context.wake()
    }
    if (pass?.source.isFresh === true) driver.onTokenNeeded = () => void this.#provideToken(driver, pass.source)
    this.#driver = driver
    this.#drivers.add(driver)
    this.#context.observer?.onOpen(driver, undefined)
    this.#early.sendThrough(driver)
    this.#context.requestFlush()
  }

  /** @throws UDPipeError `ERR_CONNECT_TOKEN_INVALID`, `ERR_OPTION_INVALID` when a HELLO of this size has no room for all that it is to carry */
  #createSession(frontDoor: Address, socket: LinkSocket, pass: Pass | undefined): Session {
    const { dependencies, options, settings } = this.#context
    const { clock, hello } = options
    const payload = dependencies.payload ?? this.#freshHello?.next ?? (hello as Uint8Array | undefined)
    const tokens = pass && { connectToken: pass.token, hasFreshTokens: pass.source.isFresh }
    try {
      const all = { ...dependencies, payload, ...tokens }
      return protocols[options.protocol].createClient(clock(), settings, frontDoor, all)
    } catch (error) {
      socket.close()
      throw pass === undefined ? noRoomForHello(error) : noRoom(error)
    }
  }

  async #provideToken(driver: SessionDriver, source: TokenSource): Promise<void> {
    let token: ConnectToken | undefined
    try {
      token = await source.next()
    } catch (error) {
      this.#context.report(error as UDPipeError)
    }
    try {
      driver.session.provideToken?.(this.#context.options.clock(), token)
    } catch (error) {
      this.#context.report(noRoom(error))
    }
    this.#touch(driver)
    this.#context.wake()
  }

  #touch(driver: SessionDriver): void {
    this.#drivers.touch(driver)
    this.#context.requestFlush()
  }

  #fail(error: UDPipeError): void {
    if (this.#isClosed) return
    this.#context.report(error)
    this.#settle?.reject(error)
    this.#end()
  }

  #end(): void {
    this.#isClosed = true
    this.#settle?.reject(
      this.#driver?.failure ??
        this.#freshHello?.failure ??
        new UDPipeError('ERR_CLOSED', 'The connection was closed before it stood.'),
    )
  }
}

/** What a client dials with in place of the token. */
interface Pass {
  readonly source: TokenSource
  readonly token: ConnectToken
}

function noRoomForHello(error: unknown): UDPipeError {
  const message = `hello does not fit: let it carry less, or raise mtuBytes. ${(error as Error).message}`
  return new UDPipeError('ERR_OPTION_INVALID', message, { cause: error })
}

function noRoom(error: unknown): UDPipeError {
  return new UDPipeError(
    'ERR_CONNECT_TOKEN_INVALID',
    `This connect token does not fit into HELLO: let it carry less, or raise mtuBytes. ${(error as Error).message}`,
    { cause: error },
  )
}
