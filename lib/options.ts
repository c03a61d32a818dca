import { isIP } from 'node:net'
import { isIPv6 } from './advertised-host.ts'
import { UDPipeError } from './errors.ts'
import { parseConnectToken, parseKeys, type ConnectTokenSource } from './connect-token.ts'
import { isToken, MAX_TOKEN_BYTES } from './classic/token.ts'
import { parseServer } from './security/connect-token.ts'
import type { Address } from './session/address.ts'
import { deliveries, MAX_CHANNEL, type Delivery } from './session/delivery.ts'
import { DEFAULT_FRONT_DOOR_LIMITS, type FrontDoorLimits } from './session/front-door-limits.ts'
import type { ProtocolName } from './session/session.ts'
import type { ReconnectSettings } from './session/settings.ts'
import { readKey } from './server-key.ts'
import { monotonicMs } from './transport/clock.ts'
import { randomBytes } from './transport/random.ts'

/** Where lines go that nobody called for: `console` is one. */
export interface Logger {
  debug(line: string): void
  warn(line: string): void
}

/** What `new UDPipe(options)`, and the last argument of `start` and `connect`, may name. Units are in the names. */
export interface UDPipeOptions extends Partial<FrontDoorLimits> {
  /** The port `start` listens on, or `connect` dials, when the call names none. 0 is any free one. Default 0. */
  readonly port?: number
  /** The address `start` binds (default `'0.0.0.0'`), or the host `connect` dials (default `'127.0.0.1'`). */
  readonly host?: string
  /** The handshake token; both sides must have the same. Default `''`. */
  readonly token?: string
  /** What a client speaks. Default `'reliable'`. */
  readonly protocol?: ProtocolName
  /** What a server's front door answers. Default `['reliable']`. */
  readonly protocols?: readonly ProtocolName[]
  /**
   * How packets are protected: `'noise'`, the default, encrypts everything; `'none'` lets everybody on the path read and change it.
   * Both ends must have the same. The classic protocol knows only `'none'`, whatever stands here.
   */
  readonly security?: 'noise' | 'none'
  /**
   * Client: the server's public key, 32 bytes or their base64url, as `generateServerKey` makes it. No other server is talked to, not
   * even one that knows the token.
   */
  readonly serverKey?: string | Uint8Array
  /** Server: the private key to it. Clients without `serverKey` are served, too. */
  readonly serverPrivateKey?: string | Uint8Array
  /** Server: how many clients may be connected or connecting; beyond it `onMaxClients`. 1 to 65,535, default 1,024. */
  readonly maxClients?: number
  /** Server: how many of them may be of one address (of one /64 of IPv6). 1 and up, default `Infinity`: many share one behind a NAT. */
  readonly maxClientsPerAddress?: number
  /**
   * Server: the key, or up to 4 with the newest first, of the backend's connect tokens: 32 random bytes each, or these as base64url. Then
   * a client needs such a token, and `token` lets nobody in. Default none.
   */
  readonly connectTokenKey?: Uint8Array | string | readonly (Uint8Array | string)[]
  /**
   * Server: the addresses by which connect tokens may name it, `'192.0.2.1:1234'` or `'[2001:db8::1]:1234'`. Default: the bound one, and
   * `advertisedHost` with the bound port; a server that is bound to every address, and told none, takes tokens for any server.
   */
  readonly publicAddresses?: readonly string[]
  /** Server: how many used connect tokens are remembered until they expire; beyond it nobody is let in. Default 65,536. */
  readonly maxUsedTokens?: number
  /** Client: a connect token of `createConnectToken`, or a function that gets one whenever one is needed. Default none. */
  readonly connectToken?: string | ConnectTokenSource
  /** Silence that ends a connection. 50 to 86,400,000 ms, default 10,000. */
  readonly timeoutMs?: number
  /** Silence that stalls a connection: what is sent then waits. 20 to 86,400,000 ms, default 1,000. */
  readonly stallTimeoutMs?: number
  /** Silence after which a PING asks for a sign of life; less than both of the above. 10 ms and up, default 500. */
  readonly pingIntervalMs?: number
  /** How long each half of the handshake may take. 50 to 600,000 ms, default 5,000. */
  readonly handshakeTimeoutMs?: number
  /**
   * Server: how long a connection that was lost is kept for its client to come back to, so that nothing is lost with it. It
   * takes no place from newcomers. 0 to 86,400,000 ms, 0 for not at all; default 30,000. Reliable peers only.
   */
  readonly resumeWindowMs?: number
  /**
   * Client: whether, and how, it dials again after a lost connection, a refusal or no answer. Default `true`: from 250 ms
   * doubling to 8 s, with jitter, for ever.
   */
  readonly reconnect?: boolean | Partial<ReconnectSettings>
  /**
   * Server: where private ports are opened: any free port (the default), or a range for a firewall. `'shared'` opens none: every
   * client stays at the front door's own port, where that is all that can be published.
   */
  readonly privatePorts?: PortRange | 'shared'
  /**
   * Server: the numeric address that CONNECT names, when the bound one is not the one to be reached at; or one for each family. A
   * client of a family that none is given for stays with the address that it dialed.
   */
  readonly advertisedHost?: string | readonly string[]
  /** The largest message. 1 byte to 256 MiB, default 16 MiB; the classic protocol carries at most `mtuBytes`. */
  readonly maxMessageBytes?: number
  /** How many messages may wait for one peer. Default 8,192. */
  readonly maxQueuedMessages?: number
  /** How many bytes of messages may wait for one peer. Default 4 MiB. */
  readonly maxQueuedBytes?: number
  /**
   * How many messages a second are taken from one peer, a packet counting as one at least. 100 to `Infinity`, default 100,000:
   * a gigabit link full of whole datagrams stays below it.
   */
  readonly maxMessagesPerSecond?: number
  /** How many bytes a second are taken from one peer. 65,536 to `Infinity`, the default. */
  readonly maxBytesPerSecond?: number
  /** The largest UDP payload this end sends. 512 to 65,507 bytes, default 1,200. */
  readonly mtuBytes?: number
  /** The receive buffer asked of the kernel for each socket. Default 4 MiB. */
  readonly receiveBufferBytes?: number
  /** A default delivery for each channel that is listed. Reliable peers only. Default `{}`. */
  readonly channels?: Readonly<Record<number, ChannelOptions>>
  /** How many copies of unconfirmed messages a reliable peer sends ahead of any loss. Default `'auto'`. */
  readonly redundancy?: 'auto' | 'off' | number
  /** Where debug lines and hints go. Default: standard error. */
  readonly logger?: Logger
  /** A readable line for each datagram and event, as `setDebug(true)`. Default `false`. */
  readonly debug?: boolean
  /** Monotonic milliseconds. Default: the machine's clock. */
  readonly clock?: () => number
  /** As many random bytes as asked for. Default: the operating system's. */
  readonly random?: (lengthBytes: number) => Uint8Array
}

