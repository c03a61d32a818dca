import { familyOf } from '../core/numeric-host.ts'
import { isIPv6 } from './advertised-host.ts'
import { isToken, MAX_TOKEN_BYTES } from '../session/token.ts'
import { parseConnectToken, type ConnectTokenSource } from './connect-token.ts'
import { UDPipeError } from '../core/errors.ts'
import { integer, invalid, number, record, type Parser } from './kinds.ts'
import type { ChannelOptions, Logger, PortRange } from './options.ts'
import { parseServer } from '../security/connect-token.ts'
import { readKey } from './server-key.ts'
import type { Address } from '../core/address.ts'
import { deliveries, MAX_CHANNEL } from '../session/delivery.ts'
import type { ProtocolName } from '../session/session.ts'
import type { ReconnectSettings } from '../session/settings.ts'

/** The longest time that an option takes. */
export const DAY_MS = 86_400_000
const DEFAULT_RECONNECT: ReconnectSettings = { minDelayMs: 250, maxDelayMs: 8_000, attempts: Infinity }

/**
 * Checks a handshake token.
 *
 * @throws UDPipeError `ERR_TOKEN_INVALID`
 */
export function parseToken(token: unknown): string {
  if (typeof token === 'string' && isToken(token)) return token
  throw new UDPipeError(
    'ERR_TOKEN_INVALID',
    `A token is a string of at most ${MAX_TOKEN_BYTES} bytes without spaces, line breaks or control characters, ` +
      `because HELLO carries it as one word; this one is ${typeof token === 'string' ? 'not' : `a ${typeof token}`}.`,
  )
}

/** A protocol's name. */
export function protocol(fallback: ProtocolName): Parser<ProtocolName> {
  return (value = fallback, name) => {
    if (value === 'reliable' || value === 'classic') return value
    throw invalid(name, `'reliable' or 'classic'`, value)
  }
}

/** How packets are protected. */
export function security(value: unknown = 'noise', name: string): 'noise' | 'none' {
  if (value === 'noise' || value === 'none') return value
  throw invalid(name, `'noise' or 'none'`, value)
}

/** A key of the server's: 32 bytes, or these as base64url. */
export function key(value: unknown, name: string): Uint8Array {
  const bytes = readKey(value)
  if (bytes !== undefined) return bytes
  // What was given may be a secret, and messages are written to logs.
  throw new UDPipeError('ERR_OPTION_INVALID', `${name} must be 32 bytes, or these in base64url (43 characters).`)
}

/** Whether, and how, a client dials again. */
export function reconnect(value: unknown = true, name: string): ReconnectSettings | false {
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

/** Where private ports are opened. */
export function privatePorts(value: unknown, name: string): PortRange | 'shared' | undefined {
  if (value === undefined || value === 'shared') return value
  if (typeof value === 'string') throw invalid(name, `{ min, max } or 'shared'`, value)
  const given = record(value, name, { min: 0, max: 0 })
  const min = integer(1, 65_535)(given['min'], `${name}.min`)
  const max = integer(min, 65_535)(given['max'], `${name}.max`)
  return Object.freeze({ min, max })
}

/** The address that CONNECT names, or one of each family. */
export function advertisedHost(value: unknown = [], name: string): readonly string[] {
  const hosts = (Array.isArray(value) ? value : [value]).map((host: unknown) => numericHost(host, name))
  if (hosts.length < 2 || (hosts.length === 2 && hosts.some(isIPv6) && !hosts.every(isIPv6)))
    return Object.freeze(hosts)
  throw invalid(name, 'one address, or one of IPv4 and one of IPv6', value)
}

function numericHost(value: unknown, name: string): string {
  if (typeof value === 'string' && familyOf(value) !== undefined && !value.includes('%')) return value
  throw invalid(name, 'a numeric IPv4 or IPv6 address without a zone', value)
}

/** An address by which connect tokens name the server. */
export function publicAddress(value: unknown, name: string): Address {
  const address = typeof value === 'string' ? parseServer(value) : undefined
  if (address !== undefined) return address
  throw invalid(name, `a list of numeric addresses with ports, '192.0.2.1:1234' or '[::1]:1234'`, value)
}

/** A connect token, or what gets one. */
export function connectToken(value: unknown): string | ConnectTokenSource | undefined {
  if (value === undefined || typeof value === 'function') return value as ConnectTokenSource | undefined
  // Whoever hands over what is no token learns it here, and not from a server that refuses it.
  parseConnectToken(value)
  return value as string
}

/** What the channels are for. */
export function channels(value: unknown = {}, name: string): Readonly<Record<number, ChannelOptions>> {
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

/** How many copies are sent ahead of any loss. */
export function redundancy(value: unknown = 'auto', name: string): 'auto' | 'off' | number {
  if (value === 'auto' || value === 'off') return value
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 16) return value
  throw invalid(name, `'auto', 'off' or a whole number from 0 to 16`, value)
}

/** Where lines go. */
export function logger(value: unknown, name: string): Logger {
  const candidate = value as Partial<Logger> | null
  if (typeof candidate?.debug === 'function' && typeof candidate.warn === 'function') return candidate as Logger
  throw invalid(name, 'an object with debug(line) and warn(line), as console is', value)
}

/** What ends a wait. */
export function abortSignal(value: unknown, name: string): AbortSignal {
  if (value instanceof AbortSignal) return value
  throw invalid(name, 'an AbortSignal', value)
}
