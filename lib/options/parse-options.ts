import { parseKeys } from './connect-token.ts'
import { UDPipeError } from '../core/errors.ts'
import { hello } from './hello.ts'
import { callable, count, flag, integer, invalid, list, number, optional, text, type Parser } from './kinds.ts'
import { isNear } from '../core/call-options.ts'
import {
  abortSignal,
  advertisedHost,
  channels,
  connectToken,
  DAY_MS,
  key,
  logger,
  parseToken,
  privatePorts,
  protocol,
  publicAddress,
  reconnect,
  redundancy,
  security,
} from './parsers.ts'
import type { Options, UDPipeOptions } from './options.ts'
import { DEFAULT_FRONT_DOOR_LIMITS } from '../session/hello-gate.ts'
import type { Platform } from '../port/platform.ts'

/** The largest UDP payload over IPv4: 65,535 less the headers of IP (20) and UDP (8). */
const MAX_UDP_PAYLOAD_BYTES = 65_507
const MiB = 1024 * 1024

/**
 * Checks every option and fills in what is missing: the clock and the random source with the platform's.
 *
 * @throws UDPipeError `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID`, `ERR_TOKEN_INVALID`, `ERR_CONNECT_TOKEN_INVALID`, `ERR_UNSUPPORTED`
 */
export function parseOptions(
  input: UDPipeOptions,
  { monotonicMs, randomBytes }: Pick<Platform, 'monotonicMs' | 'randomBytes'>,
): Options {
  const given = withoutUndefined(input)
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(parsers, name))
  if (unknown !== undefined) {
    throw new UDPipeError('ERR_OPTION_UNKNOWN', `There is no option '${unknown}'; ${suggestion(unknown)}`)
  }
  const parsed: Record<string, unknown> = {}
  for (const [name, parse] of Object.entries(parsers)) {
    parsed[name] = parse((given as Record<string, unknown>)[name], name)
  }
  parsed['clock'] ??= monotonicMs
  parsed['random'] ??= randomBytes
  const options = Object.freeze(parsed as unknown as Options)
  checkTimes(options.pingIntervalMs, options.stallTimeoutMs, options.timeoutMs)
  checkSecurity(options, Object.hasOwn(given, 'security'))
  checkTokens(options)
  checkHello(options)
  return options
}

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
  hello,
  admissionTimeoutMs: number(50, 600_000, 5_000),
  timeoutMs: number(50, DAY_MS, 10_000),
  stallTimeoutMs: number(20, DAY_MS, 1_000),
  pingIntervalMs: number(10, DAY_MS, 500),
  handshakeTimeoutMs: number(50, 600_000, 5_000),
  resumeWindowMs: number(0, DAY_MS, 30_000),
  reconnect,
  queueWhileAway: flag(true),
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
  unref: flag(false),
  signal: optional(abortSignal),
  clock: optional(callable<Options['clock']>()),
  random: optional(callable<Options['random']>()),
} satisfies { [Name in keyof Options]: Parser<Options[Name] | undefined> }

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

/** What is for the server's program is not to be left out in silence. */
function checkHello({ hello, protocol }: Options): void {
  if (hello === undefined || protocol === 'reliable') return
  throw new UDPipeError(
    'ERR_UNSUPPORTED',
    `The HELLO of the classic protocol carries the token and nothing else; the option hello needs protocol: 'reliable'.`,
  )
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

/** Most unknown options are a unit, a capital or a slip away from a known one. */
function suggestion(unknown: string): string {
  const names = Object.keys(parsers)
  const near = names.find((name) => isNear(name, unknown))
  return near === undefined ? `the options are ${names.join(', ')}.` : `did you mean '${near}'?`
}
