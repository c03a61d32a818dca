import { Server as HttpServer } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import { invalidArgument, invalidOption } from '../sockets/errors.ts'
import {
  clientTls,
  connectionParsers,
  flag,
  headers,
  headerValue,
  integer,
  invalid,
  optional,
  parseFields,
  record,
  serverTls,
  text,
  type ClientTls,
  type ConnectionLimits,
  type Parser,
  type ServerTls,
} from '../sockets/limits.ts'
import { proxy } from '../sockets/proxy.ts'
import { isToken } from '../sockets/token.ts'
import { upgradeHost, upgradesOf, type UpgradeHost } from '../sockets/upgrades.ts'
import type { ServerClient, UpgradeRequest } from './server-client.ts'

const MAX_TIMEOUT_SECONDS = 86_400

/** Options of `client.copas` and `client.sync`: those of lua-websockets, and ours. */
export interface ClientOptions extends Partial<ConnectionLimits> {
  /** **Seconds**, as in Lua: bounds all of `connect`, each `receive`, the wait of each `send`, and that of `close`. Default: none. */
  readonly timeout?: number
  /** Sent with the handshake. */
  readonly headers?: Readonly<Record<string, string>>
  /** The header `Origin`. */
  readonly origin?: string
  readonly tls?: ClientTls
  /** Through which proxy to go: a URL, `'env'` for that of the environment, or false. Default false. */
  readonly proxy?: string | URL | false
  /** Whether the connection does not keep the process alive. Default false. */
  readonly unref?: boolean
}

/** {@link ClientOptions}, checked and complete. */
export interface ClientSettings {
  readonly limits: ConnectionLimits
  /** What bounds each call, milliseconds. */
  readonly timeoutMs: number | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly origin: string | undefined
  readonly tls: ClientTls | undefined
  readonly proxy: string | false
  readonly unref: boolean
}

/** Serves one client: what it returns is ignored, what it throws or rejects with ends that client with 1011. */
export type Handler = (ws: ServerClient) => unknown

/** What `verify` says: yes, no (401), or no with an answer of its own. */
export type Verdict =
  boolean | { readonly status: number; readonly reason?: string; readonly headers?: Readonly<Record<string, string>> }

type ErrorHandler = (message: string, error?: Error) => void

/** What `server.copas.listen` takes: the names of lua-websockets, and ours. */
export interface ListenConfig extends Partial<ConnectionLimits> {
  /** Default 80; 0 for any free one. */
  readonly port?: number
  /** A name or address; `'*'`, the default, for all, IPv6 and IPv4. */
  readonly interface?: string
  /** Handlers by subprotocol. */
  readonly protocols?: Readonly<Record<string, Handler>>
  /** The handler of those who ask for no subprotocol, or for none there is. */
  readonly default?: Handler
  /** Told of what belongs to no call. Default: a warning of the process. */
  readonly on_error?: ErrorHandler
  /** The same as `on_error`. */
  readonly onError?: ErrorHandler
  /** Seconds: bounds `receive`, `send` and `close` of each client. Default: none. */
  readonly timeout?: number
  /** Serves wss. */
  readonly tls?: ServerTls
  /** Whose connections to take, instead of a port of its own: a server of `node:http` or `node:https`, or the handle of `iot.serve`. */
  readonly server?: HttpServer | HttpsServer | object
  /** Only requests of this path. Default: all that nobody else has. */
  readonly path?: string
  /** Default 10,000; over it clients are answered with 503. */
  readonly maxClients?: number
  /** The values of `Origin` that are let in; a request without one is. Default `'*'`: all. */
  readonly origins?: '*' | readonly string[]
  /** Decides who is let in, within `handshakeTimeoutMs`. */
  readonly verify?: (request: UpgradeRequest) => Verdict | Promise<Verdict>
  /** Of a request. Default 16 KiB. */
  readonly maxHeaderBytes?: number
}

/** {@link ListenConfig}, checked and complete. */
export interface ListenSettings {
  readonly limits: ConnectionLimits
  readonly timeoutMs: number | undefined
  readonly port: number
  readonly interface: string
  readonly protocols: ReadonlyMap<string, Handler>
  readonly default: Handler | undefined
  readonly onError: ErrorHandler
  readonly tls: ServerTls | undefined
  readonly host: UpgradeHost | undefined
  readonly path: string | undefined
  readonly maxClients: number
  readonly origins: '*' | readonly string[]
  readonly verify: ListenConfig['verify']
  readonly maxHeaderBytes: number
}

const limitNames = Object.keys(connectionParsers) as (keyof ConnectionLimits)[]

/** Checks the options of a client. @throws UDPipeError `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID` */
export function parseClientOptions(input: unknown = {}): ClientSettings {
  const { timeout, headers, origin, tls, proxy, unref, ...limits } = parseFields(input, clientParsers, 'client')
  return { limits: pick(limits), timeoutMs: milliseconds(timeout), headers, origin, tls, proxy, unref }
}

