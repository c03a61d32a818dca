import type { Address } from '../../lib/core/address.ts'
import type { Random } from '../../lib/simulator/index.ts'
import { fail } from './checks.ts'
import type { ScenarioContext } from './scenario.ts'
import { Society, type Member } from './society.ts'

/** Options of {@link CrowdLife}. */
export interface CrowdOptions {
  /** How many join in all. */
  readonly clients: number
  /** How many are there at a time, about; all of them once, when it is as many as there are. */
  readonly atOnce: number
  readonly durationMs: number
  /** Is told how things stand, `samples` times (8 by default), and when all are gone. */
  readonly onSample?: (sample: CrowdSample) => void
  readonly samples?: number
}

/** How things stand at one time. */
export interface CrowdSample {
  readonly timeMs: number
  readonly living: number
  /** Sessions of the server, each with its port: those of clients that are there, were lost, or vanished not long ago. */
  readonly sessions: number
  /** What the front door remembers of its clients. */
  readonly remembered: number
  /** What the server's sessions hold of messages that are incomplete, and keep for those to come. */
  readonly heldBytes: number
  readonly queuedBytes: number
  readonly joined: number
  readonly letters: number
}

/** Somebody falls upon something about so often. */
const MISFORTUNE_MS = 40_000
/** Somebody says something about so often. */
const LETTER_MS = 4_000
/** The server's loop is blocked so often, and for as long as this at the most. */
const SERVER_BLOCK_INTERVAL_MS = 240_000
const MAX_BLOCKED_MS = 8_000

const settings = {
  stallTimeoutMs: 4_000,
  pingIntervalMs: 2_000,
  timeoutMs: 12_000,
  handshakeTimeoutMs: 4_000,
  resumeWindowMs: 20_000,
  maxQueuedBytes: 200_000,
  reconnect: { minDelayMs: 200, maxDelayMs: 4_000, attempts: Infinity },
}

/** One admittedClient is found by so many things at the most: itself, its address, the last HELLOs and connections of it; and its handshake. */
const MAX_REMEMBERED_A_SESSION = 16

/** One front door through which thousands of clients come and go for as long as it takes, at addresses that others had before them. */
export class CrowdLife {
  readonly society: Society
  readonly #options: CrowdOptions
  readonly #random: Random
  readonly #freeHosts: string[] = []
  #ports = 0

  constructor(context: ScenarioContext, options: CrowdOptions) {
    const { random } = context
    this.#options = options
    this.#random = random
    this.society = new Society(context, {
      link: { delayMs: random.between(5, 50), jitterMs: 10, loss: 0.01, duplicate: 0.005 },
      settings,
      server: { maxClients: 2 * options.atOnce + 100 },
    })
    for (let i = 0; i < 2 * options.atOnce + 100; i += 1)
      this.#freeHosts.push(`12.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
  }

