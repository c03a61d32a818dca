import { InvalidArgumentError, Option, type Command } from 'commander'
import type { ProtocolName, UDPipeOptions } from '../index.ts'

/** The options that `listen` and `connect` have in common, as commander hands them over. */
export interface SharedOptions {
  readonly bytes?: true
  readonly token?: string
  /** Seconds. */
  readonly timeout: number
  readonly protocol?: ProtocolName
  readonly quiet?: true
  readonly verbose?: true
}

/**
 * How many bytes a message of the classic protocol has at most, and what `--bytes` cuts its input to: a datagram that passes every
 * usual network unfragmented.
 */
export const MAX_DATAGRAM_BYTES = 1_200

/** What may wait for a peer. */
export const MAX_QUEUED_MESSAGES = 8_192
export const MAX_QUEUED_BYTES: number = 4 * 1024 * 1024

const DEFAULT_TIMEOUT_SECONDS = 10
/** Nothing is asked twice within less. */
const MIN_TIMEOUT_SECONDS = 1
const MAX_TIMEOUT_SECONDS = 86_400
const MAX_HANDSHAKE_TIMEOUT_MS = 5_000

/** Adds the options that both commands have. */
export function addSharedOptions(command: Command): Command {
  return command
    .option('-b, --bytes', 'carry raw bytes instead of lines: input is cut to messages, messages are joined to output')
    .addOption(new Option('-t, --token <token>', 'the word that both sides must know').env('UDPIPE_TOKEN'))
    .addOption(
      new Option('-w, --timeout <seconds>', 'the silence after which a connection counts as lost')
        .argParser(parseTimeout)
        .default(DEFAULT_TIMEOUT_SECONDS),
    )
    .addOption(new Option('-p, --protocol <name>', 'the protocol to speak').choices(['classic', 'reliable']))
    .option('-q, --quiet', 'say nothing on standard error but what goes wrong')
    .option('-v, --verbose', 'show every datagram on standard error')
}

/** What the shared options mean to the library. */
export function toUDPipeOptions({ token, timeout, verbose }: SharedOptions): UDPipeOptions {
  const timeoutMs = timeout * 1000
  return {
    timeoutMs,
    handshakeTimeoutMs: Math.min(timeoutMs, MAX_HANDSHAKE_TIMEOUT_MS),
    mtuBytes: MAX_DATAGRAM_BYTES,
    maxQueuedMessages: MAX_QUEUED_MESSAGES,
    maxQueuedBytes: MAX_QUEUED_BYTES,
    ...(token !== undefined && { token }),
    ...(verbose !== undefined && { debug: verbose }),
  }
}

/** A whole number from `min` to `max`, for commander. */
export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
  }
}

function parseTimeout(text: string): number {
  const seconds = Number(text)
  if (text.trim() !== '' && seconds >= MIN_TIMEOUT_SECONDS && seconds <= MAX_TIMEOUT_SECONDS) return seconds
  throw new InvalidArgumentError(
    `It must be a number of seconds from ${MIN_TIMEOUT_SECONDS} to ${MAX_TIMEOUT_SECONDS}.`,
  )
}