/** Checks what `listen` takes. @throws UDPipeError `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID` */
export function parseListenConfig(input: unknown): ListenSettings {
  const config = parseFields(input, listenParsers, 'listen')
  const { timeout, on_error, onError, server, protocols, ...rest } = config
  if (on_error !== undefined && onError !== undefined) {
    throw invalidOption('on_error and onError are the same: give one of them.')
  }
  if (protocols.size === 0 && rest.default === undefined) {
    throw invalidOption('listen needs a handler: protocols with at least one, or default.')
  }
  if (server !== undefined) checkAttached(input as ListenConfig)
  return {
    ...rest,
    protocols,
    limits: pick(rest),
    timeoutMs: milliseconds(timeout),
    onError: on_error ?? onError ?? warn,
    host: server,
  }
}

/**
 * The subprotocols that `connect` is to offer.
 *
 * @throws UDPipeError `ERR_ARGUMENT_INVALID` for what is no list of different tokens
 */
export function parseProtocols(protocol: unknown): readonly string[] {
  if (protocol === undefined || protocol === '') return []
  const names: unknown = typeof protocol === 'string' ? [protocol] : protocol
  const isList = Array.isArray(names) && names.every((name) => typeof name === 'string' && isToken(name))
  if (isList && new Set(names).size === names.length) return names as string[]
  throw invalidArgument(
    'A protocol is a name without spaces, commas or quotes (RFC 9110, 5.6.2), or a list of different ones, best first.',
  )
}

const clientParsers = {
  ...connectionParsers,
  timeout: optional(seconds),
  headers,
  origin: optional((value: unknown, name: string) => headerValue(value, name, 'origin')),
  tls: clientTls,
  proxy,
  unref: flag(false),
}

const listenParsers = {
  ...connectionParsers,
  port: integer(0, 65_535, 80),
  interface: (value: unknown = '*', name: string): string => text('a name, an address or ‘*’')(value, name),
  protocols: handlers,
  default: optional(handler<Handler>()),
  on_error: optional(handler<ErrorHandler>()),
  onError: optional(handler<ErrorHandler>()),
  timeout: optional(seconds),
  tls: serverTls,
  server: optional(attachable),
  path: optional(path),
  maxClients: integer(1, 1_000_000, 10_000),
  origins,
  verify: optional(handler<NonNullable<ListenConfig['verify']>>()),
  maxHeaderBytes: integer(1_024, 1_048_576, 16_384),
}

function pick(fields: ConnectionLimits): ConnectionLimits {
  return Object.freeze(
    Object.fromEntries(limitNames.map((name) => [name, fields[name]])),
  ) as unknown as ConnectionLimits
}

function seconds(value: unknown, name: string): number {
  if (typeof value === 'number' && value > 0 && value <= MAX_TIMEOUT_SECONDS) return value
  throw invalid(name, `a number of seconds, more than 0 and at most ${MAX_TIMEOUT_SECONDS}`, value)
}

function milliseconds(timeout: number | undefined): number | undefined {
  return timeout === undefined ? undefined : Math.max(1, timeout * 1000)
}

/** A function, for which there is no default. */
function handler<T>(): Parser<T> {
  return (value, name) => {
    if (typeof value === 'function') return value as T
    throw invalid(name, 'a function', value)
  }
}

function handlers(value: unknown = {}, name: string): ReadonlyMap<string, Handler> {
  const parsed = new Map<string, Handler>()
  for (const [protocol, handler] of Object.entries(record(value, name))) {
    if (!isToken(protocol)) throw invalidOption(`${name}['${protocol}'] is no token, so that nobody can ask for it.`)
    if (typeof handler !== 'function') throw invalid(`${name}['${protocol}']`, 'a function', handler)
    parsed.set(protocol, handler as Handler)
  }
  return parsed
}

function attachable(value: unknown, name: string): UpgradeHost {
  if (value instanceof HttpServer || value instanceof HttpsServer) return upgradesOf(value)
  const host = (value as { [upgradeHost]?: UpgradeHost } | null)?.[upgradeHost]
  if (host !== undefined) return host
  throw invalid(name, 'a server of node:http or node:https, or the handle of iot.serve', value)
}

function path(value: unknown, name: string): string {
  if (typeof value === 'string' && value.startsWith('/') && !/[?#\s]/.test(value)) return value
  throw invalid(name, `a path that begins with '/', without a query`, value)
}

function origins(value: unknown = '*', name: string): '*' | readonly string[] {
  if (value === '*') return value
  if (Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === 'string')) return value
  throw invalid(name, `'*' or a list of values of Origin, as ['https://example.org']`, value)
}

function checkAttached(config: ListenConfig): void {
  for (const name of ['port', 'interface', 'tls', 'maxHeaderBytes'] as const) {
    if (config[name] !== undefined) throw invalidOption(`'${name}' is that of the server which 'server' gives.`)
  }
}

function warn(message: string, error?: Error): void {
  process.emitWarning(error ?? message, { type: 'UDPipeWarning', detail: message })
}