/** A range of ports, both ends included. */
export interface PortRange {
  readonly min: number
  readonly max: number
}

/** What a channel is for. */
export interface ChannelOptions {
  readonly delivery: Delivery
  /** 0 goes first, then 1 (the default), 2 and 3. */
  readonly priority?: number
}

/** Options after parsing: complete, in range, frozen. */
export interface Options extends FrontDoorLimits {
  readonly port: number
  readonly host: string | undefined
  readonly token: string
  readonly protocol: ProtocolName
  readonly protocols: readonly ProtocolName[]
  readonly security: 'noise' | 'none'
  readonly serverKey: Uint8Array | undefined
  readonly serverPrivateKey: Uint8Array | undefined
  readonly maxClients: number
  readonly maxClientsPerAddress: number
  readonly connectTokenKey: readonly Uint8Array[] | undefined
  readonly publicAddresses: readonly Address[] | undefined
  readonly maxUsedTokens: number
  readonly connectToken: string | ConnectTokenSource | undefined
  readonly timeoutMs: number
  readonly stallTimeoutMs: number
  readonly pingIntervalMs: number
  readonly handshakeTimeoutMs: number
  readonly resumeWindowMs: number
  readonly reconnect: ReconnectSettings | false
  readonly privatePorts: PortRange | 'shared' | undefined
  readonly advertisedHost: readonly string[]
  readonly maxMessageBytes: number
  readonly maxQueuedMessages: number
  readonly maxQueuedBytes: number
  readonly maxMessagesPerSecond: number
  readonly maxBytesPerSecond: number
  readonly mtuBytes: number
  readonly receiveBufferBytes: number
  readonly channels: Readonly<Record<number, ChannelOptions>>
  readonly redundancy: 'auto' | 'off' | number
  readonly logger: Logger | undefined
  readonly debug: boolean
  readonly clock: () => number
  readonly random: (lengthBytes: number) => Uint8Array
}

