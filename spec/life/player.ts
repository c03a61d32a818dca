import { optionSides, type Side } from '../../lib/options/option-sides.ts'
import { setTimeout as delay } from 'node:timers/promises'
import type { CloseOptions, UDPipeOptions } from 'udpipe'
import { ChildProgram, type ChildProgramOptions } from '../support/child-program.ts'
import type { CallbackName } from '../support/recording-pipe.ts'
import type { Command, Standing } from './programs/player.ts'

/** What is waited for comes within this even on a machine that is ten times too busy. */
const PATIENCE_MS = 60_000
/** How often is looked: an answer takes a process that may have better things to do. */
const LOOK_INTERVAL_MS = 40

export interface PairOptions {
  readonly server?: UDPipeOptions
  readonly client?: UDPipeOptions
}

export interface Pair {
  readonly server: Player
  readonly client: Player
  /** The port of the server's front door. */
  readonly port: number
}

/** A server or a client in a process of its own. */
export class Player {
  readonly program: ChildProgram

  private constructor(options: ChildProgramOptions) {
    this.program = new ChildProgram('spec/life/programs/player.ts', [], options)
  }

  /** A process that has loaded what it needs, and has no UDPipe started yet. */
  static async create(options: ChildProgramOptions = {}): Promise<Player> {
    const player = new Player(options)
    await player.look()
    return player
  }

  /** A server and a client in processes of their own, connected. */
  static async createPair(options: PairOptions = {}): Promise<Pair> {
    const [server, client] = await Promise.all([Player.create(), Player.create()])
    const port = await server.start(options.server)
    await client.connect(port, { ...options.client })
    await Promise.all([server.until(hasConnected), client.until(hasConnected)])
    return { server, client, port }
  }

  /** Starts a server, by default on a free port of loopback, and returns its port. */
  async start(options: UDPipeOptions = {}): Promise<number> {
    const { port } = await this.#tell({ do: 'start', options: { host: '127.0.0.1', ...optionsOf('server', options) } })
    return port
  }

  async connect(port: number, options: UDPipeOptions = {}): Promise<void> {
    await this.#tell({ do: 'connect', options: { port, ...optionsOf('client', options) } })
  }

  async send(...messages: string[]): Promise<Standing> {
    return await this.#tell({ do: 'send', messages })
  }

  /** Resolves when it is closed. */
  async close(options: CloseOptions = {}): Promise<Standing> {
    return await this.#tell({ do: 'close', options })
  }

  /** Has it close as soon as a callback fires, from within that. */
  async closeOn(name: CallbackName): Promise<void> {
    await this.#tell({ do: 'close on', name })
  }

  /** Blocks its main loop; resolves when it runs again. */
  async block(ms: number): Promise<void> {
    await this.#tell({ do: 'block', ms })
  }

  /** Ends its process in the turn in which it hears of this, with a `close()` before that or without. */
  async exit(how: 'exit' | 'close and exit'): Promise<void> {
    this.program.tell({ do: how } satisfies Command)
    await this.program.ended
  }

  /** Lets go of it: it is to end by itself, and this resolves with its exit code. */
  async part(): Promise<number | NodeJS.Signals> {
    this.program.tell({ do: 'part' } satisfies Command)
    return await this.program.ended
  }

  async look(): Promise<Standing> {
    return await this.#tell({ do: 'look' })
  }

  /** Looks again and again until the condition holds. */
  async until(condition: (standing: Standing) => boolean): Promise<Standing> {
    const startedAt = performance.now()
    for (;;) {
      const standing = await this.look()
      if (condition(standing)) return standing
      if (performance.now() - startedAt > PATIENCE_MS) {
        throw new Error(`Waited in vain for ${condition.toString()}: ${JSON.stringify(standing)}`)
      }
      await delay(LOOK_INTERVAL_MS)
    }
  }

  async #tell(command: Command): Promise<Standing> {
    return (await this.program.ask(command)) as Standing
  }
}

/** Whether a connection has stood. */
export function hasConnected({ names }: Standing): boolean {
  return names.includes('onConnect')
}

/** Whether a connection stands. */
export function isConnected({ peers }: Standing): boolean {
  return peers > 0
}

/** How often a callback has fired. */
export function count({ names }: Standing, name: CallbackName): number {
  return names.filter((candidate) => candidate === name).length
}

/** How many sockets its process holds. */
export function socketsOf({ resources }: Standing): number {
  return resources.filter((name) => name === 'UDPWrap').length
}

/** `prefix 0`, `prefix 1`, … */
export function numbered(prefix: string, howMany: number): string[] {
  return Array.from({ length: howMany }, (_, i) => `${prefix} ${i}`)
}

/** The two ends of a pair are told the same, and each takes what is for it. */
function optionsOf(side: Side, options: UDPipeOptions): UDPipeOptions {
  const sides: Readonly<Record<string, string>> = optionSides
  return Object.fromEntries(Object.entries(options).filter(([name]) => sides[name] === side || sides[name] === 'both'))
}
