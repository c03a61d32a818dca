import { Option, type Command } from 'commander'
import type { DisconnectInfo, Peer, UndeliveredMessage } from '../index.ts'
import { formatAddress } from '../session/address.ts'
import { ConsolePipe } from './console-pipe.ts'
import { exitCodesHelp } from './exit-codes.ts'
import { addSharedOptions, checkSharedOptions, integer, type SharedOptions } from './shared-options.ts'
import { orUsageError } from './usage-error.ts'

interface ConnectOptions extends SharedOptions {
  readonly keepOpen?: true
  readonly serverKey?: string
}

/** Adds `udpipe connect HOST PORT`. */
export function defineConnect(program: Command): void {
  const command = program
    .command('connect')
    .description('Connect to a server; end when standard input has ended and is sent, or when the server closes.')
    .argument('<host>', 'name or address')
    .argument('<port>', '1 to 65535', integer(1, 65_535))
  addSharedOptions(command)
    .addOption(new Option('--server-key <key>', 'the public key of the server, of udpipe key').env('UDPIPE_SERVER_KEY'))
    .option('-k, --keep-open', 'stay when standard input has ended, until the server closes or SIGINT')
    .addHelpText('after', help)
    .action(async (host: string, port: number, options: ConnectOptions) => {
      checkSharedOptions(command, options)
      const connection = orUsageError(command, () => new Connection(host, port, options))
      process.exitCode = await connection.runToEnd()
    })
}

const help = `
A server that is not there yet is waited for, up to 5 seconds or the timeout if that is less. A connection that is lost stays lost.
${exitCodesHelp}

Examples:
  udpipe connect localhost 1234                        type, and read what comes
  udpipe connect host 1234 < photo.jpg                 a file, byte for byte
  seq 1 10000 | udpipe connect --lines host 1234       ten thousand messages
  timeout 5 udpipe connect -k host 1234 < question     and five seconds for the answers`

class Connection extends ConsolePipe {
  readonly #server: string
  readonly #staysOpen: boolean
  #hasStood = false

  constructor(host: string, port: number, options: ConnectOptions) {
    const { protocol, keepOpen, serverKey } = options
    super(options, { host, port, reconnect: false, protocol, ...(serverKey !== undefined && { serverKey }) })
    this.#server = formatAddress({ host, port })
    this.#staysOpen = keepOpen === true
  }

  pass(message: Uint8Array): boolean {
    return this.send(message)
  }

  override onConnecting(_peer: Peer, ip: string, port: number): void {
    this.report.event(`connecting to ${formatAddress({ host: ip, port })}, the private port`)
  }

  override onConnect(peer: Peer, ip: string, port: number): void {
    super.onConnect(peer, ip, port)
    this.#hasStood = true
    this.report.success(`connected to ${formatAddress({ host: ip, port })}`)
  }

  override onDisconnect(peer: Peer, info: DisconnectInfo): void {
    super.onDisconnect(peer, info)
    const text = `disconnected from ${this.#server}: ${this.explain(info)}`
    if (info.timedOut) this.report.failure(text)
    else this.report.event(text)
  }

  override onUndelivered(messages: readonly UndeliveredMessage[]): void {
    this.report.failure(`${messages.length} messages were not delivered`)
  }

  protected override begin(): void {
    this.report.event(`dialing ${this.#server}`)
    // Whether it succeeds, the callbacks tell.
    void this.connect()
  }

  protected override nameOf(): string {
    return this.#server
  }

  protected override handleInputEnd(): void {
    if (!this.#staysOpen) void this.close().then(() => this.confirmSent())
  }

  protected override handleSignal(signal: NodeJS.Signals): void {
    if (!this.#hasStood) this.report.failure('there is no connection yet')
    super.handleSignal(signal)
  }
}