/** The largest UDP payload over IPv4: 65,535 less the headers of IP (20) and UDP (8). */
const MAX_UDP_PAYLOAD_BYTES = 65_507
const MiB = 1024 * 1024
const DAY_MS = 86_400_000
const DEFAULT_RECONNECT: ReconnectSettings = { minDelayMs: 250, maxDelayMs: 8_000, attempts: Infinity }

/**
 * Checks every option and fills in what is missing.
 *
 * @throws UDPipeError `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID`, `ERR_TOKEN_INVALID`, `ERR_CONNECT_TOKEN_INVALID`, `ERR_UNSUPPORTED`
 */
export function parseOptions(input: UDPipeOptions): Options {
  const given = withoutUndefined(input)
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(parsers, name))
  if (unknown !== undefined) {
    throw new UDPipeError('ERR_OPTION_UNKNOWN', `There is no option '${unknown}'; ${suggestion(unknown)}`)
  }
  const parsed: Record<string, unknown> = {}
  for (const [name, parse] of Object.entries(parsers)) {
    parsed[name] = parse((given as Record<string, unknown>)[name], name)
  }
  const options = Object.freeze(parsed as unknown as Options)
  checkTimes(options.pingIntervalMs, options.stallTimeoutMs, options.timeoutMs)
  checkSecurity(options, Object.hasOwn(given, 'security'))
  checkTokens(options)
  return options
}

/**
 * Checks a handshake token.
 *
 * @throws UDPipeError `ERR_TOKEN_INVALID`
 */
function parseToken(token: unknown): string {
  if (typeof token === 'string' && isToken(token)) return token
  throw new UDPipeError(
    'ERR_TOKEN_INVALID',
    `A token is a string of at most ${MAX_TOKEN_BYTES} bytes without spaces, line breaks or control characters, ` +
      `because HELLO carries it as one word; this one is ${typeof token === 'string' ? 'not' : `a ${typeof token}`}.`,
  )
}

type Parser<T> = (value: unknown, name: string) => T

