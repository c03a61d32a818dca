import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { networkInterfaces } from 'node:os'
import type { Socket } from 'node:net'
import { toOpenError, UDPipeError } from './errors.ts'
import type { ServerTls } from './limits.ts'

/** How a {@link Listener} serves. */
export interface ListenerOptions {
  readonly tls: ServerTls | undefined
  readonly maxHeaderBytes: number
  /** How long a client may take for TLS, and for its request. */
  readonly handshakeTimeoutMs: number
  /** A request that is no upgrade. */
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void
  /** Something came that is no request, or not in time; it was answered and the connection closed. */
  readonly onBadRequest: () => void
}

/** How often Node looks for clients that take too long. */
const MAX_CHECK_INTERVAL_MS = 1_000

/** An HTTP(S) server with a life of its own: it starts, with error codes, and stops, with everything that belongs to it. */
export class Listener {
  readonly server: Server
  readonly #onBadRequest: () => void
  /** All there are: Node closes neither those that were upgraded nor those that shake hands for TLS. */
  readonly #sockets = new Set<Socket>()
  #closed: Promise<void> | undefined

  constructor({ tls, maxHeaderBytes, handshakeTimeoutMs, onRequest, onBadRequest }: ListenerOptions) {
    const options = {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: handshakeTimeoutMs,
      requestTimeout: handshakeTimeoutMs,
      connectionsCheckingInterval: Math.min(handshakeTimeoutMs, MAX_CHECK_INTERVAL_MS),
      noDelay: true,
    }
    this.#onBadRequest = onBadRequest
    if (tls === undefined) this.server = createServer(options, onRequest)
    else {
      const secure = tls as object
      this.server = createSecureServer({ ...options, ...secure, handshakeTimeout: handshakeTimeoutMs }, onRequest)
    }
    this.server.on('connection', this.#track)
    this.server.on('clientError', this.#handleClientError)
  }

  /**
   * Listens.
   *
   * @param host a name or address; `'*'` for all, IPv6 and IPv4
   * @returns rejects with a UDPipeError: `ERR_ADDRESS_IN_USE`, `ERR_ACCESS`, `ERR_ADDRESS_NOT_AVAILABLE`, `ERR_SOCKET`
   */
  start(port: number, host: string): Promise<void> {
    const { server } = this
    return new Promise((resolve, reject) => {
      const fail = (cause: NodeJS.ErrnoException): void => reject(toListenError(cause, port, host))
      server.once('error', fail)
      server.listen({ port, ...(host !== '*' && { host }) }, () => {
        server.off('error', fail)
        // Running out of files, for one, is told here, and passes.
        server.on('error', () => {})
        listening.add(server)
        resolve()
      })
    })
  }

  /** Listens no more, from now on; connections that were upgraded live on. Resolves when the port is free. */
  async stop(): Promise<void> {
    listening.delete(this.server)
    this.#closed ??= new Promise((resolve) => this.server.close(() => resolve()))
    this.server.closeAllConnections()
    // The system has the port back when the handle was closed, which is in this turn.
    await new Promise((resolve) => setImmediate(resolve))
  }

  /** {@link stop}, and cuts what is left. Resolves when nothing is. */
  async destroy(): Promise<void> {
    await this.stop()
    for (const socket of this.#sockets) socket.destroy()
    await this.#closed
  }

  readonly #track = (socket: Socket): void => {
    this.#sockets.add(socket)
    ;(socket as TrackedSocket)[siblings] = this.#sockets
    socket.on('close', forgetSocket)
  }

  readonly #handleClientError = (error: NodeJS.ErrnoException, socket: Socket): void => {
    // Those that come and go without a word only look whether a port is open.
    const hasSpoken = socket.bytesRead > 0 || error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
    if (hasSpoken) this.#onBadRequest()
    if (!socket.writable || error.code?.startsWith('ERR_SSL')) {
      socket.destroy()
      return
    }
    const status = statusOf(error.code)
    socket.once('finish', () => socket.destroy())
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  }
}

const siblings = Symbol('udpipe.siblings')

/** A socket that knows the set it is in, so that all of them share one listener. */
interface TrackedSocket extends Socket {
  [siblings]: Set<Socket>
}

function forgetSocket(this: TrackedSocket): void {
  this[siblings].delete(this)
}

const listening = new Set<Server>()

/** Counts a server among those that this thread listens with, or no more. */
export function noteListening(server: Server, isListening: boolean): void {
  if (isListening) listening.add(server)
  else listening.delete(server)
}

/** Whether this very thread serves that host and port, so that waiting for it in this thread would be for ever. */
export function isServedHere(hostname: string, port: number): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase()
  return isOwnHost(host) && [...listening].some((server) => portOf(server) === port)
}

function isOwnHost(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost') || host.startsWith('127.')) return true
  if (['::1', '::', '0.0.0.0'].includes(host) || host.startsWith('::ffff:7f')) return true
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === host))
}

function portOf(server: Server): number | undefined {
  const address = server.address()
  return typeof address === 'object' ? address?.port : undefined
}

function statusOf(code: string | undefined): string {
  if (code === 'HPE_HEADER_OVERFLOW') return '431 Request Header Fields Too Large'
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return '408 Request Timeout'
  return '400 Bad Request'
}

function toListenError(cause: NodeJS.ErrnoException, port: number, host: string): UDPipeError {
  if (cause.code === 'ENOTFOUND' || cause.code === 'EAI_AGAIN') {
    return new UDPipeError('ERR_ADDRESS_NOT_AVAILABLE', `There is no interface '${host}' on this machine.`, { cause })
  }
  return toOpenError(cause, { host: host === '*' ? '::' : host, port })
}
