import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { buildProgram } from '../run/build-program.ts'

/** What a link does to packets in each direction. */
export interface LinkOptions {
  readonly delayMs: number
  /** Up to so much more, evenly spread; packets may overtake each other. */
  readonly jitterMs?: number
  readonly lossPercent?: number
  /** Of IP packets; none by default. */
  readonly rateKbits?: number
  /** How many wait for the rate before the rest is dropped. */
  readonly queuePackets?: number
  readonly seed: number
}

/** What went over a link, both directions together. */
export interface LinkCounts {
  readonly packets: number
  readonly bytes: number
  readonly lost: number
  readonly dropped: number
}

const SERVER_ADDRESS = '10.77.0.1'
const CLIENT_ADDRESS = '10.77.0.2'
const DEVICE = 'bench0'
const DEFAULT_QUEUE_PACKETS = 1000

let created = 0

/**
 * Two network namespaces joined by a bad link, which treats TCP and UDP alike: a small C program carries each IP packet between two TUN
 * devices. Only root can have one.
 */
export class Impairment {
  /** Where the server listens. */
  readonly host = SERVER_ADDRESS
  readonly #name: string
  readonly #relay: ChildProcess
  readonly #lines: AsyncIterableIterator<string>

  private constructor(name: string, relay: ChildProcess, lines: AsyncIterableIterator<string>) {
    this.#name = name
    this.#relay = relay
    this.#lines = lines
  }

  /** Why there can be none on this machine; nothing when there can. */
  static obstacle(): string | undefined {
    if (process.getuid?.() !== 0) return 'network namespaces need root'
    if (!existsSync('/dev/net/tun')) return 'there is no /dev/net/tun'
    try {
      buildRelay()
      const name = `udpipe-probe-${process.pid}`
      ip('netns', 'add', name)
      ip('netns', 'del', name)
      return undefined
    } catch (error) {
      return (error as Error).message.split('\n')[0]
    }
  }

  static async open(options: LinkOptions): Promise<Impairment> {
    const name = `udpipe-${process.pid}-${++created}`
    for (const side of ['server', 'client']) ip('netns', 'add', `${name}-${side}`)
    const relay = spawn(buildRelay(), [`${name}-server`, `${name}-client`, ...relayArguments(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const lines = createInterface({ input: relay.stdout })[Symbol.asyncIterator]()
    await lines.next()
    configure(`${name}-server`, SERVER_ADDRESS, CLIENT_ADDRESS)
    configure(`${name}-client`, CLIENT_ADDRESS, SERVER_ADDRESS)
    return new Impairment(name, relay, lines)
  }

  /** The command that runs another at this side of the link. */
  prefix(side: 'server' | 'client'): string[] {
    return ['ip', 'netns', 'exec', `${this.#name}-${side}`]
  }

  /** Ends it; everything that ran at its sides has to have ended. */
  async close(): Promise<LinkCounts> {
    const exited = once(this.#relay, 'exit')
    this.#relay.kill('SIGTERM')
    const there = await this.#counts()
    const back = await this.#counts()
    await exited
    for (const side of ['server', 'client']) ip('netns', 'del', `${this.#name}-${side}`)
    return {
      packets: there.packets + back.packets,
      bytes: there.bytes + back.bytes,
      lost: there.lost + back.lost,
      dropped: there.dropped + back.dropped,
    }
  }

  async #counts(): Promise<LinkCounts> {
    const line = await this.#lines.next()
    const [packets = 0, bytes = 0, lost = 0, dropped = 0] = String(line.value).split(' ').map(Number)
    return { packets, bytes, lost, dropped }
  }
}

function relayArguments({ delayMs, jitterMs, lossPercent, rateKbits, queuePackets, seed }: LinkOptions): string[] {
  return [
    Math.round(delayMs * 1000),
    Math.round((jitterMs ?? 0) * 1000),
    lossPercent ?? 0,
    rateKbits ?? 0,
    queuePackets ?? DEFAULT_QUEUE_PACKETS,
    seed,
  ].map(String)
}

function configure(namespace: string, address: string, peer: string): void {
  ip('-n', namespace, 'link', 'set', 'lo', 'up')
  ip('-n', namespace, 'addr', 'add', address, 'peer', peer, 'dev', DEVICE)
  // What the device itself queues must never be what drops a packet: that is the relay's part.
  ip('-n', namespace, 'link', 'set', DEVICE, 'txqueuelen', '10000', 'up')
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

function buildRelay(): string {
  return buildProgram('network/relay.c', [], 'the relay between network namespaces needs a C compiler')
}
