import { Option, type Command } from 'commander'
import type { DisconnectInfo, Peer, UndeliveredMessage } from '../index.ts'
import { formatAddress } from '../core/address.ts'
import { ConsolePipe } from './console-pipe.ts'
import { exitCodesHelp } from './exit-codes.ts'
import {
  addSharedOptions,
  checkSharedOptions,
  integer,
  privatePorts,
  type PrivatePortsChoice,
  type SharedOptions,
} from './shared-options.ts'
import { keyOption } from './token.ts'
import { failUsage, orUsageError } from './usage-error.ts'

interface ListenOptions extends SharedOptions {
  readonly host?: string
  readonly advertise?: string
  readonly privatePorts?: PrivatePortsChoice
  readonly privateKey?: string
  readonly maxClients?: number
  readonly once?: true
  readonly prefix?: true
  readonly connectTokenKey?: string
}

/** Adds `udpipe listen PORT`. */
export function defineListen(program: Command): void {
  const command = program
    .command('listen')
    .description('Serve clients until SIGINT; standard input goes to all of them, what they send to standard output.')
    .argument('<port>', '1 to 65535; 0 for any free one', integer(0, 65_535))
  addSharedOptions(command)
    .option('-a, --host <address>', 'the address to listen on (default: every IPv4 address of this machine)')
    .option(
      '--advertise <address>',
      'the numeric address that clients are shown, when it is another: of a NAT, or of a relay',
    )
    .option(
      '--private-ports <first-last>',
      'where clients are moved to, or ‘shared’: they stay at that one port',
      privatePorts,
    )
    .addOption(
      new Option('--private-key <key>', 'what proves that this is the server, of udpipe key').env('UDPIPE_PRIVATE_KEY'),
    )
    .option('-m, --max-clients <number>', 'how many may be connected at a time', integer(1, 65_535))
    .option('-1, --once', 'take one client, and end when it has gone')
    .option('--prefix', 'begin each line with the number of the client that sent it; implies --lines')
    .addOption(keyOption('--connect-token-key <key>'))
    .addHelpText('after', help)
    .action(async (port: number, options: ListenOptions) => {
      if (options.bytes && options.prefix) failUsage(command, '--prefix begins lines, and with --bytes there are none')
      checkSharedOptions(command, options)
      const listener = orUsageError(
        command,
        () => new Listener(port, options.prefix ? { ...options, lines: true } : options),
      )
      process.exitCode = await listener.runToEnd()
    })
}

const help = `
Standard input is not read before there is a client, and then only as fast as the slowest client takes it.
${exitCodesHelp}

Examples:
  udpipe listen 1234                         a terminal for everybody who connects
  udpipe listen --prefix 1234                who says what, a line each: for clients with --lines
  udpipe listen --once 1234 > file           one file from one client
  tail -f log | udpipe listen 1234           a log for everybody who connects`

class Listener extends ConsolePipe {
  readonly #isForOne: boolean
  readonly #namesClients: boolean

  constructor(port: number, options: ListenOptions) {
    const { host, advertise, privatePorts, privateKey, maxClients, once, prefix, protocol, connectTokenKey } = options
    super(options, {
      port,
      ...(host !== undefined && { host }),
      ...(maxClients !== undefined && { maxClients }),
      ...(once && { maxClients: 1 }),
      ...(advertise !== undefined && { advertisedHost: advertise }),
      ...(privatePorts !== undefined && { privatePorts }),
      ...(privateKey !== undefined && { serverPrivateKey: privateKey }),
      ...(connectTokenKey !== undefined && { connectTokenKey }),
      protocols: [protocol],
    })
    this.#isForOne = once === true
    this.#namesClients = prefix === true
  }

  override async run(): Promise<void> {
    await super.run()
    this.report.event('closed')
  }

  pass(message: Uint8Array): boolean {
    return this.sendAll(message) === [...this.peers()].length
  }

  protected override print(message: Buffer, peer: Peer): void {
    this.output.write(message, this.#namesClients ? `${peer.id}: ` : '')
  }

  override onConnect(peer: Peer, ip: string, port: number): void {
    super.onConnect(peer, ip, port)
    this.report.success(`connected: ${this.nameOf(peer)} on the port ${peer.localPort}`)
  }

  override onDisconnect(peer: Peer, info: DisconnectInfo): void {
    super.onDisconnect(peer, info)
    this.#tell(`disconnected: ${this.nameOf(peer)}, ${this.explain(info)}`, info.timedOut)
    if (this.#isForOne) void this.close()
  }

  override onUndelivered(messages: readonly UndeliveredMessage[], peer: Peer): void {
    this.#tell(`${messages.length} messages to ${this.nameOf(peer)} were not delivered`, true)
  }

  override onBadToken(_message: Buffer, ip: string, port: number): void {
    this.report.warning(`refused: ${formatAddress({ host: ip, port })} has another token`)
  }

  override onMaxClients(_message: Buffer, ip: string, port: number): void {
    this.report.warning(`refused: ${formatAddress({ host: ip, port })} is one client too many`)
  }

  protected override async begin(): Promise<void> {
    this.report.event(`listening on ${formatAddress(await this.start())}`)
  }

  protected override nameOf(peer: Peer): string {
    const who = peer.clientId === undefined ? '' : ` ${JSON.stringify(peer.clientId)}`
    return `client ${peer.id}${who} (${formatAddress({ host: peer.address, port: peer.port })})`
  }

  protected override handleInputEnd(): void {
    // Clients go on being served: what they send is half of it.
  }

  /** That one client of many is lost is no failure of the server; the only one is all there was to serve. */
  #tell(text: string, isLoss: boolean): void {
    if (!isLoss) this.report.event(text)
    else if (this.#isForOne) this.report.failure(text)
    else this.report.warning(text)
  }
}
