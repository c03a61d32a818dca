import {
  UDPipe,
  type Address,
  type Callbacks,
  type DisconnectInfo,
  type MessageInfo,
  type Peer,
  type ReconnectInfo,
  type UDPipeError,
} from 'udpipe'

/** The callbacks of a UDPipe. */
export type CallbackName = keyof Callbacks
type Arguments<Name extends CallbackName> = Parameters<Callbacks[Name]>

/** A UDPipe that writes down which callbacks fired, with what. */
export class RecordingPipe extends UDPipe {
  readonly #calls: { readonly name: CallbackName; readonly args: readonly unknown[] }[] = []

  /** The names of the callbacks that fired, in order. */
  get names(): CallbackName[] {
    return this.#calls.map(({ name }) => name)
  }

  /** The messages that arrived, as text. */
  get messages(): string[] {
    return this.called('onNewMessage').map(([message]) => message.toString())
  }

  /** The codes of the errors that `onError` was told. */
  get errorCodes(): string[] {
    return this.called('onError').map(([error]) => error.code)
  }

  /** What a callback was called with, each time it was. */
  called<Name extends CallbackName>(name: Name): Arguments<Name>[] {
    return this.#calls.filter((call) => call.name === name).map(({ args }) => args as Arguments<Name>)
  }

  /** The peer of the newest connection. */
  get lastPeer(): Peer {
    const call = this.called('onConnect').at(-1)
    if (call === undefined) throw new Error('No connection has stood yet.')
    return call[0]
  }

  /** Forgets what fired so far. */
  forget(): void {
    this.#calls.length = 0
  }

  /** Called after each callback. */
  protected afterCall(_name: CallbackName): void {}

  #record<Name extends CallbackName>(name: Name, ...args: Arguments<Name>): void {
    this.#calls.push({ name, args })
    this.afterCall(name)
  }

  override onNewClient(
    message: Buffer,
    ip: string,
    port: number,
    clientIp: string,
    clientPort: number,
  ): boolean | undefined {
    this.#record('onNewClient', message, ip, port, clientIp, clientPort)
    return undefined
  }

  override onNewMessage(message: Buffer, peer: Peer, info: MessageInfo): void {
    this.#record('onNewMessage', message, peer, info)
  }

  override onConnecting(peer: Peer, ip: string, port: number): void {
    this.#record('onConnecting', peer, ip, port)
  }

  override onConnect(...args: Arguments<'onConnect'>): void {
    this.#record('onConnect', ...args)
  }

  override onDisconnect(peer: Peer, info: DisconnectInfo): void {
    this.#record('onDisconnect', peer, info)
  }

  override onClose(peer: Peer): void {
    this.#record('onClose', peer)
  }

  override onStalled(peer: Peer): void {
    this.#record('onStalled', peer)
  }

  override onUnstalled(peer: Peer): void {
    this.#record('onUnstalled', peer)
  }

  override onRateLimited(...args: Arguments<'onRateLimited'>): void {
    this.#record('onRateLimited', ...args)
  }

  override onMigrated(peer: Peer, from: Address, to: Address): void {
    this.#record('onMigrated', peer, from, to)
  }

  override onMaxClients(message: Buffer, ip: string, port: number): void {
    this.#record('onMaxClients', message, ip, port)
  }

  override onBadToken(message: Buffer, ip: string, port: number): void {
    this.#record('onBadToken', message, ip, port)
  }

  override onPing(peer: Peer): void {
    this.#record('onPing', peer)
  }

  override onPong(peer: Peer, rttMs: number): void {
    this.#record('onPong', peer, rttMs)
  }

  override onReconnecting(info: ReconnectInfo): void {
    this.#record('onReconnecting', info)
  }

  override onUndelivered(...args: Arguments<'onUndelivered'>): void {
    this.#record('onUndelivered', ...args)
  }

  override onError(error: UDPipeError): void {
    this.#record('onError', error)
  }
}