const parsers = {
  port: integer(0, 65_535, 0),
  host: optional(text('a host name or address')),
  token: (value: unknown): string => (value === undefined ? '' : parseToken(value)),
  protocol: protocol('reliable'),
  protocols: list(protocol('reliable'), ['reliable']),
  security,
  serverKey: optional(key),
  serverPrivateKey: optional(key),
  maxClients: integer(1, 65_535, 1024),
  maxClientsPerAddress: count(Infinity),
  retryThreshold: integer(0, 65_535, DEFAULT_FRONT_DOOR_LIMITS.retryThreshold),
  maxHandshakesPerAddress: count(DEFAULT_FRONT_DOOR_LIMITS.maxHandshakesPerAddress),
  maxHellosPerSecond: count(DEFAULT_FRONT_DOOR_LIMITS.maxHellosPerSecond),
  maxHellosPerSecondPerAddress: count(DEFAULT_FRONT_DOOR_LIMITS.maxHellosPerSecondPerAddress),
  maxRefusalsPerSecond: count(DEFAULT_FRONT_DOOR_LIMITS.maxRefusalsPerSecond),
  connectTokenKey: parseKeys,
  publicAddresses: optional(list(publicAddress, [])),
  maxUsedTokens: integer(1, 16_777_216, 65_536),
  connectToken,
  timeoutMs: number(50, DAY_MS, 10_000),
  stallTimeoutMs: number(20, DAY_MS, 1_000),
  pingIntervalMs: number(10, DAY_MS, 500),
  handshakeTimeoutMs: number(50, 600_000, 5_000),
  resumeWindowMs: number(0, DAY_MS, 30_000),
  reconnect,
  privatePorts,
  advertisedHost,
  maxMessageBytes: integer(1, 256 * MiB, 16 * MiB),
  maxQueuedMessages: integer(1, 1_000_000, 8_192),
  maxQueuedBytes: integer(1, 1024 * MiB, 4 * MiB),
  maxMessagesPerSecond: number(100, Infinity, 100_000),
  maxBytesPerSecond: number(65_536, Infinity, Infinity),
  mtuBytes: integer(512, MAX_UDP_PAYLOAD_BYTES, 1_200),
  receiveBufferBytes: integer(1_024, 1024 * MiB, 4 * MiB),
  channels,
  redundancy,
  logger: optional(logger),
  debug: flag(false),
  clock: callable(monotonicMs),
  random: callable(randomBytes),
} satisfies { [Name in keyof Options]: Parser<Options[Name]> }

/** A whole number, which must be there when there is no `fallback`. */
function integer(min: number, max: number, fallback?: number): Parser<number> {
  return (value = fallback, name) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    throw invalid(name, `a whole number from ${min} to ${max}`, value)
  }
}

/** A whole number from 1 up, or `Infinity` for no limit. */
function count(fallback: number): Parser<number> {
  return (value = fallback, name) => {
    if (value === Infinity || (Number.isSafeInteger(value) && (value as number) >= 1)) return value as number
    throw invalid(name, 'a whole number from 1 up, or Infinity', value)
  }
}

function number(min: number, max: number, fallback: number): Parser<number> {
  return (value = fallback, name) => {
    if (typeof value === 'number' && value >= min && value <= max) return value
    throw invalid(name, `a number from ${min} to ${max}`, value)
  }
}

function text(what: string): Parser<string> {
  return (value, name) => {
    if (typeof value === 'string' && value !== '') return value
    throw invalid(name, what, value)
  }
}

function flag(fallback: boolean): Parser<boolean> {
  return (value = fallback, name) => {
    if (typeof value === 'boolean') return value
    throw invalid(name, 'true or false', value)
  }
}

function callable<T>(fallback: T): Parser<T> {
  return (value = fallback, name) => {
    if (typeof value === 'function') return value as T
    throw invalid(name, 'a function', value)
  }
}

function optional<T>(parse: Parser<T>): Parser<T | undefined> {
  return (value, name) => (value === undefined ? undefined : parse(value, name))
}

function list<T>(parse: Parser<T>, fallback: readonly T[]): Parser<readonly T[]> {
  return (value = fallback, name) => {
    if (!Array.isArray(value) || value.length === 0) throw invalid(name, 'a list with at least one entry', value)
    return Object.freeze(value.map((entry) => parse(entry, name)))
  }
}

function protocol(fallback: ProtocolName): Parser<ProtocolName> {
  return (value = fallback, name) => {
    if (value === 'reliable' || value === 'classic') return value
    throw invalid(name, `'reliable' or 'classic'`, value)
  }
}

