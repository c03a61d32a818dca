import { Option, type Command } from 'commander'
import { parseConnectToken, parseKeys } from '../options/connect-token.ts'
import { createConnectToken } from '../index.ts'
import { openTicket, serverDigest, type Ticket } from '../security/connect-token.ts'
import type { ConnectToken } from '../session/session.ts'
import { formatAddress } from '../core/address.ts'
import { cryptography } from '../node/crypto.ts'
import { randomBytes } from '../node/random.ts'
import { failUsage, orUsageError } from './usage-error.ts'

interface CreateOptions {
  readonly key?: string
  readonly clientId: string
  readonly expires: string
  readonly server: readonly string[]
  readonly userData?: string
}

interface InspectOptions {
  readonly key?: string
}

/** Adds `udpipe token create`, `udpipe token inspect` and `udpipe token key`. */
export function defineToken(program: Command): void {
  const command = program
    .command('token')
    .description('Connect tokens: a backend’s word for a client, which a server with the same key takes once.')
    .addHelpText('after', help)
  command
    .command('key')
    .description('print a new key, for --key here and --connect-token-key of listen')
    .action(() => print([Buffer.from(randomBytes(KEY_BYTES)).toString('base64url')]))
  defineCreate(command)
  defineInspect(command)
}

function defineCreate(parent: Command): void {
  const command = parent
    .command('create')
    .description('print a connect token')
    .addOption(keyOption())
    .requiredOption('-c, --client-id <id>', 'who the client is, for the server')
    .requiredOption('-s, --server <address...>', 'where it may be used, 192.0.2.1:1234 or [::1]:1234; may be repeated')
    .option('-e, --expires <seconds>', 'how long a server takes it', '30')
    .option('-u, --user-data <text>', 'what else the server is to know')
  command.action(({ key, clientId, expires, server, userData }: CreateOptions) => {
    if (key === undefined) failUsage(command, 'a key is needed: --key, or UDPIPE_CONNECT_TOKEN_KEY')
    const options = { key, clientId, expiresInMs: Number(expires) * 1000, servers: server }
    print([
      orUsageError(command, () => createConnectToken({ ...options, ...(userData !== undefined && { userData }) })),
    ])
  })
}

function defineInspect(parent: Command): void {
  const command = parent
    .command('inspect')
    .description('print what a connect token says: to its client, and with the key all of it but the secret')
    .argument('<token>', 'what create printed')
    .addOption(keyOption())
  command.action((text: string, { key }: InspectOptions) => {
    const token = orUsageError(command, () => parseConnectToken(text))
    print(describeToken(token, Date.now()))
    const keys = orUsageError(command, () => parseKeys(key, '--key'))
    if (keys?.[0] === undefined) {
      print(['client    sealed: --key opens it'])
      return
    }
    const ticket = openTicket(cryptography, keys[0], token.ticket)
    if (ticket === undefined) failUsage(command, 'the token was not made with this key')
    print(describeTicket(ticket, token))
  })
}

const KEY_BYTES = 32

const help = `
A token is a secret: whoever has it first is that client. A key in the arguments of a command can be read by everybody on the machine:
UDPIPE_CONNECT_TOKEN_KEY in the environment cannot.

Examples:
  export UDPIPE_CONNECT_TOKEN_KEY=$(udpipe token key)
  udpipe listen -a 127.0.0.1 1234
  udpipe connect --connect-token $(udpipe token create -c ada -s 127.0.0.1:1234)`

/** The key of connect tokens, as every command that takes it has it. */
export function keyOption(name = '-k, --key <key>'): Option {
  return new Option(name, '32 random bytes as base64url').env('UDPIPE_CONNECT_TOKEN_KEY')
}

function describeToken({ expiresAtMs, servers, ticket }: ConnectToken, nowMs: number): string[] {
  const leftSeconds = Math.round((expiresAtMs - nowMs) / 1000)
  const when = leftSeconds > 0 ? `in ${leftSeconds} s` : `${-leftSeconds} s ago`
  return [
    `expires   ${new Date(expiresAtMs).toISOString()} (${when})`,
    ...servers.map((server) => `server    ${formatAddress(server)}`),
    `ticket    ${ticket.length} bytes`,
  ]
}

function describeTicket({ clientId, userData, servers, expiresAtMs }: Ticket, token: ConnectToken): string[] {
  const digests = new Set(servers)
  const isSame =
    expiresAtMs === token.expiresAtMs &&
    digests.size === token.servers.length &&
    token.servers.every((server) => digests.has(serverDigest(cryptography, server)))
  return [
    `client    ${JSON.stringify(clientId)}`,
    `user data ${JSON.stringify(Buffer.from(userData).toString())} (${userData.length} bytes)`,
    `servers   ${isSame ? 'the same are sealed in the ticket' : 'the ticket names others!'}`,
  ]
}

function print(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`)
}
