import { readFileSync } from 'node:fs'
import { InvalidArgumentError, type Command } from 'commander'
import { UDPipeError } from '../index.ts'
import { client, type Client, type ClientOptions } from '../websocket/index.ts'
import { exitCodesHelp } from './exit-codes.ts'
import { pump } from './pump.ts'
import { Output } from './output.ts'
import { Report } from './report.ts'
import { closeOnSignals } from './signals.ts'
import { orUsageError } from './usage-error.ts'
import { addWsOptions, collect, cutterFor, describeEnd, seconds, toLimits, type WsOptions } from './ws-options.ts'
import { WsSink } from './ws-sink.ts'

interface ConnectOptions extends WsOptions {
  readonly protocol?: readonly string[]
  readonly header?: Readonly<Record<string, string>>
  readonly origin?: string
  readonly keepOpen?: true
  readonly timeout?: number
  readonly ca?: string
  readonly insecure?: true
  readonly proxy?: string
}

/** Adds `udpipe ws connect URL`. */
export function defineWsConnect(parent: Command): void {
  const command = parent
    .command('connect')
    .description('Connect to a server; end when standard input has ended and is sent, or when the server closes.')
    .argument('<url>', 'ws://host:port/path, or wss://')
    .option('-p, --protocol <name>', 'a subprotocol to offer; may be repeated, best first', collect)
    .option('-H, --header <line>', '‘Name: value’, sent with the request; may be repeated', header)
    .option('--origin <url>', 'the Origin to send')
    .option('-k, --keep-open', 'stay when standard input has ended, until the server closes or SIGINT')
    .option('-w, --timeout <seconds>', 'how long connecting may take (default: 10)', seconds)
    .option('--ca <file>', 'certificates of authorities to trust, PEM')
    .option('--insecure', 'trust any certificate: for tests')
    .option('--proxy <url>', 'a proxy to go through, or ‘env’: that of the environment')
  addWsOptions(command)
    .addHelpText('after', help)
    .action(async (url: string, options: ConnectOptions) => {
      const connection = orUsageError(command, () => new WsConnection(url, options))
      process.exitCode = await connection.runToEnd()
    })
}

const help = `
Each line of standard input is a text message, and each message that comes is a line; with --binary, bytes are carried.
${exitCodesHelp}

Examples:
  udpipe ws connect ws://localhost:8080                    type, and read what comes
  udpipe ws connect -p chat wss://example.org/chat         with a subprotocol
  udpipe ws connect -H 'Authorization: Bearer x' ws://host with a header
  udpipe ws connect -b ws://host:8080 < photo.jpg          a file, in binary messages`

class WsConnection {
  readonly #url: string
  readonly #options: ConnectOptions
  readonly #report: Report
  readonly #output: Output
  readonly #client: Client
  readonly #sink: WsSink
  readonly #inputOver = new AbortController()

  /** @throws UDPipeError what the options are wrong in */
  constructor(url: string, options: ConnectOptions) {
    this.#url = url
    this.#options = options
    this.#report = new Report(options.quiet === true)
    this.#client = client.copas(toClientOptions(options))
    this.#output = new Output(process.stdout, options.binary !== true, () => void this.#close())
    this.#sink = new WsSink(options.binary === true, this.#report)
  }

  /** Connects, runs until either side closes, and returns the exit code. */
  async runToEnd(): Promise<number> {
    this.#report.event(`connecting to ${this.#url}`)
    closeOnSignals((signal) => {
      this.#report.event(`${signal}: closing; once more ends at once`)
      void this.#close()
    })
    if (!(await this.#connect())) return this.#report.exitCode
    this.#client.onMessage((message) => this.#output.write(Buffer.from(message)))
    this.#sink.add(this.#client)
    const input = this.#feedInput()
    const end = await this.#client.ended
    this.#inputOver.abort()
    await input
    const text = `disconnected from ${this.#url}: ${describeEnd(end)}`
    if (end[0]) this.#report.event(text)
    else this.#report.failure(text)
    return this.#report.exitCode
  }

  async #connect(): Promise<boolean> {
    try {
      const [ok, answer] = await this.#client.connect(this.#url, this.#options.protocol)
      if (ok === true) {
        this.#report.success(`connected to ${this.#url}${answer === undefined ? '' : `, protocol ${answer}`}`)
        return true
      }
      this.#report.failure(`no connection with ${this.#url}: ${answer}`)
    } catch (error) {
      if (!(error instanceof UDPipeError)) throw error
      this.#report.failure(error.message)
    }
    return false
  }

  async #feedInput(): Promise<void> {
    try {
      const isComplete = await pump(process.stdin, cutterFor(this.#options), this.#sink, this.#inputOver.signal)
      if (isComplete && this.#options.keepOpen !== true) await this.#close()
    } catch (error) {
      this.#report.failure(`standard input: ${(error as Error).message}`)
      await this.#close()
    }
  }

  async #close(): Promise<void> {
    this.#inputOver.abort()
    await this.#client.close()
  }
}

function toClientOptions(options: ConnectOptions): ClientOptions {
  const { header: headers, origin, timeout, ca, insecure, proxy } = options
  return {
    ...toLimits(options),
    ...(headers !== undefined && { headers }),
    ...(origin !== undefined && { origin }),
    ...(timeout !== undefined && { handshakeTimeoutMs: timeout * 1000 }),
    ...(proxy !== undefined && { proxy }),
    ...((ca !== undefined || insecure) && {
      tls: { ...(ca !== undefined && { ca: readFileSync(ca) }), ...(insecure && { rejectUnauthorized: false }) },
    }),
  }
}

function header(line: string, previous: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(line) ?? []
  if (name !== undefined && value !== undefined) return { ...previous, [name]: value }
  throw new InvalidArgumentError('It must be ‘Name: value’.')
}
