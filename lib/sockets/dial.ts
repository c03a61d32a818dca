import { createHash } from 'node:crypto'
import { STATUS_CODES, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { Connection, type ConnectionObserver } from './connection.ts'
import { clientDeflate } from './deflate.ts'
import { invalidArgument } from './errors.ts'
import { MAX_FRAGMENTS, type ClientTls, type ConnectionLimits } from './limits.ts'
import { proxiedTls, proxyAgent, proxyFor } from './proxy.ts'
import { reasonOf } from './reasons.ts'
import { loadWs, type WsSocket } from './ws-module.ts'

/** What a client says and takes. */
export interface DialOptions {
  readonly limits: ConnectionLimits
  /** The subprotocols to offer, best first; none sends no header. */
  readonly protocols: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly origin: string | undefined
  readonly tls: ClientTls | undefined
  readonly proxy: string | false
  /** Whether the connection does not keep the process alive. */
  readonly unref: boolean
  /** How long all of it may take. */
  readonly limitMs: number
  /** How long a close handshake may take. */
  readonly closeLimitMs: number
}

/** Why there is no connection. */
export interface DialFailure {
  /** In the words of `docs/websocket.md`. */
  readonly reason: string
  /** Of the answer, in lower case, where there was one. */
  readonly headers: Record<string, string> | undefined
  /** Of the answer; 0 where there was none. */
  readonly status: number
}

/** Who is told what becomes of a {@link Dialing}: one of the two, once. */
export interface DialObserver {
  onOpen(connection: Connection, headers: Record<string, string>): void
  onFailure(failure: DialFailure): void
}

/** What RFC 6455, 1.3, has a server append to the key. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/**
 * Reads what somebody wants to connect to.
 *
 * @throws UDPipeError `ERR_ARGUMENT_INVALID` for what is no URL, or has a fragment (RFC 6455, 3)
 */
export function parseUrl(url: unknown): URL {
  if ((typeof url === 'string' || url instanceof URL) && URL.canParse(String(url))) {
    const parsed = new URL(url)
    if (parsed.hash === '') return parsed
    throw invalidArgument(`Invalid URL: ${parsed.href}: the URL of a WebSocket has no fragment.`)
  }
  throw invalidArgument(`Invalid URL: ${String(url)}: one is needed as 'ws://host:port/path'.`)
}

/** An opening of a WebSocket by the client (RFC 6455, 4.1), from its start until it stands or has failed. */
export class Dialing {
  readonly #options: DialOptions
  readonly #observer: DialObserver
  readonly #connectionObserver: ConnectionObserver
  readonly #ws: WsSocket
  readonly #timer: NodeJS.Timeout
  readonly #cut = new AbortController()
  readonly #isProxied: boolean
  #key = ''
  #answer: Record<string, string> | undefined
  #protocol: string | undefined
  #socket: Socket | undefined
  #isSettled = false

  /**
   * @param url ws or wss
   * @param connectionObserver who is told what happens on the connection
   * @throws UDPipeError `ERR_DEPENDENCY_MISSING`
   */
  constructor(url: URL, options: DialOptions, observer: DialObserver, connectionObserver: ConnectionObserver) {
    const { limits, protocols, headers, origin, tls, unref } = options
    this.#options = options
    this.#observer = observer
    this.#connectionObserver = connectionObserver
    const { WebSocket } = loadWs()
    const proxy = proxyFor(url, options.proxy)
    this.#isProxied = proxy !== undefined
    this.#ws = new WebSocket(url, [], {
      ...(proxy !== undefined && { agent: proxyAgent(proxy, this.#cut.signal) }),
      ...(proxy !== undefined && tls?.servername === undefined && proxiedTls(url)),
      ...tls,
      ...(origin !== undefined && { origin }),
      headers: { ...headers, ...(protocols.length > 0 && { 'Sec-WebSocket-Protocol': protocols.join(', ') }) },
      perMessageDeflate: clientDeflate(limits),
      maxPayload: limits.maxMessageBytes,
      maxFragments: MAX_FRAGMENTS,
      closeTimeout: options.closeLimitMs,
      finishRequest: (request: ClientRequest) => this.#sendRequest(request),
    })
    this.#ws.on('upgrade', this.#handleUpgrade)
    this.#ws.on('unexpected-response', this.#handleResponse)
    this.#ws.on('open', this.#handleOpen)
    this.#ws.on('error', this.#handleError)
    this.#timer = setTimeout(() => this.#fail('timeout'), options.limitMs)
    if (unref) this.#timer.unref()
  }

  /** Gives it up; its observer is told the reason. */
  abort(reason: string): void {
    this.#fail(reason)
  }

  #sendRequest(request: ClientRequest): void {
    this.#key = String(request.getHeader('sec-websocket-key'))
    request.on('proxyConnect', ({ statusCode, statusText }: { statusCode: number; statusText: string }) => {
      if (statusCode !== 200) this.#fail(`proxy: ${describeStatus(statusCode, statusText)}`)
    })
    if (this.#options.unref) request.on('socket', (socket) => socket.unref())
    request.end()
  }

  readonly #handleUpgrade = (response: IncomingMessage): void => {
    this.#socket = response.socket
    this.#answer = flatten(response.headers)
    const problem = this.#problemOf(response.headers)
    if (problem !== undefined) {
      this.#failHandshake(problem, 101)
      return
    }
    // A server that chooses none, or an empty one, is taken as it is, while `ws` would fail.
    const protocol = response.headers['sec-websocket-protocol']?.trim() ?? ''
    if (protocol !== '') this.#protocol = protocol
    delete response.headers['sec-websocket-protocol']
  }

  /** What is wrong with a 101 (RFC 6455, 4.1); extensions are judged by `ws`. */
  #problemOf(headers: IncomingHttpHeaders): string | undefined {
    if (headers.upgrade?.toLowerCase() !== 'websocket') return 'Invalid Upgrade header'
    const expected = createHash('sha1')
      .update(this.#key + GUID)
      .digest('base64')
    const accept = headers['sec-websocket-accept']
    if (accept !== expected) return `Invalid Sec-Websocket-Accept (expected ${expected} got ${accept ?? 'nil'})`
    const protocol = headers['sec-websocket-protocol']?.trim() ?? ''
    if (protocol !== '' && !this.#options.protocols.includes(protocol)) {
      return `Server chose the protocol '${protocol}', which was not offered`
    }
    return undefined
  }

  readonly #handleResponse = (_request: ClientRequest, response: IncomingMessage): void => {
    const { statusCode = 0, statusMessage = '' } = response
    this.#answer = flatten(response.headers)
    // A 101 without the headers that make an upgrade of it is a response as others are, for Node.
    const problem = statusCode === 101 ? 'Invalid Upgrade header' : describeStatus(statusCode, statusMessage)
    this.#failHandshake(problem, statusCode)
  }

  readonly #handleOpen = (): void => {
    const socket = this.#socket
    if (this.#isSettled || socket === undefined) return
    this.#settle()
    if (this.#options.unref) socket.unref()
    const { limits } = this.#options
    const options = { isServer: false, protocol: this.#protocol, limits }
    const connection = new Connection(this.#ws, socket, options, this.#connectionObserver)
    this.#ws.off('error', this.#handleError)
    this.#observer.onOpen(connection, this.#answer ?? {})
  }

  readonly #handleError = (error: NodeJS.ErrnoException): void => {
    if (this.#answer !== undefined) this.#failHandshake(error.message, 101)
    else if (this.#isProxied && error.code === undefined) this.#fail('closed')
    else this.#fail(reasonOf(error))
  }

  #failHandshake(problem: string, status = 0): void {
    this.#fail(`Websocket Handshake failed: ${problem}`, status)
  }

  #fail(reason: string, status = 0): void {
    if (this.#isSettled) return
    this.#settle()
    this.#cut.abort()
    this.#ws.terminate()
    this.#observer.onFailure({ reason, headers: this.#answer, status })
  }

  #settle(): void {
    this.#isSettled = true
    clearTimeout(this.#timer)
  }
}

function describeStatus(status: number, phrase: string): string {
  return `HTTP ${status} ${phrase === '' ? (STATUS_CODES[status] ?? '') : phrase}`.trimEnd()
}

function flatten(headers: IncomingHttpHeaders): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return flat
}
