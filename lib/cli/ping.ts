import { InvalidArgumentError, type Command } from 'commander'
import { UDPipe, type DisconnectInfo, type Peer, type UDPipeError } from '../index.ts'
import { formatAddress } from '../core/address.ts'
import { PingStatistics } from './ping-statistics.ts'
import { Report } from './report.ts'
import {
  addClientKeys,
  addConnectionOptions,
  checkServer,
  integer,
  keysOf,
  nameServer,
  toUDPipeOptions,
  type ClientKeys,
  type ConnectionOptions,
} from './shared-options.ts'
import { closeOnSignals } from './signals.ts'
import { orUsageError } from './usage-error.ts'

interface PingOptions extends ConnectionOptions, ClientKeys {
  readonly count?: number
  /** Seconds. */
  readonly interval: number
}

/** With shorter intervals, more pings would be under way on a slow link than an answer can be told apart for. */
const MIN_INTERVAL_SECONDS = 0.05
const MAX_INTERVAL_SECONDS = 3_600
const DEFAULT_INTERVAL_SECONDS = 1

/** Adds `udpipe ping HOST PORT`. */
export function definePing(program: Command): void {
  const command = program
    .command('ping')
    .description('Connect to a server and measure round trips, jitter, loss and its clock, until SIGINT.')
    .argument('[host]', 'name or address; not needed with --connect-token, which names the servers')
    .argument('[port]', '1 to 65535', integer(1, 65_535))
    .option('-c, --count <number>', 'end after this many pings', integer(1, 1_000_000_000))
    .option('-i, --interval <seconds>', 'from one ping to the next', parseInterval, DEFAULT_INTERVAL_SECONDS)
  addClientKeys(addConnectionOptions(command))
    .addHelpText('after', help)
    .action(async (host: string | undefined, port: number | undefined, options: PingOptions) => {
      checkServer(command, host, port, options)
      const pinger = orUsageError(command, () => new Pinger(host, port, options))
      process.exitCode = await pinger.runToEnd()
    })
}

const help = `
Each line is an answer; the last lines, after --count pings or SIGINT, sum them up: jitter is that of RFC 3550 over round trips, and the
clock offset is the server's monotonic clock minus this one's, which the classic protocol cannot tell. The server's program need not
do anything for it: any udpipe server answers.

Exit codes:
  0    at least one ping was answered
  1    no connection, a lost connection, or no answer
  2    wrong usage
  130  ended at once by a second SIGINT (143: SIGTERM, 129: SIGHUP)

Examples:
  udpipe ping localhost 1234                 once a second, until Ctrl-C
  udpipe ping -c 100 -i 0.05 host 1234       a hundred in five seconds
  udpipe ping --connect-token …              as the client that the token names`

class Pinger extends UDPipe {
  readonly #server: string
  readonly #report: Report
  readonly #statistics = new PingStatistics()
  readonly #count: number
  readonly #intervalMs: number
  readonly #timeoutMs: number
  #timer: NodeJS.Timeout | undefined
  #clockOffsetMs = NaN
  #wasEstablished = false

  constructor(host: string | undefined, port: number | undefined, options: PingOptions) {
    const timeoutMs = options.timeout * 1000
    super({
      ...toUDPipeOptions(options),
      ...keysOf(options),
      ...(host !== undefined && { host }),
      ...(port !== undefined && { port }),
      reconnect: false,
      protocol: options.protocol,
      stallTimeoutMs: timeoutMs,
      // Classic answers do not say whose ping they answer: the library's own are few, and none as long as this command's are answered.
      pingIntervalMs: timeoutMs / 2,
    })
    this.#server = nameServer(host, port)
    this.#report = new Report(options.quiet === true)
    this.#count = options.count ?? Infinity
    this.#intervalMs = options.interval * 1000
    this.#timeoutMs = timeoutMs
  }

  /** Connects, pings until it is told to end, sums up, and returns the exit code. */
  async runToEnd(): Promise<number> {
    closeOnSignals(() => void this.#finish())
    // Whether it succeeds, the callbacks tell.
    void this.connect()
    await this.run()
    clearTimeout(this.#timer)
    if (this.#wasEstablished) this.#sumUp()
    else this.#report.failure(`no connection to ${this.#server}`)
    return this.#report.exitCode
  }

  override onConnect(_peer: Peer, ip: string, port: number): void {
    this.#wasEstablished = true
    this.#report.success(`connected to ${formatAddress({ host: ip, port })}`)
    this.#pingNext()
  }

  override onPong(peer: Peer, rttMs: number): void {
    const sequence = this.#statistics.answer(performance.now(), rttMs)
    if (sequence === undefined) return
    this.#clockOffsetMs = peer.clockOffsetMs
    const from = formatAddress({ host: peer.address, port: peer.port })
    print(`pong from ${from}: seq=${sequence} rtt=${rttMs.toFixed(3)} ms`)
    const { sentCount, answeredCount } = this.#statistics
    if (sentCount === this.#count && answeredCount === sentCount) void this.#finish()
  }

  override onDisconnect(_peer: Peer, { code, reason, timedOut }: DisconnectInfo): void {
    if (timedOut) this.#report.failure(`no sign of life of ${this.#server} for ${this.#timeoutMs / 1000} s`)
    else if (this.#timer !== undefined) {
      this.#report.failure(`closed by ${this.#server}: code ${code}${reason === '' ? '' : `, ${reason}`}`)
    }
  }

  override onError(error: UDPipeError): void {
    this.#report.failure(error.message)
  }

  /** The timer of the last ping is the wait for the answers that are still to come. */
  #pingNext(): void {
    this.#statistics.send(performance.now())
    this.ping()
    const isLast = this.#statistics.sentCount === this.#count
    this.#timer = isLast
      ? setTimeout(() => void this.#finish(), this.#timeoutMs)
      : setTimeout(() => this.#pingNext(), this.#intervalMs)
  }

  #finish(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    return this.close()
  }

  #sumUp(): void {
    const { answeredCount } = this.#statistics
    print(`\n--- ${this.#server} ping statistics ---`)
    for (const line of this.#statistics.toLines()) print(line)
    if (!Number.isNaN(this.#clockOffsetMs)) print(`clock offset ${formatOffset(this.#clockOffsetMs)} ms`)
    if (answeredCount === 0) this.#report.failure('no ping was answered')
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function formatOffset(ms: number): string {
  return `${ms < 0 ? '-' : '+'}${Math.abs(ms).toFixed(3)}`
}

function parseInterval(text: string): number {
  const seconds = Number(text)
  if (text.trim() !== '' && seconds >= MIN_INTERVAL_SECONDS && seconds <= MAX_INTERVAL_SECONDS) return seconds
  throw new InvalidArgumentError(
    `It must be a number of seconds from ${MIN_INTERVAL_SECONDS} to ${MAX_INTERVAL_SECONDS}.`,
  )
}
