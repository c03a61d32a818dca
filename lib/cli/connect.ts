import type { Command } from 'commander'
import type { DisconnectInfo, ErrorCode, Peer, UDPipeError, UndeliveredMessage } from '../index.ts'
import { formatAddress } from '../core/address.ts'
import { ConsolePipe } from './console-pipe.ts'
import { exitCodesHelp } from './exit-codes.ts'
import {
  addClientKeys,
  addSharedOptions,
  checkServer,
  checkSharedOptions,
  integer,
  keysOf,
  nameServer,
  type ClientKeys,
  type SharedOptions,
} from './shared-options.ts'
import { orUsageError } from './usage-error.ts'

interface ConnectOptions extends SharedOptions, ClientKeys {
  readonly keepOpen?: true
  readonly reconnect?: true
}

/** Adds `udpipe connect HOST PORT`. */
export function defineConnect(program: Command): void {
  const command = program
    .command('connect')
    .description('Connect to a server; end when standard input has ended and is sent, or when the server closes.')
    .argument('[host]', 'name or address; not needed with --connect-token, which names the servers')
    .argument('[port]', '1 to 65535', integer(1, 65_535))
  addClientKeys(addSharedOptions(command))
    .option('-k, --keep-open', 'stay when standard input has ended, until the server closes or SIGINT')
    .option('-r, --reconnect', 'dial again when the connection is lost, or there is none, until SIGINT')
    .addHelpText('after', help)
    .action(async (host: string | undefined, port: number | undefined, options: ConnectOptions) => {
      checkSharedOptions(command, options)
      checkServer(command, host, port, options)
      const connection = orUsageError(command, () => new Connection(host, port, options))
      process.exitCode = await connection.runToEnd()
    })
}

const help = `
A server that is not there yet is waited for, up to 5 seconds or the timeout if that is less. Without
--reconnect, a connection that is lost stays lost.
${exitCodesHelp}

Examples:
  udpipe connect localhost 1234                        type, and read what comes
  udpipe connect host 1234 < photo.jpg                 a file, byte for byte
  seq 1 10000 | udpipe connect --lines host 1234       ten thousand messages
  timeout 5 udpipe connect -k host 1234 < question     and five seconds for the answers`

/** What a client that dials again goes on after. */
const attemptFailures: readonly ErrorCode[] = ['ERR_HANDSHAKE_TIMEOUT', 'ERR_REFUSED']

class Connection extends ConsolePipe {
  readonly #server: string
  readonly #staysOpen: boolean
  /** Whether it goes on after an attempt that failed: over and over, or as long as a connect token names another server. */
  readonly #goesOn: boolean
  #failedAttempts = 0
  #wasEstablished = false

  constructor(host: string | undefined, port: number | undefined, options: ConnectOptions) {
    const { protocol, keepOpen, connectToken, reconnect = false } = options
    super(options, {
      ...(host !== undefined && { host }),
      ...(port !== undefined && { port }),
      ...keysOf(options),
      reconnect,
      protocol,
    })
    this.#server = nameServer(host, port)
    this.#staysOpen = keepOpen === true
    this.#goesOn = reconnect || connectToken !== undefined
  }

  pass(message: Uint8Array): boolean {
    return this.send(message)
  }

  override onConnecting(_peer: Peer, ip: string, port: number): void {
    this.report.event(`connecting to ${formatAddress({ host: ip, port })}, the private port`)
  }

  override onConnect(peer: Peer, ip: string, port: number): void {
    super.onConnect(peer, ip, port)
    const what = this.#wasEstablished ? 'reconnected' : 'connected'
    this.#wasEstablished = true
    this.report.success(`${what} to ${formatAddress({ host: ip, port })}`)
  }

  override onDisconnect(peer: Peer, info: DisconnectInfo): void {
    super.onDisconnect(peer, info)
    const text = `disconnected from ${this.#server}: ${this.explain(info)}`
    if (info.willReconnect) this.report.warning(`${text}; dialing again`)
    else if (info.timedOut) this.report.failure(text)
    else this.report.event(text)
  }

  override onUndelivered(messages: readonly UndeliveredMessage[]): void {
    this.report.failure(`${messages.length} messages were not delivered`)
  }

  override onError(error: UDPipeError): void {
    if (this.#goesOn && attemptFailures.includes(error.code)) {
      this.#failedAttempts += 1
      this.report.warning(error.message)
    } else super.onError(error)
  }

  protected override begin(): void {
    this.report.event(`dialing ${this.#server}`)
    // Of everything else that comes of it, the callbacks tell.
    this.connect().catch(() => {
      if (this.#failedAttempts > 0) this.report.failure(`no connection with ${this.#server}`)
    })
  }

  protected override nameOf(): string {
    return this.#server
  }

  protected override handleInputEnd(): void {
    if (!this.#staysOpen) void this.close().then(() => this.confirmSent())
  }

  protected override handleSignal(signal: NodeJS.Signals): void {
    if (!this.#wasEstablished) this.report.failure('there is no connection yet')
    super.handleSignal(signal)
  }
}
