import { setTimeout as delay } from 'node:timers/promises'
import { ChildProgram } from '../support/child-program.ts'
import { createRandom, integerBelow } from '../support/random.ts'
import type { ClientsAccount, Ledger, Order, Question, ServerAccount } from './soak-messages.ts'

export interface SoakOptions {
  readonly clients: number
  readonly durationMs: number
  /** Where the dice start: what happens to whom, and when. */
  readonly seed: number
  readonly onSample?: (sample: Sample) => void
}

/** How things stood at one time. */
export interface Sample {
  readonly elapsedMs: number
  readonly peers: number
  readonly sockets: number
  readonly heapBytes: number
  readonly rssBytes: number
  readonly messages: number
}

export interface SoakResult {
  readonly samples: readonly Sample[]
  /** How often each thing was done to a process. */
  readonly deeds: Readonly<Record<Deed, number>>
  readonly connects: number
  readonly reconnects: number
  readonly messages: number
  readonly echoes: number
  /** Messages and echoes that were told to `onUndelivered`. */
  readonly undelivered: number
  /** What should not have been; empty when all is well. */
  readonly violations: readonly string[]
}

type Deed = 'stopped' | 'killed' | 'paused' | 'left'

const PROCESSES = 8
/** The others talk meanwhile. */
const MAX_BUSY_PROCESSES = 3
/** From one deed to the next, and to the next sample. */
const DEED_GAP_MS = 700
const SAMPLE_GAP_MS = 2_000
/** Processes are stopped for less than the timeout of 4 s, or for more. */
const MAX_STOP_MS = 6_000
/** What a heap may grow by from the first half to the second. */
const HEAP_TOLERANCE_BYTES = 8 * 1024 * 1024
const RSS_TOLERANCE_BYTES = 64 * 1024 * 1024
/** How long it may take until all is said and done. */
const SETTLING_MS = 60_000

/** One process of clients. */
class Group {
  readonly name: string
  readonly program: ChildProgram
  readonly clientNames: readonly string[]
  /** Resolves when it may be told something. */
  ready: Promise<unknown>
  isBusy = false

  constructor(name: string, port: number, clients: number) {
    this.name = name
    this.clientNames = Array.from({ length: clients }, (_, i) => `${name}.${i}`)
    this.program = program('soak-clients.ts', String(port), String(clients), name)
    this.ready = this.program.answer()
  }

  async tell(order: Order): Promise<ClientsAccount> {
    await this.ready
    const answer = this.program.ask(order) as Promise<ClientsAccount>
    this.ready = answer
    return await answer
  }
}

/**
 * Many real clients in several processes talk to a server in another, and join, stall, are killed and return, by dice; then all fall
 * silent, what was said is settled, and all close.
 */
export class Soak {
  readonly #options: SoakOptions
  readonly #random: () => number
  readonly #server = program('soak-server.ts')
  readonly #samples: Sample[] = []
  readonly #violations: string[] = []
  readonly #deeds: Record<Deed, number> = { stopped: 0, killed: 0, paused: 0, left: 0 }
  readonly #killed: string[] = []
  #groups: Group[] = []
  #groupCount = 0
  #port = NaN
  #startedAt = NaN

  constructor(options: SoakOptions) {
    this.#options = options
    this.#random = createRandom(options.seed)
  }

