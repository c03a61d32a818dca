import type { IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import type { Duplex } from 'node:stream'
import { dependencyMissing } from './errors.ts'

// The types of `ws` are spoken of nowhere in a declaration: whoever has not installed it must be able to compile.

/** What is used of a WebSocket of `ws`. */
export interface WsSocket {
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number
  /** Bytes that were sent and that the system has not taken. */
  readonly bufferedAmount: number
  /** The extensions agreed on, by name. */
  readonly extensions: string
  on(event: string, listener: (...args: never[]) => void): unknown
  off(event: string, listener: (...args: never[]) => void): unknown
  send(data: string | Uint8Array, options: { binary: boolean }, onTaken?: (error?: Error | null) => void): void
  ping(data: Uint8Array): void
  pong(data: Uint8Array): void
  close(code?: number, reason?: string): void
  terminate(): void
  pause(): void
  resume(): void
}

/** What is used of a server of `ws` that has no port of its own. */
export interface WsServer {
  on(event: 'headers', listener: (lines: string[], request: IncomingMessage) => void): unknown
  /** Calls back before it returns, or never. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, onOpen: (ws: WsSocket) => void): void
}

/** The parameters of one offer of an extension, as `ws` parses them. */
export type ExtensionParameters = Record<string, (string | true)[]>

interface DeflateNegotiation {
  accept(offers: readonly ExtensionParameters[]): unknown
}

/** What is used of the package `ws`. */
export interface WsModule {
  readonly WebSocket: new (url: URL, protocols: readonly string[], options: object) => WsSocket
  readonly WebSocketServer: new (options: object) => WsServer
  readonly PerMessageDeflate: new (options: object) => DeflateNegotiation
  readonly extension: {
    parse(header: string): Record<string, ExtensionParameters[] | undefined>
    format(extensions: Record<string, ExtensionParameters[]>): string
  }
}

let loaded: WsModule | undefined

/**
 * Loads the package `ws` the first time that somebody connects or listens.
 *
 * @throws UDPipeError `ERR_DEPENDENCY_MISSING` when it is not installed
 */
export function loadWs(): WsModule {
  return (loaded ??= loadPackage('ws', 'WebSockets') as WsModule)
}

/**
 * Loads a package that is an optional peer of this one.
 *
 * @param what what needs it, in the plural
 * @throws UDPipeError `ERR_DEPENDENCY_MISSING` when it is not installed
 */
export function loadPackage(name: string, what: string): unknown {
  try {
    return createRequire(import.meta.url)(name)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') throw dependencyMissing(name, what, error)
    throw error
  }
}