function security(value: unknown = 'noise', name: string): 'noise' | 'none' {
  if (value === 'noise' || value === 'none') return value
  throw invalid(name, `'noise' or 'none'`, value)
}

function key(value: unknown, name: string): Uint8Array {
  const bytes = readKey(value)
  if (bytes !== undefined) return bytes
  // What was given may be a secret, and messages are written to logs.
  throw new UDPipeError('ERR_OPTION_INVALID', `${name} must be 32 bytes, or these in base64url (43 characters).`)
}

function reconnect(value: unknown = true, name: string): ReconnectSettings | false {
  if (value === false) return false
  if (value === true) return DEFAULT_RECONNECT
  const given = record(value, name, DEFAULT_RECONNECT)
  const settings = {
    minDelayMs: number(1, DAY_MS, DEFAULT_RECONNECT.minDelayMs)(given['minDelayMs'], `${name}.minDelayMs`),
    maxDelayMs: number(1, DAY_MS, DEFAULT_RECONNECT.maxDelayMs)(given['maxDelayMs'], `${name}.maxDelayMs`),
    attempts: number(1, Infinity, DEFAULT_RECONNECT.attempts)(given['attempts'], `${name}.attempts`),
  }
  if (settings.minDelayMs > settings.maxDelayMs) {
    throw invalid(`${name}.minDelayMs`, `at most maxDelayMs (${settings.maxDelayMs})`, settings.minDelayMs)
  }
  return Object.freeze(settings)
}

function privatePorts(value: unknown, name: string): PortRange | 'shared' | undefined {
  if (value === undefined || value === 'shared') return value
  if (typeof value === 'string') throw invalid(name, `{ min, max } or 'shared'`, value)
  const given = record(value, name, { min: 0, max: 0 })
  const min = integer(1, 65_535)(given['min'], `${name}.min`)
  const max = integer(min, 65_535)(given['max'], `${name}.max`)
  return Object.freeze({ min, max })
}

function advertisedHost(value: unknown = [], name: string): readonly string[] {
  const hosts = (Array.isArray(value) ? value : [value]).map((host: unknown) => numericHost(host, name))
  if (hosts.length < 2 || (hosts.length === 2 && hosts.some(isIPv6) && !hosts.every(isIPv6)))
    return Object.freeze(hosts)
  throw invalid(name, 'one address, or one of IPv4 and one of IPv6', value)
}

function numericHost(value: unknown, name: string): string {
  if (typeof value === 'string' && isIP(value) !== 0 && !value.includes('%')) return value
  throw invalid(name, 'a numeric IPv4 or IPv6 address without a zone', value)
}

function publicAddress(value: unknown, name: string): Address {
  const address = typeof value === 'string' ? parseServer(value) : undefined
  if (address !== undefined) return address
  throw invalid(name, `a list of numeric addresses with ports, '192.0.2.1:1234' or '[::1]:1234'`, value)
}

function connectToken(value: unknown): string | ConnectTokenSource | undefined {
  if (value === undefined || typeof value === 'function') return value as ConnectTokenSource | undefined
  // Whoever hands over what is no token learns it here, and not from a server that refuses it.
  parseConnectToken(value)
  return value as string
}

function channels(value: unknown = {}, name: string): Readonly<Record<number, ChannelOptions>> {
  const parsed: Record<number, ChannelOptions> = {}
  for (const [key, entry] of Object.entries(record(value, name))) {
    const channel = integer(0, MAX_CHANNEL)(/^\d+$/.test(key) ? Number(key) : NaN, `a channel of ${name}`)
    const given = record(entry, `${name}[${key}]`, { delivery: 'reliable', priority: 1 })
    const delivery = deliveries.find((mode) => mode === given['delivery'])
    if (delivery === undefined)
      throw invalid(`${name}[${key}].delivery`, `one of ${deliveries.join(', ')}`, given['delivery'])
    const priority = integer(0, 3, 1)(given['priority'], `${name}[${key}].priority`)
    parsed[channel] = Object.freeze({ delivery, priority })
  }
  return Object.freeze(parsed)
}