  async run(): Promise<SoakResult> {
    const { clients, durationMs } = this.#options
    const { port } = (await this.#server.answer()) as { port: number }
    this.#port = port
    for (let i = 0; i < PROCESSES; i += 1) this.#addGroup(Math.ceil((clients - i) / PROCESSES))
    await Promise.all(this.#groups.map(({ ready }) => ready))
    this.#startedAt = performance.now()
    await Promise.all([this.#doDeeds(durationMs), this.#takeSamples(durationMs)])
    return await this.#settle()
  }

  #addGroup(clients: number): void {
    this.#groupCount += 1
    this.#groups.push(new Group(`p${this.#groupCount}`, this.#port, clients))
  }

  async #doDeeds(durationMs: number): Promise<void> {
    const underWay: Promise<void>[] = []
    while (performance.now() - this.#startedAt < durationMs) {
      const idle = this.#groups.filter(({ isBusy }) => !isBusy)
      const group = idle[integerBelow(this.#random, Math.max(1, idle.length))]
      const isCalm = this.#groups.length - idle.length < MAX_BUSY_PROCESSES
      if (group !== undefined && isCalm) underWay.push(this.#doDeed(group))
      await delay(DEED_GAP_MS)
    }
    await Promise.all(underWay)
  }

  async #doDeed(group: Group): Promise<void> {
    const die = this.#random()
    const ms = 500 + integerBelow(this.#random, MAX_STOP_MS - 500)
    group.isBusy = true
    await group.ready
    if (die < 0.3) {
      this.#deeds.stopped += 1
      group.program.kill('SIGSTOP')
      await delay(ms)
      group.program.kill('SIGCONT')
    } else if (die < 0.45) {
      this.#deeds.killed += 1
      await this.#replace(group)
    } else if (die < 0.75) {
      this.#deeds.paused += 1
      await group.tell({ do: 'pause', share: 0.3, ms })
    } else {
      this.#deeds.left += 1
      await group.tell({ do: 'leave', share: 0.3 })
    }
    group.isBusy = false
  }

  async #replace(group: Group): Promise<void> {
    this.#groups = this.#groups.filter((other) => other !== group)
    await group.program.destroy()
    this.#killed.push(...group.clientNames)
    this.#addGroup(group.clientNames.length)
  }

  async #takeSamples(durationMs: number): Promise<void> {
    while (performance.now() - this.#startedAt < durationMs) {
      await delay(SAMPLE_GAP_MS)
      this.#sample(await this.#ask())
    }
  }

  #sample({ peers, sockets, heapBytes, rssBytes, messages }: ServerAccount): void {
    const elapsedMs = performance.now() - this.#startedAt
    const sample = { elapsedMs, peers, sockets, heapBytes, rssBytes, messages }
    this.#samples.push(sample)
    this.#options.onSample?.(sample)
  }

  /** Asks the server how things stand. It forgets those that were killed a while ago. */
  async #ask(): Promise<ServerAccount> {
    const question: Question = { forget: this.#killed.splice(0, this.#killed.length - KEPT_KILLED) }
    const account = (await this.#server.ask(question)) as ServerAccount
    this.#violations.push(...account.violations)
    return account
  }

  async #settle(): Promise<SoakResult> {
    const accounts = await this.#untilAgreed()
    await Promise.all(this.#groups.map((group) => group.tell({ do: 'close' })))
    const last = await this.#untilServerRests()
    for (const { program: child } of this.#groups) await child.destroy()
    await this.#server.destroy()
    this.#checkMemory()
    if (last.connects !== last.disconnects) {
      this.#violations.push(`${last.connects} onConnect, but ${last.disconnects} onDisconnect`)
    }
    const ledgers = accounts.flatMap(({ ledgers: own }) => Object.values(own))
    return {
      samples: this.#samples,
      deeds: this.#deeds,
      connects: last.connects,
      reconnects: sum(accounts, ({ reconnects }) => reconnects),
      messages: sum(ledgers, ({ sent }) => sent),
      echoes: sum(ledgers, ({ received }) => received),
      undelivered:
        sum(ledgers, ({ undelivered }) => undelivered) + sum(Object.values(last.clients), (own) => own.undelivered),
      violations: this.#violations,
    }
  }

  /** Nobody sends any more; waits until each message and each echo has arrived, or was told to be undelivered. */
  async #untilAgreed(): Promise<ClientsAccount[]> {
    for (const group of this.#groups) await group.tell({ do: 'hush' })
    const startedAt = performance.now()
    for (;;) {
      const accounts = await Promise.all(this.#groups.map((group) => group.tell({ do: 'look' })))
      for (const { violations } of accounts) this.#violations.push(...violations)
      const { clients } = await this.#ask()
      const open = accounts.flatMap(({ ledgers }) =>
        Object.entries(ledgers).filter(([name, { sent, undelivered, received }]) => {
          const there = clients[name] ?? NOTHING
          return there.received + undelivered < sent || received + there.undelivered < there.received
        }),
      )
      if (open.length === 0) return accounts
      if (performance.now() - startedAt > SETTLING_MS) {
        for (const [name, ledger] of open) {
          this.#violations.push(`lost in silence: ${name}, ${JSON.stringify({ here: ledger, there: clients[name] })}`)
        }
        return accounts
      }
      await delay(250)
    }
  }

  /** All have closed: waits until the server has one socket, its front door's, and no peer. */
  async #untilServerRests(): Promise<ServerAccount> {
    const startedAt = performance.now()
    for (;;) {
      const account = await this.#ask()
      if (account.peers === 0 && account.sockets === 1) return account
      if (performance.now() - startedAt > SETTLING_MS) {
        this.#violations.push(`all have left, but there are ${account.peers} peers and ${account.sockets} sockets`)
        return account
      }
      await delay(250)
    }
  }

  /** What the second half of the time needs must not be more than what the first half did. */
  #checkMemory(): void {
    const half = Math.ceil(this.#samples.length / 2)
    const [early, late] = [this.#samples.slice(0, half), this.#samples.slice(half)]
    if (late.length === 0) return
    this.#checkFlat('heap', HEAP_TOLERANCE_BYTES, ...peaks(early, late, ({ heapBytes }) => heapBytes))
    this.#checkFlat('RSS', RSS_TOLERANCE_BYTES, ...peaks(early, late, ({ rssBytes }) => rssBytes))
  }

  #checkFlat(what: string, toleranceBytes: number, early: number, late: number): void {
    if (late <= early * 1.1 + toleranceBytes) return
    this.#violations.push(`the server's ${what} grew from ${early} to ${late} bytes`)
  }
}

const NOTHING: Ledger = { last: 0, received: 0, undelivered: 0 }

/** What was sent before a kill may arrive after it, and is then no news of an unknown client. */
const KEPT_KILLED = 200

function program(name: string, ...args: readonly string[]): ChildProgram {
  return new ChildProgram(`spec/stress/programs/${name}`, args, { nodeOptions: ['--expose-gc'] })
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0)
}

function peaks(early: readonly Sample[], late: readonly Sample[], value: (sample: Sample) => number): [number, number] {
  return [Math.max(...early.map(value)), Math.max(...late.map(value))]
}
