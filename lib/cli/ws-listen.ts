import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { formatAddress } from '../core/address.ts'
import { UDPipeError } from '../index.ts'
import { server, type ListenConfig, type Server, type ServerClient } from '../websocket/index.ts'
import { exitCodesHelp } from './exit-codes.ts'
import { pump } from './pump.ts'
import { Output } from './output.ts'
import { Report } from './report.ts'
import { integer } from './shared-options.ts'
import { closeOnSignals } from './signals.ts'
import { failUsage } from './usage-error.ts'
import { addWsOptions, collect, cutterFor, describeEnd, toLimits, type WsOptions } from './ws-options.ts'
import { WsSink } from './ws-sink.ts'

interface ListenOptions extends WsOptions {
  readonly host?: string
  readonly protocol?: readonly string[]
  readonly origin?: readonly string[]
  readonly path?: string
  readonly cert?: string
  readonly key?: string
  readonly maxClients?: number
  readonly once?: true
  readonly prefix?: true
}

/** Adds `udpipe ws listen PORT`. */
export function defineWsListen(parent: Command): void {
  const command = parent
    .command('listen')
    .description('Serve clients until SIGINT; standard input goes to all of them, what they send to standard output.')
    .argument('<port>', '1 to 65535; 0 for any free one', integer(0, 65_535))
    .option('-a, --host <address>', 'the address to listen on (default: every address of this machine)')
    .option('-p, --protocol <name>', 'a subprotocol to agree on; may be repeated', collect)
    .option('--origin <url>', 'an Origin to let in; may be repeated (default: all)', collect)
    .option('--path <path>', 'the only path to serve')
    .option('--cert <file>', 'serve wss with this certificate, PEM')
    .option('--key <file>', 'and this key, PEM')
    .option('-m, --max-clients <number>', 'how many may be connected at a time', integer(1, 1_000_000))
    .option('-1, --once', 'take one client, and end when it has gone')
    .option('--prefix', 'begin each line with the number of the client that sent it')
  addWsOptions(command)
    .addHelpText('after', help)
    .action(async (port: number, options: ListenOptions) => {
      if (options.binary && options.prefix) {
        failUsage(command, '--prefix begins lines, and with --binary there are none')
      }
      if ((options.cert === undefined) !== (options.key === undefined)) failUsage(command, '--cert needs --key')
      process.exitCode = await new WsListener(port, options).runToEnd()
    })
}

const help = `
Standard input is not read before there is a client, and then only as fast as the slowest client takes it.
${exitCodesHelp}

Examples:
  udpipe ws listen 8080                        a terminal for everybody who connects
  udpipe ws listen --prefix 8080               who says what, a line each
  udpipe ws listen --once -b 8080 > file       one file from one client
  tail -f log | udpipe ws listen 8080          a log for every browser that connects`

class WsListener {
  readonly #port: number
  readonly #options: ListenOptions
  readonly #report: Report
  readonly #output: Output
  readonly #sink: WsSink
  readonly #over = new AbortController()
  #server: Server | undefined
  #clientCount = 0

  constructor(port: number, options: ListenOptions) {
    this.#port = port
    this.#options = options
    this.#report = new Report(options.quiet === true)
    this.#output = new Output(process.stdout, options.binary !== true, () => this.#over.abort())
    this.#sink = new WsSink(options.binary === true, this.#report)
  }

  /** Listens until it is told to end, and returns the exit code. */
  async runToEnd(): Promise<number> {
    try {
      this.#server = await server.listen(this.#config())
    } catch (error) {
      if (!(error instanceof UDPipeError)) throw error
      this.#report.failure(error.message)
      return this.#report.exitCode
    }
    const { address, port } = this.#server
    this.#report.event(`listening on ${formatAddress({ host: address, port })}`)
    closeOnSignals((signal) => {
      this.#report.event(`${signal}: closing; once more ends at once`)
      this.#over.abort()
    })
    await this.#run()
    this.#report.event('closed')
    return this.#report.exitCode
  }

  async #run(): Promise<void> {
    const over = new Promise((resolve) => this.#over.signal.addEventListener('abort', resolve, { once: true }))
    const input = pump(process.stdin, cutterFor(this.#options), this.#sink, this.#over.signal).catch((error: unknown) =>
      this.#report.failure(`standard input: ${(error as Error).message}`),
    )
    await over
    await this.#server?.close()
    await input
  }

  #config(): ListenConfig {
    const { host, protocol = [], origin, path, cert, key, maxClients, once } = this.#options
    return {
      ...toLimits(this.#options),
      port: this.#port,
      default: (ws) => this.#serve(ws),
      protocols: Object.fromEntries(protocol.map((name) => [name, (ws: ServerClient) => this.#serve(ws)])),
      on_error: (message) => this.#report.warning(message),
      ...(host !== undefined && { interface: host }),
      ...(origin !== undefined && { origins: origin }),
      ...(path !== undefined && { path }),
      ...(cert !== undefined && key !== undefined && { tls: { cert: readFileSync(cert), key: readFileSync(key) } }),
      ...(maxClients !== undefined && { maxClients }),
      ...(once && { maxClients: 1 }),
    }
  }

  #serve(ws: ServerClient): void {
    this.#clientCount += 1
    const number = this.#clientCount
    const { remoteAddress, remotePort } = ws.request
    const name = `client ${number} (${formatAddress({ host: remoteAddress, port: remotePort })})`
    this.#report.success(`connected: ${name}${ws.protocol === undefined ? '' : `, protocol ${ws.protocol}`}`)
    const prefix = this.#options.prefix ? `${number}: ` : ''
    ws.onMessage((message) => this.#output.write(Buffer.from(message), prefix))
    this.#sink.add(ws)
    void ws.ended.then((end) => {
      this.#sink.delete(ws)
      this.#tellEnd(`disconnected: ${name}, ${describeEnd(end)}`, end[0])
    })
  }

  /** That one client of many is lost is no failure of the server; the only one is all there was to serve. */
  #tellEnd(text: string, wasClean: boolean): void {
    if (wasClean) this.#report.event(text)
    else if (this.#options.once) this.#report.failure(text)
    else this.#report.warning(text)
    if (this.#options.once) this.#over.abort()
  }
}