function redundancy(value: unknown = 'auto', name: string): 'auto' | 'off' | number {
  if (value === 'auto' || value === 'off') return value
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 16) return value
  throw invalid(name, `'auto', 'off' or a whole number from 0 to 16`, value)
}

function logger(value: unknown, name: string): Logger {
  const candidate = value as Partial<Logger> | null
  if (typeof candidate?.debug === 'function' && typeof candidate.warn === 'function') return candidate as Logger
  throw invalid(name, 'an object with debug(line) and warn(line), as console is', value)
}

/** An object whose keys are among those of `known`, when that is given. */
function record(value: unknown, name: string, known?: object): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw invalid(name, 'an object', value)
  const unknown = known && Object.keys(value).find((key) => !Object.hasOwn(known, key))
  if (unknown !== undefined) {
    throw new UDPipeError('ERR_OPTION_UNKNOWN', `There is no '${unknown}' in the option '${name}'.`)
  }
  return value as Record<string, unknown>
}

function checkTimes(pingIntervalMs: number, stallTimeoutMs: number, timeoutMs: number): void {
  const limitMs = Math.min(stallTimeoutMs, timeoutMs)
  if (pingIntervalMs < limitMs) return
  throw new UDPipeError(
    'ERR_OPTION_INVALID',
    `pingIntervalMs (${pingIntervalMs}) must be less than stallTimeoutMs (${stallTimeoutMs}) and timeoutMs (${timeoutMs}): ` +
      `an idle connection would be taken for a dead one before anybody asked.`,
  )
}

/** Nobody is to believe that something is encrypted which is not. */
function checkSecurity(options: Options, isSecurityGiven: boolean): void {
  const { protocol, protocols, security, serverKey, serverPrivateKey } = options
  const hasKey = serverKey !== undefined || serverPrivateKey !== undefined
  const isClassic = protocol === 'classic' || !protocols.includes('reliable')
  if (isClassic && security === 'noise' && (isSecurityGiven || hasKey)) {
    throw new UDPipeError('ERR_UNSUPPORTED', `The classic protocol encrypts nothing; protocol: 'reliable' does.`)
  }
  if (hasKey && security === 'none') {
    throw new UDPipeError('ERR_OPTION_INVALID', `serverKey and serverPrivateKey need security: 'noise'.`)
  }
}

/** The classic protocol has no place for a ticket: at such a door it would keep nobody out. */
function checkTokens({ connectToken, connectTokenKey, protocol, protocols }: Options): void {
  const isKeyUseless = connectTokenKey !== undefined && protocols.includes('classic')
  if (!isKeyUseless && (connectToken === undefined || protocol !== 'classic')) return
  throw new UDPipeError(
    'ERR_OPTION_INVALID',
    `The classic protocol has no connect tokens: ${isKeyUseless ? 'connectTokenKey' : 'connectToken'} needs the reliable one alone.`,
  )
}

function withoutUndefined(input: unknown): object {
  if (typeof input !== 'object' || input === null) throw invalid('options', 'an object', input)
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
}

function invalid(name: string, expected: string, value: unknown): UDPipeError {
  return new UDPipeError('ERR_OPTION_INVALID', `${name} must be ${expected}; it was ${show(value)}.`)
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  return String(value)
}

/** Most unknown options are a unit or a capital away from a known one. */
function suggestion(unknown: string): string {
  const bare = unknown.toLowerCase()
  const near = Object.keys(parsers).find(
    (name) => name.toLowerCase().startsWith(bare) || bare.startsWith(name.toLowerCase()),
  )
  return near === undefined ? `the options are ${Object.keys(parsers).join(', ')}.` : `did you mean '${near}'?`
}