  /** Has all of them live their lives, and throws when anything is lost, comes twice or stays behind. */
  run(): void {
    const { durationMs, samples = 8 } = this.#options
    const { world } = this.society
    this.#scheduleJoins()
    for (let atMs = SERVER_BLOCK_INTERVAL_MS; atMs < durationMs; atMs += SERVER_BLOCK_INTERVAL_MS) {
      world.at(atMs, () => world.server.loop.pause(atMs, atMs + this.#random.between(500, MAX_BLOCKED_MS)))
    }
    for (let i = 1; i <= samples; i += 1) {
      world.runUntil((i * durationMs) / samples)
      this.#sample()
    }
    this.#end()
  }

  /** All who are left go, and after the last of them nothing is. */
  #end(): void {
    const { society } = this
    for (const member of society.living) society.close(member, member.client)
    const isOver = (): boolean => society.members.size === 0 && society.world.server.clientCount === 0
    if (!society.waitFor(isOver, 180_000)) society.checkGone()
    society.world.run(1_000)
    society.checkGone()
    if (society.joined !== this.#options.clients) fail(`${society.joined} joined of ${this.#options.clients}`)
    if (society.world.clients.length > 0) fail('the simulation keeps clients that are gone')
    this.#sample()
  }

  #scheduleJoins(): void {
    const { clients, atOnce, durationMs } = this.#options
    const areAllThere = atOnce >= clients
    const meanLifeMs = (atOnce * durationMs) / (clients + atOnce)
    const joiningMs = areAllThere ? durationMs * 0.3 : durationMs - meanLifeMs
    for (let i = 0; i < clients; i += 1) {
      const atMs = this.#random.between(0, joiningMs)
      const lifeMs = areAllThere
        ? durationMs * this.#random.between(0.7, 1) - atMs
        : meanLifeMs * this.#random.between(0.1, 1.9)
      this.society.world.at(atMs, () => this.#join(lifeMs))
    }
  }

  #join(lifeMs: number): void {
    const { world } = this.society
    const member = this.society.join({ address: this.#newAddress() })
    const untilMs = Math.min(world.now + lifeMs, this.#options.durationMs)
    this.#repeat(member, untilMs, LETTER_MS, () => this.#say(member))
    this.#repeat(member, untilMs, MISFORTUNE_MS, () => this.#strike(member))
    world.at(untilMs, () => this.#leave(member))
  }

  /** Does something again and again, now sooner and now later, for as long as a client lives. */
  #repeat(member: Member, untilMs: number, meanMs: number, action: () => void): void {
    const { world } = this.society
    const atMs = world.now + this.#random.between(0, 2 * meanMs)
    if (atMs >= untilMs) return
    world.at(atMs, () => {
      if (member.client.isOver) return
      action()
      this.#repeat(member, untilMs, meanMs, action)
    })
  }

  #say(member: Member): void {
    const random = this.#random
    const end = random.chance(0.5) ? member.client : member.newestEnd
    const { now } = this.society.world
    if (end === undefined || end.program.runsFrom(now) > now) return
    this.society.say(member, end, random.chance(0.95) ? random.integer(4, 200) : random.integer(1_000, 8_000))
  }

  #strike(member: Member): void {
    const random = this.#random
    const { world } = this.society
    const kind = random.uniform()
    if (kind < 0.4) this.#blackOut(member)
    else if (kind < 0.7) world.move(member.client, this.#newAddress(member.client.socket.address))
    else if (kind < 0.9) member.client.program.pause(world.now, world.now + random.between(500, MAX_BLOCKED_MS))
    else {
      // It dies, and another one is started in its place, which is none of those that were to come.
      this.#freeHost(member.client.socket.address)
      this.society.kill(member)
    }
  }

  /** Shorter than a stall, than the timeout, than the connection is kept, or longer than all of that. */
  #blackOut(member: Member): void {
    const { world, random } = this.society
    const durationMs = random.between(0, random.pick([4_000, 12_000, 30_000, 45_000]))
    for (const link of random.pick([
      [world.uplink(member.client)],
      [world.downlink(member.client)],
      [world.uplink(member.client), world.downlink(member.client)],
    ])) {
      link.configure({ partitions: [{ fromMs: world.now, untilMs: world.now + durationMs }] })
    }
  }

  #leave(member: Member): void {
    const { society } = this
    const random = this.#random
    if (member.client.isOver) return
    this.#freeHost(member.client.socket.address)
    const end = member.newestEnd
    const kind = random.uniform()
    if (kind < 0.3) society.kill(member)
    else if (kind < 0.8 || end === undefined) society.close(member, member.client)
    else for (const each of [member.client, end]) society.close(member, each)
  }

  #sample(): void {
    const { society } = this
    const { server } = society.world
    const ends = server.endpoints
    const sum = (of: 'heldBytes' | 'queuedBytes'): number =>
      ends.reduce((total, end) => total + end.session.stats[of], 0)
    const { remembered } = society
    if (remembered > ends.length * MAX_REMEMBERED_A_SESSION)
      fail(`${remembered} things are remembered of ${ends.length}`)
    const left = [...society.members.values()].filter(({ ends: { size } }) => size > 0).length
    if (left > ends.length) fail(`${left} clients have sessions, and the server ${ends.length}`)
    this.#options.onSample?.({
      timeMs: society.world.now,
      living: society.living.length,
      sessions: ends.length,
      remembered,
      heldBytes: sum('heldBytes'),
      queuedBytes: sum('queuedBytes'),
      joined: society.joined,
      letters: society.letters,
    })
  }

  /** Another port of the host that somebody is at, or a host that nobody is at any more. */
  #newAddress(from?: Address): Address {
    this.#ports = (this.#ports + 1) % 5_000
    const port = 50_000 + this.#ports
    if (from !== undefined && this.#random.chance(0.5)) return { host: from.host, port }
    const host = this.#freeHosts.shift()
    if (host === undefined) return fail('no host is free')
    if (from !== undefined) this.#freeHost(from)
    return { host, port }
  }

  #freeHost({ host }: Address): void {
    this.#freeHosts.push(host)
  }
}
