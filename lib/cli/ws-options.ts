import { InvalidArgumentError, type Command } from 'commander'
import { ByteFramer, LineFramer, type Framer } from './framers.ts'

/** The options that `ws listen` and `ws connect` have in common. */
export interface WsOptions {
  readonly binary?: true
  readonly ping?: number
  readonly deflate?: true
  readonly quiet?: true
}

/** What bytes are cut to. */
const CHUNK_BYTES = 32 * 1024

/** Adds the options that `ws listen` and `ws connect` have in common. */
export function addWsOptions(command: Command): Command {
  return command
    .option('-b, --binary', 'carry bytes as they are, in binary messages; otherwise each line is a text message')
    .option('--ping <seconds>', 'ask for a sign of life after so long a silence, and give up 10 s later', seconds)
    .option('--deflate', 'compress messages where the other side agrees')
    .option('-q, --quiet', 'say nothing on standard error but what goes wrong')
}

/** What these options mean to the library. */
export function toLimits({ ping, deflate }: WsOptions): { pingIntervalMs: number; perMessageDeflate: boolean } {
  return { pingIntervalMs: (ping ?? 0) * 1000, perMessageDeflate: deflate === true }
}

/** Cuts standard input into messages. */
export function cutterFor({ binary }: WsOptions): Framer {
  return binary ? new ByteFramer(CHUNK_BYTES) : new LineFramer()
}

/** How a connection ended, in a few words. */
export function describeEnd([wasClean, code, reason]: readonly [boolean, number, string]): string {
  if (!wasClean) return `lost (${reason})`
  return `closed (${[code === 1005 ? 'no code' : String(code), ...(reason === '' ? [] : [reason])].join(', ')})`
}

/** A number of seconds, for commander. */
export function seconds(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value > 0 && value <= 86_400) return value
  throw new InvalidArgumentError('It must be a number of seconds, more than 0 and at most 86400.')
}

/** Puts another value behind those that an option was given before, for commander. */
export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value]
}
