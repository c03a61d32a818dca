import { Dialing, parseUrl, type DialObserver } from '../sockets/dial.ts'
import { clientTls, type ClientTls } from '../sockets/limits.ts'
import { ends } from '../sockets/reasons.ts'
import { loadWs } from '../sockets/ws-module.ts'
import { checkClose } from '../sockets/close-codes.ts'
import { Endpoint } from './endpoint.ts'
import { parseProtocols, type ClientSettings } from './options.ts'
import { toCloseResult, type CloseResult, type ConnectResult } from './results.ts'

/** The client of `client.copas`: its methods return promises. */
export class Client extends Endpoint {
  readonly #settings: ClientSettings
  #dialing: Dialing | undefined
  #url: string | undefined
  #headers: Record<string, string> | undefined

  /** @internal */
  constructor(settings: ClientSettings) {
    super(settings)
    this.#settings = settings
  }

  override get state(): 'CLOSED' | 'CONNECTING' | 'OPEN' | 'CLOSING' {
    return this.#dialing === undefined ? super.state : 'CONNECTING'
  }

  /** What it is, or was last, connected to. */
  get url(): string | undefined {
    return this.#url
  }

  /** The headers of the server's answer, in lower case. */
  get headers(): Record<string, string> | undefined {
    return this.#headers
  }

  /**
   * Connects: `[true, protocol, headers]`, with the subprotocol that the server chose and the headers of its answer; or `[undefined,
   * reason, headers]`, the headers of the answer where there was one.
   *
   * @param url `ws://…` or `wss://…`
   * @param protocol a subprotocol, or a list of them, best first; `''` and `[]` are none
   * @param tls instead of the option, for this call
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`, `ERR_OPTION_INVALID` (`tls`), `ERR_DEPENDENCY_MISSING`
   */
  connect(url: string | URL, protocol?: string | readonly string[], tls?: ClientTls): Promise<ConnectResult> {
    const target = parseUrl(url)
    const protocols = parseProtocols(protocol)
    const { timeoutMs, limits, ...settings } = this.#settings
    const options = {
      ...settings,
      tls: clientTls(tls, 'tls') ?? settings.tls,
      limits,
      protocols,
      limitMs: timeoutMs ?? limits.handshakeTimeoutMs,
      closeLimitMs: this.closeLimitMs,
    }
    loadWs()
    if (this.state !== 'CLOSED') return Promise.resolve([undefined, ends.wrongState.reason, undefined])
    if (target.protocol !== 'ws:' && target.protocol !== 'wss:') {
      return Promise.resolve([undefined, 'bad protocol', undefined])
    }
    this.#url = target.href
    let settle: ((result: ConnectResult) => void) | undefined
    const connected = new Promise<ConnectResult>((resolve) => (settle = resolve))
    this.#dialing = new Dialing(
      target,
      options,
      this.#observe((result) => settle?.(result)),
      this,
    )
    return connected
  }

  /** As {@link Endpoint.close}; while it connects, that is given up: `[false, 1006, 'closed']`. */
  override close(code = 1000, reason = ''): Promise<CloseResult> {
    checkClose(code, reason)
    if (this.#dialing === undefined) return super.close(code, reason)
    this.#dialing.abort(ends.dropped.reason)
    return Promise.resolve(toCloseResult(ends.dropped))
  }

  override terminate(): void {
    this.#dialing?.abort(ends.dropped.reason)
    super.terminate()
  }

  /** What a program's own function throws is the program's, and reaches it as what a timer's does. */
  protected override handleThrown(error: unknown): void {
    queueMicrotask(() => {
      throw error
    })
  }

  #observe(settle: (result: ConnectResult) => void): DialObserver {
    return {
      onOpen: (connection, headers) => {
        this.#dialing = undefined
        this.#headers = headers
        this.adopt(connection)
        settle([true, connection.protocol, headers])
      },
      onFailure: ({ reason, headers }) => {
        this.#dialing = undefined
        this.#headers = headers
        settle([undefined, reason, headers])
      },
    }
  }
}
