import { UDPipeError } from '../../core/errors.ts'
import type { UDPipeOptions } from '../../options/options.ts'
import { flag, integer, invalid, record, type Parser } from '../../options/kinds.ts'

/** What both a {@link ServerOptions | server} and a {@link ClientOptions | client} may be given. Units are in the names. */
export interface ConnectionOptions {
  /** What carries the tables: `'tcp'`, the default, or `'udp'`: UDPipe. Both ends must have the same. */
  readonly transport?: 'tcp' | 'udp'
  /** The largest table that is sent or taken, encoded; the other side is told. 1 KiB to 64 MiB, default 1 MiB. */
  readonly maxTableBytes?: number
  /** How deep tables may be nested, the outermost being 1. 1 to 256, default 64. */
  readonly maxDepth?: number
  /** How many bytes may wait to be sent on one connection; a single table may be larger. 1 KiB to 1 GiB, default 4 MiB. */
  readonly maxSendBytes?: number
  /** How many tables may wait to be sent on one connection. 1 to 1,000,000, default 8,192. */
  readonly maxSendTables?: number
  /** Silence of the other side after which it is asked for a sign of life (TCP). Up to a day, default 5,000; 0 for never. */
  readonly keepAliveMs?: number
  /** Silence of the other side that ends the connection. Up to a day, default 15,000; 0 for never. */
  readonly timeoutMs?: number
  /** A connection whose queue stayed full for so long ends with `ERR_SLOW`. Up to a day, default 30,000; 0 for never. */
  readonly slowMs?: number
  /** Whether the process may end although this is open (TCP). Default `false`. */
  readonly unref?: boolean
  /** What UDPipe is given besides, with `transport: 'udp'`. Default `{}`. */
  readonly udp?: UdpOptions
}

/** The 4th argument of `Server`. */
export interface ServerOptions extends ConnectionOptions {
  /** How many may be connected; whoever comes then is refused with `ERR_FULL`. 1 to 65,535, default 1,024. */
  readonly maxConnections?: number
  /** How many may be in the middle of the handshake; the oldest makes room (TCP). 1 to 65,535, default 256. */
  readonly maxHandshakes?: number
  /** How long a handshake may take. 50 to 60,000 ms, default 5,000. */
  readonly handshakeTimeoutMs?: number
  /** Whether connections stay although the program does not keep their objects. Default `false`. */
  readonly keepConnections?: boolean
}

/** The 4th argument of `Client`. */
export interface ClientOptions extends ConnectionOptions {
  /** How long dialling may take, handshake included. 50 ms to a day, default 10,000. */
  readonly connectTimeoutMs?: number
}

/** The options of UDPipe that are not the module's own. */
export type UdpOptions = Omit<UDPipeOptions, (typeof ownUdpOptions)[number]>

/** What every connection needs of its options, after parsing: complete and in range. */
export interface Settings extends Required<ConnectionOptions> {
  /** How long a handshake may take; of a client, all of its dialling. */
  readonly handshakeTimeoutMs: number
}

/** The options of a server after parsing. */
export type ServerSettings = Settings & Required<ServerOptions>
/** The options of a client after parsing. */
export type ClientSettings = Settings & Required<ClientOptions>

/** What the module sets itself, because tables would not travel as they should with anything else. */
const ownUdpOptions = [
  'port',
  'host',
  'token',
  'reconnect',
  'channels',
  'protocol',
  'protocols',
  'security',
  'maxMessageBytes',
  'maxQueuedBytes',
  'maxQueuedMessages',
  'maxClients',
  'timeoutMs',
  'handshakeTimeoutMs',
  'resumeWindowMs',
] as const

const KiB = 1024
const MiB = 1024 * KiB
const DAY_MS = 86_400_000

const connectionParsers = {
  transport: (value: unknown = 'tcp', name: string): 'tcp' | 'udp' => {
    if (value === 'tcp' || value === 'udp') return value
    throw invalid(name, `'tcp' or 'udp'`, value)
  },
  maxTableBytes: integer(KiB, 64 * MiB, MiB),
  maxDepth: integer(1, 256, 64),
  maxSendBytes: integer(KiB, 1024 * MiB, 4 * MiB),
  maxSendTables: integer(1, 1_000_000, 8_192),
  keepAliveMs: integer(0, DAY_MS, 5_000),
  timeoutMs: integer(0, DAY_MS, 15_000),
  slowMs: integer(0, DAY_MS, 30_000),
  unref: flag(false),
  udp: (value: unknown = {}, name: string): UdpOptions => {
    const own = Object.keys(record(value, name)).find((key) => (ownUdpOptions as readonly string[]).includes(key))
    if (own === undefined) return value as UdpOptions
    throw new UDPipeError('ERR_OPTION_INVALID', `${name}.${own} is set by udpipe/network itself: leave it out.`)
  },
}

const serverParsers = {
  ...connectionParsers,
  maxConnections: integer(1, 65_535, 1_024),
  maxHandshakes: integer(1, 65_535, 256),
  handshakeTimeoutMs: integer(50, 60_000, 5_000),
  keepConnections: flag(false),
}

const clientParsers = {
  ...connectionParsers,
  connectTimeoutMs: integer(50, DAY_MS, 10_000),
}

/**
 * Checks the options of a server and fills in what is missing.
 *
 * @throws UDPipeError `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID`
 */
export function parseServerOptions(given: unknown): ServerSettings {
  return parse(given, serverParsers, 'Server') as unknown as ServerSettings
}

/**
 * Checks the options of a client and fills in what is missing.
 *
 * @throws UDPipeError `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID`
 */
export function parseClientOptions(given: unknown): ClientSettings {
  const parsed = parse(given, clientParsers, 'Client') as unknown as ClientSettings
  return { ...parsed, handshakeTimeoutMs: parsed.connectTimeoutMs }
}

/**
 * Checks options against their parsers.
 *
 * @throws UDPipeError `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID`
 */
export function parse(
  given: unknown = {},
  parsers: Readonly<Record<string, Parser<unknown>>>,
  what: string,
): Record<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw invalid('options', 'an object', given)
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(parsers, name))
  if (unknown !== undefined) {
    const known = Object.keys(parsers).join(', ')
    throw new UDPipeError('ERR_OPTION_UNKNOWN', `${what} has no option '${unknown}'; there are ${known}.`)
  }
  const parsed: Record<string, unknown> = {}
  for (const [name, parseOption] of Object.entries(parsers)) {
    parsed[name] = parseOption((given as Record<string, unknown>)[name], name)
  }
  checkTogether(parsed)
  return parsed
}

function checkTogether({ transport, keepAliveMs, timeoutMs, unref }: Record<string, unknown>): void {
  if (typeof keepAliveMs === 'number' && typeof timeoutMs === 'number' && keepAliveMs >= timeoutMs && timeoutMs > 0) {
    throw new UDPipeError(
      'ERR_OPTION_INVALID',
      `keepAliveMs (${keepAliveMs}) must be less than timeoutMs (${timeoutMs}): an idle connection would be taken for a ` +
        `dead one before anybody asked.`,
    )
  }
  if (transport === 'udp' && unref === true) {
    throw new UDPipeError(
      'ERR_OPTION_INVALID',
      `unref needs transport: 'tcp'; what is open over UDP keeps the process alive.`,
    )
  }
}
