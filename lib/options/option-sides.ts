import { UDPipeError } from '../core/errors.ts'
import type { Options, UDPipeOptions } from './options.ts'

/** Which end an option is for. */
export type Side = 'client' | 'server'

/** Which end each option is for. */
export const optionSides: Readonly<Record<keyof Options, Side | 'both'>> = {
  port: 'both',
  host: 'both',
  token: 'both',
  protocol: 'client',
  protocols: 'server',
  security: 'both',
  serverKey: 'client',
  serverPrivateKey: 'server',
  maxClients: 'server',
  maxClientsPerAddress: 'server',
  retryThreshold: 'server',
  maxHandshakesPerAddress: 'server',
  maxHellosPerSecond: 'server',
  maxHellosPerSecondPerAddress: 'server',
  maxRefusalsPerSecond: 'server',
  connectTokenKey: 'server',
  publicAddresses: 'server',
  maxUsedTokens: 'server',
  connectToken: 'client',
  hello: 'client',
  admissionTimeoutMs: 'server',
  queueWhileAway: 'client',
  timeoutMs: 'both',
  stallTimeoutMs: 'both',
  pingIntervalMs: 'both',
  handshakeTimeoutMs: 'both',
  resumeWindowMs: 'server',
  reconnect: 'client',
  privatePorts: 'server',
  advertisedHost: 'server',
  maxMessageBytes: 'both',
  maxQueuedMessages: 'both',
  maxQueuedBytes: 'both',
  maxMessagesPerSecond: 'both',
  maxBytesPerSecond: 'both',
  mtuBytes: 'both',
  receiveBufferBytes: 'both',
  channels: 'both',
  redundancy: 'both',
  logger: 'both',
  debug: 'both',
  unref: 'both',
  signal: 'client',
  clock: 'both',
  random: 'both',
}

/** Options that are easily taken for each other, client's and server's. */
const counterparts: readonly (readonly [client: keyof Options, server: keyof Options])[] = [
  ['protocol', 'protocols'],
  ['serverKey', 'serverPrivateKey'],
  ['connectToken', 'connectTokenKey'],
]

/**
 * Refuses options that mean nothing at this end: all such that the call names; of those that the constructor named, which may be for either
 * end, one in place of its counterpart, or all, where none is for this end.
 *
 * @throws UDPipeError `ERR_OPTION_INVALID`
 */
export function checkSides(side: Side, given: UDPipeOptions, called: UDPipeOptions): void {
  const other = side === 'client' ? 'server' : 'client'
  const alien = namesFor(other, called)[0] ?? misnamed(side, { ...given, ...called })
  if (alien !== undefined) throw meantForOther(side, alien)
  const [constructed] = namesFor(other, given)
  if (constructed === undefined || namesFor(side, { ...given, ...called }).length > 0) return
  throw meantForOther(side, constructed)
}

function namesFor(side: Side, options: UDPipeOptions): (keyof Options)[] {
  const names = Object.keys(optionSides) as (keyof Options)[]
  return names.filter((name) => optionSides[name] === side && options[name] !== undefined)
}

/** What was named for the other end, while its counterpart for this one was not. */
function misnamed(side: Side, options: UDPipeOptions): keyof Options | undefined {
  for (const [client, server] of counterparts) {
    const [own, others] = side === 'client' ? [client, server] : [server, client]
    if (options[others] !== undefined && options[own] === undefined) return others
  }
  return undefined
}

function meantForOther(side: Side, name: keyof Options): UDPipeError {
  const pair = counterparts.find((names) => names.includes(name))
  const meant = pair?.[side === 'client' ? 0 : 1]
  const advice = meant === undefined ? 'leave it out here' : `a ${side} has '${meant}'`
  const call = side === 'client' ? 'connect()' : 'start()'
  return new UDPipeError(
    'ERR_OPTION_INVALID',
    `The option '${name}' is for a ${side === 'client' ? 'server' : 'client'}, and this is ${call}: ${advice}.`,
  )
}
