import { InvalidArgumentError, Option, type Command } from 'commander'
import { formatAddress } from '../core/address.ts'
import type { ProtocolName, UDPipeOptions } from '../index.ts'
import { failUsage } from './usage-error.ts'

/** The options of every command that is an end of a connection, as commander hands them over. */
export interface ConnectionOptions {
  readonly token?: string
  /** Seconds. */
  readonly timeout: number
  readonly protocol: ProtocolName
  readonly security?: 'noise' | 'none'
  readonly quiet?: true
  readonly verbose?: true
}

/** The options that `listen` and `connect` have in common. */
export interface SharedOptions extends ConnectionOptions {
  readonly bytes?: true
  readonly lines?: true
}

/** How many bytes a datagram has at most, and so a message of the classic protocol: it passes every usual network unfragmented. */
export const MAX_DATAGRAM_BYTES = 1_200

/** What bytes are cut to for the reliable protocol, which makes datagrams of them by itself. */
const RELIABLE_CHUNK_BYTES = 32 * 1024

/** What may wait for a peer. */
export const MAX_QUEUED_MESSAGES = 8_192
export const MAX_QUEUED_BYTES: number = 4 * 1024 * 1024

const protocolNames: readonly ProtocolName[] = ['classic', 'reliable']
const DEFAULT_PROTOCOL: ProtocolName = 'reliable'
const DEFAULT_TIMEOUT_SECONDS = 10
/** Nothing is asked twice within less. */
const MIN_TIMEOUT_SECONDS = 1
const MAX_TIMEOUT_SECONDS = 86_400
const MAX_HANDSHAKE_TIMEOUT_MS = 5_000

/** Adds the options that `listen` and `connect` have in common. */
export function addSharedOptions(command: Command): Command {
  return addConnectionOptions(
    command
      .option('-b, --bytes', 'carry bytes as they are, a file for example (default of the reliable protocol)')
      .option('-l, --lines', 'carry lines: each is a message (default of the classic protocol)'),
  )
}

/** Adds what a client proves, and has proved to it, beside the token. */
export function addClientKeys(command: Command): Command {
  return command
    .addOption(new Option('--server-key <key>', 'the public key of the server, of udpipe key').env('UDPIPE_SERVER_KEY'))
    .addOption(
      new Option('--connect-token <token>', 'what `udpipe token create` printed, or a backend handed out').env(
        'UDPIPE_CONNECT_TOKEN',
      ),
    )
}

/** What {@link addClientKeys} adds, as commander hands it over. */
export interface ClientKeys {
  readonly serverKey?: string
  readonly connectToken?: string
}

/** What a client's keys mean to the library. */
export function keysOf({ serverKey, connectToken }: ClientKeys): UDPipeOptions {
  return { ...(serverKey !== undefined && { serverKey }), ...(connectToken !== undefined && { connectToken }) }
}

/** Where a client dials: an address, or the servers of its connect token, in which case it may leave out both. */
export function checkServer(
  command: Command,
  host: string | undefined,
  port: number | undefined,
  { connectToken }: ClientKeys,
): void {
  if (port === undefined && (host !== undefined || connectToken === undefined)) {
    failUsage(command, 'a host and a port are needed, or --connect-token')
  }
}

/** The server in words. */
export function nameServer(host: string | undefined, port: number | undefined): string {
  return host === undefined || port === undefined ? 'the servers of the connect token' : formatAddress({ host, port })
}

/** Adds the options of every command that is an end of a connection. */
export function addConnectionOptions(command: Command): Command {
  return command
    .addOption(new Option('-t, --token <token>', 'the word that both sides must know').env('UDPIPE_TOKEN'))
    .addOption(
      new Option('-w, --timeout <seconds>', 'the silence after which a connection counts as lost')
        .argParser(parseTimeout)
        .default(DEFAULT_TIMEOUT_SECONDS),
    )
    .addOption(
      new Option('-p, --protocol <name>', 'the protocol to speak, the same at both sides')
        .choices(protocolNames)
        .default(DEFAULT_PROTOCOL),
    )
    .addOption(
      new Option('--security <name>', 'what protects the packets, the same at both sides (default: "noise")').choices([
        'noise',
        'none',
      ]),
    )
    .option('-q, --quiet', 'say nothing on standard error but what goes wrong')
    .option('-v, --verbose', 'show every datagram on standard error')
}

/** What the shared options mean to the library. */
export function toUDPipeOptions({ token, timeout, verbose, security }: ConnectionOptions): UDPipeOptions {
  const timeoutMs = timeout * 1000
  return {
    timeoutMs,
    handshakeTimeoutMs: Math.min(timeoutMs, MAX_HANDSHAKE_TIMEOUT_MS),
    mtuBytes: MAX_DATAGRAM_BYTES,
    maxQueuedMessages: MAX_QUEUED_MESSAGES,
    maxQueuedBytes: MAX_QUEUED_BYTES,
    ...(token !== undefined && { token }),
    ...(security !== undefined && { security }),
    ...(verbose !== undefined && { debug: verbose }),
  }
}

/**
 * Whether bytes are carried rather than lines. What loses nothing carries files; where a message may be missing, a line at least
 * stays a line.
 */
export function carriesBytes({ bytes, lines, protocol }: SharedOptions): boolean {
  return bytes ?? (lines ? false : protocol === 'reliable')
}

/** What bytes are cut to. */
export function chunkBytes({ protocol }: SharedOptions): number {
  return protocol === 'reliable' ? RELIABLE_CHUNK_BYTES : MAX_DATAGRAM_BYTES
}

/** Refuses options that contradict each other. */
export function checkSharedOptions(command: Command, { bytes, lines }: SharedOptions): void {
  if (bytes && lines) failUsage(command, '--bytes and --lines exclude each other')
}

/** A whole number from `min` to `max`, for commander. */
export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
  }
}

/** What `--private-ports` names. */
export type PrivatePortsChoice = 'shared' | { readonly min: number; readonly max: number }

/** A range of ports, both ends included, for commander. */
export function portRange(text: string): { min: number; max: number } {
  const [, first, last] = /^(\d{1,5})-(\d{1,5})$/.exec(text) ?? []
  const [min, max] = [Number(first), Number(last)]
  if (min >= 1 && max >= min && max <= 65_535) return { min, max }
  throw new InvalidArgumentError('It must be two ports from 1 to 65535: first-last.')
}

/** Where a server moves its clients to, for commander. */
export function privatePorts(text: string): PrivatePortsChoice {
  return text === 'shared' ? text : portRange(text)
}

function parseTimeout(text: string): number {
  const seconds = Number(text)
  if (text.trim() !== '' && seconds >= MIN_TIMEOUT_SECONDS && seconds <= MAX_TIMEOUT_SECONDS) return seconds
  throw new InvalidArgumentError(
    `It must be a number of seconds from ${MIN_TIMEOUT_SECONDS} to ${MAX_TIMEOUT_SECONDS}.`,
  )
}
