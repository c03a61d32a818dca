import { Option, type Command } from 'commander'
import {
  EVENT_CLIENT_CLOSE,
  EVENT_CONNECT,
  EVENT_CONNECTED,
  EVENT_ERROR,
  EVENT_SERVER_CLOSE,
  type Client,
  type ClientConnection,
  type ConnectionStats,
  type NetworkEvent,
  type Server,
  type Table,
} from '../network/index.ts'
import { exitCodesHelp } from './exit-codes.ts'
import { integer } from './shared-options.ts'
import { TableEnd, type TableOptions } from './table-end.ts'

const MIN_PORT = 1_024
const MAX_PORT = 65_535

interface ListenOptions extends TableOptions {
  readonly host: string
}

interface ConnectOptions extends TableOptions {
  readonly keepOpen?: true
}

/** Adds `udpipe table listen` and `udpipe table connect`. */
export function defineTable(program: Command): void {
  const table = program
    .command('table')
    .description('Tables of udpipe/network, a line of JSON each, between standard input and the other side.')
    .helpCommand(false)
    .addHelpText('after', help)
  addTableOptions(table.command('listen'))
    .description('Serve clients until SIGINT: print what they send, send them what is typed.')
    .argument('[port]', `${MIN_PORT} to ${MAX_PORT}; any free one when missing`, integer(MIN_PORT, MAX_PORT))
    .option('-a, --host <address>', 'the address to listen on', '127.0.0.1')
    .action(async (port: number | undefined, options: ListenOptions) => {
      process.exitCode = await new TableListener(port, options).runToEnd()
    })
  addTableOptions(table.command('connect'))
    .description('Connect to a server; end when standard input has ended and is sent, or when the server closes.')
    .argument('<host>', 'name or address')
    .argument('<port>', `${MIN_PORT} to ${MAX_PORT}`, integer(MIN_PORT, MAX_PORT))
    .option('-k, --keep-open', 'stay when standard input has ended, until the server closes or SIGINT')
    .action(async (host: string, port: number, options: ConnectOptions) => {
      process.exitCode = await new TableConnection(host, port, options).runToEnd()
    })
}

const help = `
Each line of input is a table: a JSON object or array. What JSON has no words for is an object of one name:
{"$bytes": "base64"}, {"$int": "9007199254740993"}, {"$float": "NaN"}, {"$map": [[key, value], …]}.
${exitCodesHelp}

Examples:
  udpipe table listen 4096                      in one terminal, and in another:
  udpipe table connect 127.0.0.1 4096
  {"OpCode": 10, "Data": "Hello"}

  export UDPIPE_CYPHERKEY=$(openssl rand -hex 32)   the same, encrypted, for both`

function addTableOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--key <digits>', 'the cypherkey of both sides: 32 or 64 hexadecimal digits').env('UDPIPE_CYPHERKEY'),
    )
    .option('-u, --udp', 'over UDPipe instead of TCP, at both sides')
    .option('-q, --quiet', 'say nothing on standard error but what goes wrong')
}

class TableListener extends TableEnd {
  readonly #port: number | undefined
  readonly #options: ListenOptions
  readonly #connections = new Set<ClientConnection>()
  #server: Server | null = null

  constructor(port: number | undefined, options: ListenOptions) {
    super(options)
    this.#port = port
    this.#options = options
  }

  protected get isConnected(): boolean {
    return this.#connections.size > 0
  }

  protected async open(): Promise<boolean> {
    const { host, key, udp } = this.#options
    const [server, result] = await this.network.Server(host, this.#port, key, { transport: udp ? 'udp' : 'tcp' })
    this.#server = server
    if (server === null) this.report.failure(result)
    else this.report.event(`listening on ${server.GetAddress()}, port ${server.GetPort()}`)
    return server !== null
  }

  protected handle(event: NetworkEvent): void {
    if (event.Event === EVENT_CONNECT) {
      this.#connections.add(event.Object)
      this.report.success(`connected: ${this.nameOf(event.Object)}`)
    } else if (event.Event === EVENT_CLIENT_CLOSE) {
      this.#connections.delete(event.Object)
      const unsent = event.Unsent === 0 ? '' : `, ${event.Unsent} not sent`
      this.report.event(`disconnected: ${this.nameOf(event.Object)}, ${event.Errors}${unsent}`)
    } else if (event.Event === EVENT_ERROR) this.report.warning(event.Errors)
  }

  protected pass(table: Table): number {
    return this.#server?.Broadcast(table) ?? 0
  }

  protected stats(): readonly ConnectionStats[] {
    return Array.from(this.#connections, ({ stats }) => stats)
  }

  protected handleInputEnd(): void {
    // Clients go on being served: what they send is half of it.
  }

  protected close(): void {
    void this.#server?.Close().then(() => this.finish())
  }
}

class TableConnection extends TableEnd {
  readonly #host: string
  readonly #port: number
  readonly #options: ConnectOptions
  #client: Client | null = null
  #isOpen = false

  constructor(host: string, port: number, options: ConnectOptions) {
    super(options)
    this.#host = host
    this.#port = port
    this.#options = options
  }

  protected get isConnected(): boolean {
    return this.#isOpen
  }

  protected async open(): Promise<boolean> {
    const { key, udp } = this.#options
    const [client, result] = await this.network.Client(this.#host, this.#port, key, { transport: udp ? 'udp' : 'tcp' })
    this.#client = client
    if (client === null) this.report.failure(result)
    return client !== null
  }

  protected handle(event: NetworkEvent): void {
    if (event.Event === EVENT_CONNECTED) this.#handleConnected(event.Result, event.Errors)
    else if (event.Event === EVENT_SERVER_CLOSE) this.#handleClose(event.Errors, event.Unsent)
    else if (event.Event === EVENT_ERROR) this.report.failure(event.Errors)
  }

  protected pass(table: Table): number {
    return this.#client?.Send(table) === true ? 1 : 0
  }

  protected stats(): readonly ConnectionStats[] {
    return this.#client === null ? [] : [this.#client.stats]
  }

  protected handleInputEnd(): void {
    if (!this.#options.keepOpen) this.close()
  }

  protected close(): void {
    this.#client?.Disconnect()
    // Who is called off before there was a connection has no event of its end.
    if (!this.#isOpen) this.finish()
  }

  #handleConnected(isConnected: boolean, result: string): void {
    this.#isOpen = isConnected
    if (isConnected) this.report.success(`connected to ${this.#host}, port ${this.#port}`)
    else {
      this.report.failure(result)
      this.finish()
    }
  }

  #handleClose(result: string, unsent: number): void {
    this.#isOpen = false
    if (unsent > 0) this.report.failure(`${unsent} tables were not sent`)
    if (result.startsWith('OK')) this.report.event(`disconnected: ${result}`)
    else this.report.failure(result)
    this.finish()
  }
}
