import { InvalidArgumentError, type Command } from 'commander'
import { UDPipeError } from '../index.ts'
import { Relay } from '../relay/relay.ts'
import { formatAddress } from '../core/address.ts'
import type { LinkStats } from '../simulator/link.ts'
import type { BurstOptions, LinkOptions } from '../simulator/link-options.ts'
import { monotonicMs } from '../node/clock.ts'
import { resolveHost } from '../node/resolve-host.ts'
import { exitCodesHelp } from './exit-codes.ts'
import { Report } from './report.ts'
import { integer, portRange } from './shared-options.ts'
import { closeOnSignals } from './signals.ts'

interface SimOptions {
  readonly host: string
  readonly ports?: { readonly min: number; readonly max: number }
  readonly delay: number
  readonly jitter: number
  readonly keepOrder?: true
  readonly loss: number
  readonly burst?: BurstOptions
  readonly duplicate: number
  readonly reorder: number
  readonly rate?: number
  readonly queue: number
  readonly seed: number
  readonly quiet?: true
}

/** Adds `udpipe sim PORT HOST SERVERPORT`. */
export function defineSim(program: Command): void {
  program
    .command('sim')
    .description('Stand between clients and a server as a bad network, until SIGINT.')
    .argument('<port>', 'where clients connect to, 1 to 65535; 0 for any free one', integer(0, 65_535))
    .argument('<server-host>', 'the server')
    .argument('<server-port>', 'its port', integer(1, 65_535))
    .option('-a, --host <address>', 'the address to listen on; one that the server does not', '127.0.0.2')
    .option('-p, --ports <first-last>', 'the private ports of a server whose CONNECT is encrypted', portRange)
    .option('-d, --delay <ms>', 'how long each datagram takes, one way', atLeastZero, 0)
    .option('-j, --jitter <ms>', 'what is added to it at most, evenly spread', atLeastZero, 0)
    .option('-k, --keep-order', 'let jitter hold up what follows, as a queue does, and nothing overtake')
    .option('-l, --loss <percent>', 'how many datagrams are lost, each independently', percent, 0)
    .option('-b, --burst <enter,leave>', 'bursts of loss: the chances in percent to enter one and to leave it', burst)
    .option('--duplicate <percent>', 'how many arrive twice', percent, 0)
    .option('--reorder <percent>', 'how many are held up by 10 ms', percent, 0)
    .option('-r, --rate <kbit/s>', 'what the link carries (default: everything)', positive)
    .option('--queue <packets>', 'how many wait for the rate before the rest is dropped', integer(1, 1_000_000), 100)
    .option('-s, --seed <number>', 'where the dice start', integer(0, 0xffff_ffff), 1)
    .option('-q, --quiet', 'say nothing on standard error but what goes wrong')
    .addHelpText('after', help)
    .action(async (port: number, serverHost: string, serverPort: number, options: SimOptions) => {
      process.exitCode = await runRelay(port, serverHost, serverPort, options)
    })
}

const help = `
What is asked for happens in both directions, to each client on a path of its own. The private port that the server shows a client is
relayed, too, under the same number, so the relay needs an address of its own, and the server has to advertise that one. An encrypted
CONNECT hides the port: there the server keeps its clients at one port (--private-ports shared) and the relay has the same number, or the
server gets a range of private ports, and so does the relay.
${exitCodesHelp}

Example, in three terminals:
  udpipe listen --host 127.0.0.1 --advertise 127.0.0.2 --private-ports 40000-40009 1234
  udpipe sim --ports 40000-40009 --delay 25 --loss 10 1234 127.0.0.1 1234
  udpipe connect 127.0.0.2 1234`

/** Relays until it is told to end, and returns the exit code. */
async function runRelay(port: number, serverHost: string, serverPort: number, options: SimOptions): Promise<number> {
  const report = new Report(options.quiet === true)
  try {
    const target = { host: await resolveHost(serverHost), port: serverPort }
    const listen = { host: await resolveHost(options.host), port }
    const relay = new Relay({
      listen,
      target,
      privatePorts: options.ports,
      link: toLinkOptions(options),
      seed: options.seed,
      clock: monotonicMs,
      onWarning: (sentence) => report.warning(sentence),
    })
    report.event(`relaying ${formatAddress(relay.address)} to ${formatAddress(target)}`)
    await new Promise((resolve) => closeOnSignals(resolve))
    const { up, down } = relay.stats
    relay.close()
    report.event(`to the server:  ${summary(up)}`)
    report.event(`to the clients: ${summary(down)}`)
  } catch (error) {
    if (!(error instanceof UDPipeError)) throw error
    report.failure(error.message)
  }
  return report.exitCode
}

function toLinkOptions(options: SimOptions): LinkOptions {
  return {
    delayMs: options.delay,
    jitterMs: options.jitter,
    keepOrder: options.keepOrder === true,
    loss: options.loss,
    burst: options.burst,
    duplicate: options.duplicate,
    reorder: options.reorder,
    ...(options.rate !== undefined && { rateBitsPerSecond: options.rate * 1000 }),
    queuePackets: options.queue,
    overheadBytes: IPV4_AND_UDP_HEADER_BYTES,
  }
}

/** What a datagram takes of a link's rate beyond its payload. */
const IPV4_AND_UDP_HEADER_BYTES = 28

function summary(stats: LinkStats): string {
  const { offeredPackets, deliveredPackets, deliveredBytes, droppedByLoss, droppedByBurst, droppedByQueue } = stats
  const fates = [
    `${deliveredPackets} of ${offeredPackets} datagrams (${deliveredBytes} bytes)`,
    `${droppedByLoss + droppedByBurst} lost`,
    `${droppedByQueue} dropped by the queue`,
    `${stats.duplicatedPackets} doubled`,
    `${stats.reorderedPackets} held up`,
  ]
  return fates.join(', ')
}

function atLeastZero(text: string): number {
  return parse(text, 0, 60_000, 'a number of milliseconds from 0 to 60000')
}

function positive(text: string): number {
  return parse(text, 1, 100_000_000, 'a number of kbit/s from 1 up')
}

/** A share from 0 to 1, of a number of percent. */
function percent(text: string): number {
  return parse(text, 0, 100, 'a number of percent from 0 to 100') / 100
}

function burst(text: string): BurstOptions {
  const [enter = '', leave = '', ...rest] = text.split(',')
  if (rest.length > 0 || leave === '') throw new InvalidArgumentError('It must be two numbers of percent: enter,leave.')
  return { enterRate: percent(enter), leaveRate: percent(leave) }
}

function parse(text: string, min: number, max: number, what: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= min && value <= max) return value
  throw new InvalidArgumentError(`It must be ${what}.`)
}
