import { ServerResponse, STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { Connection, type ConnectionObserver } from './connection.ts'
import { acceptableOffer, serverDeflate } from './deflate.ts'
import { MAX_FRAGMENTS, type ConnectionLimits } from './limits.ts'
import { isToken } from './token.ts'
import { loadWs, type WsModule, type WsServer } from './ws-module.ts'

/** An answer that is no 101. */
export interface Refusal {
  readonly status: number
  /** The body; the phrase of the status by default. */
  readonly reason?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** An upgrade that is asked for: a request, and the connection it came on. */
export interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Socket
  /** What came behind the request. */
  readonly head: Buffer
}

/** What `ws` is handed of a request: what was checked, and nothing else. */
interface CheckedRequest {
  readonly method: 'GET'
  readonly headers: Readonly<Record<string, string>>
  readonly responseHeaders: Readonly<Record<string, string>>
}

/** The server's part of the opening (RFC 6455, 4.2), after and before what `ws` does of it. */
export class Acceptor {
  readonly #limits: ConnectionLimits
  readonly #ws: WsModule
  readonly #server: WsServer

  /**
   * @param closeLimitMs how long a close handshake may take
   * @throws UDPipeError `ERR_DEPENDENCY_MISSING`
   */
  constructor(limits: ConnectionLimits, closeLimitMs: number) {
    this.#limits = limits
    this.#ws = loadWs()
    this.#server = new this.#ws.WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: serverDeflate(limits),
      maxPayload: limits.maxMessageBytes,
      maxFragments: MAX_FRAGMENTS,
      closeTimeout: closeLimitMs,
    })
    this.#server.on('headers', (lines, request) => {
      const { responseHeaders } = request as unknown as CheckedRequest
      for (const [name, value] of Object.entries(responseHeaders)) lines.push(`${name}: ${value}`)
    })
  }

  /**
   * Says 101, in this turn, and returns the connection; `undefined` when the client has gone. Its messages come in a later turn.
   *
   * @param protocol one of those that the client offered, or none
   * @param headers further ones of the answer, checked before
   */
  accept(
    { request, socket, head }: Upgrade,
    protocol: string | undefined,
    observer: ConnectionObserver,
    headers: Readonly<Record<string, string>> = {},
  ): Connection | undefined {
    let connection: Connection | undefined
    this.#server.handleUpgrade(this.#check(request, protocol, headers), socket, head, (ws) => {
      socket.off('error', destroyOnError)
      const options = { isServer: true, protocol, limits: this.#limits }
      connection = new Connection(ws, socket, options, observer)
    })
    return connection
  }

  #check(
    { headers }: IncomingMessage,
    protocol: string | undefined,
    responseHeaders: Readonly<Record<string, string>>,
  ): IncomingMessage {
    const offers = headers['sec-websocket-extensions']
    const offer = this.#limits.perMessageDeflate && offers !== undefined ? acceptableOffer(offers, this.#ws) : undefined
    const checked: CheckedRequest = {
      method: 'GET',
      headers: {
        upgrade: 'websocket',
        'sec-websocket-key': headers['sec-websocket-key'] ?? '',
        'sec-websocket-version': '13',
        ...(protocol !== undefined && { 'sec-websocket-protocol': protocol }),
        ...(offer !== undefined && { 'sec-websocket-extensions': offer }),
      },
      responseHeaders,
    }
    return checked as unknown as IncomingMessage
  }
}

/** Why a request is no opening of a WebSocket; `undefined` when it is one (RFC 6455, 4.2.1). */
export function problemOf(request: IncomingMessage): Refusal | undefined {
  const { method, headers, httpVersionMajor, httpVersionMinor } = request
  const isUpgrade =
    method === 'GET' &&
    (httpVersionMajor > 1 || httpVersionMinor >= 1) &&
    headers.host !== undefined &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    hasToken(headers.connection, 'upgrade') &&
    keyPattern.test(headers['sec-websocket-key'] ?? '')
  if (!isUpgrade) return { status: 400 }
  if (headers['sec-websocket-version'] === '13') return undefined
  return { status: 426, headers: { 'Sec-WebSocket-Version': '13' } }
}

/** 16 bytes in base64. */
const keyPattern = /^[+/0-9A-Za-z]{22}==$/

/**
 * The subprotocols that a client offers, best first; `undefined` when what it sent is no list of different tokens. An empty header is as
 * none: Lua's client sends one when it asks for no protocol.
 */
export function offeredProtocols({ headers }: IncomingMessage): readonly string[] | undefined {
  const header = headers['sec-websocket-protocol']?.trim() ?? ''
  if (header === '') return []
  const names = header.split(',').map((name) => name.trim())
  return names.every(isToken) && new Set(names).size === names.length ? names : undefined
}

/** Answers with an error, and closes when that is sent. The client gone is no error. */
export function refuse({ request, socket }: Pick<Upgrade, 'request' | 'socket'>, refusal: Refusal): void {
  const { status, reason = STATUS_CODES[status] ?? '', headers = {} } = refusal
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  response.writeHead(status, {
    ...headers,
    Connection: 'close',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(reason),
  })
  response.once('finish', () => socket.destroySoon())
  response.end(reason)
}

/** Nobody listens to the errors of a socket between its upgrade and its first frame: a reset must not end the process. */
export function guardSocket(socket: Socket): void {
  socket.on('error', destroyOnError)
}

function destroyOnError(this: Socket): void {
  this.destroy()
}

function hasToken(header: string | undefined, token: string): boolean {
  return header?.split(',').some((entry) => entry.trim().toLowerCase() === token) ?? false
}
