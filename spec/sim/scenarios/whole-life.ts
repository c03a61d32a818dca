import type { SessionSettings } from '../../../lib/session/settings.ts'
import type { LinkOptions, Random } from '../../../lib/simulator/index.ts'
import { defaultSecurity, securities } from '../../support/securities.ts'
import { fail } from '../checks.ts'
import { randomLoop } from '../play.ts'
import { defineScenario } from '../scenario.ts'
import type { Scenario, ScenarioContext } from '../scenario.ts'
import { Society, type Member } from '../society.ts'

/** How many live at the most. */
const MAX_LIVING = 5
/** How many join at the most. */
const MAX_JOINED = 12

/** A loop is blocked for as long as this at the most. */
const MAX_BLOCKED_MS = 15_000

/** Whoever is let in through a good network is united with the server within this, however long it has waited to dial again. */
const REUNION_MS = 10_000

/** An incomplete message of which nothing arrives is dropped after two seconds, and every end looks at least once a ping interval. */
const FORGETTING_MS = 3_500

/** In a quiet network, so many datagrams an interval between pings are enough for one connection: PINGs and what answers them. */
const MAX_IDLE_PACKETS_AN_INTERVAL = 8

export const wholeLifeScenarios: readonly Scenario[] = [
  defineScenario(
    'whole-life',
    (context) => {
      const society = found(context)
      const storm = new Storm(society)
      storm.rage()
      storm.end()
      bringPeace(society)
      partAndCheck(society)
    },
    4,
  ),
]

/** A server like many, and settings that let a whole life pass within half a minute. */
function found(context: ScenarioContext): Society {
  const { random } = context
  return new Society(context, {
    link: randomWeather(random),
    security: random.chance(0.1) ? securities.noise : defaultSecurity(),
    isPortShared: random.chance(0.5),
    redundancy: random.pick(['auto', 'auto', 'off']),
    limits: { retryThreshold: random.pick([64, 64, 0]) },
    settings: {
      ...randomPatience(random),
      resumeWindowMs: random.pick([0, 1_500, 6_000, 20_000]),
      maxQueuedBytes: 150_000,
    },
    server: {
      loop: randomLoop(random),
      maxClients: random.pick([1_024, MAX_LIVING]),
    },
  })
}

function randomPatience(random: Random): Partial<SessionSettings> {
  const stallTimeoutMs = random.pick([600, 1_000])
  return {
    stallTimeoutMs,
    pingIntervalMs: stallTimeoutMs / 4,
    timeoutMs: random.pick([1_500, 3_000, 6_000]),
    handshakeTimeoutMs: random.pick([600, 2_000]),
    reconnect: { minDelayMs: random.pick([50, 250]), maxDelayMs: random.pick([500, 2_000]), attempts: Infinity },
  }
}

/** What a network does on a day like any other. */
function randomWeather(random: Random): LinkOptions {
  const isFair = random.chance(0.5)
  return {
    delayMs: random.between(1, 60),
    jitterMs: random.pick([0, 5, 40]),
    loss: isFair ? 0 : random.between(0, 0.2),
    duplicate: isFair ? 0 : random.pick([0, 0.1]),
    reorder: isFair ? 0 : random.pick([0, 0.1]),
    reorderDelayMs: random.between(5, 100),
    corrupt: isFair ? 0 : random.pick([0, 0, 0.02]),
    burst: isFair ? undefined : random.pick([undefined, { enterRate: 0.01, leaveRate: 0.2 }]),
    rateBitsPerSecond: random.pick([Infinity, 10_000_000, 1_000_000]),
    queuePackets: random.pick([50, 1_000]),
  }
}

/** Whatever may befall a server and its clients, in any order. */
class Storm {
  readonly #society: Society
  readonly #random: Random
  readonly #untilMs: number
  #moves = 0
  /** Until when the server's loop, or a member's, is blocked for certain. */
  #blockedUntilMs = 0

  constructor(society: Society) {
    this.#society = society
    this.#random = society.random
    this.#untilMs = this.#random.between(4_000, 14_000)
  }

  /** Lets it all happen. */
  rage(): void {
    const { world } = this.#society
    for (let i = this.#random.integer(1, 3); i > 0; i -= 1) this.#join()
    while (world.now < this.#untilMs) {
      world.run(
        this.#random.pick([this.#random.between(0, 100), this.#random.between(0, 800), this.#random.between(0, 3_000)]),
      )
      this.#strike()
    }
  }

  /** From now on nothing is lost, and every loop runs once more. */
  end(): void {
    const { world } = this.#society
    const calm = { loss: 0, duplicate: 0, reorder: 0, corrupt: 0, burst: undefined, partitions: [] }
    for (const link of world.network.links()) link.configure({ ...calm, rateBitsPerSecond: 10_000_000 })
    world.runUntil(Math.max(world.now, this.#blockedUntilMs))
  }

  #strike(): void {
    const random = this.#random
    const society = this.#society
    const { living } = society
    const kind = random.uniform()
    if (living.length === 0 || kind < 0.15) {
      this.#join()
      return
    }
    const member = random.pick(living)
    if (kind < 0.35) this.#blackOut(member)
    else if (kind < 0.45) this.#block(random.chance(0.3) ? society.world.server.loop : member.client.program)
    else if (kind < 0.6) this.#move(member)
    else if (kind < 0.7) society.configure(member, randomWeather(random))
    else if (kind < 0.8) this.#close(member)
    else if (kind < 0.85) this.#replace(member)
    else if (kind < 0.89) society.restartServer()
    else this.#burst(member)
  }

  #join(address?: Member['client']['socket']['address']): void {
    const random = this.#random
    const society = this.#society
    const { living, world } = society
    if (living.length >= MAX_LIVING || society.joined >= MAX_JOINED) return
    const neighbour = living.length > 0 && random.chance(0.2) ? random.pick(living).client.socket.address : undefined
    const host = address ?? (neighbour && { host: neighbour.host, port: this.#nextPort() })
    const { reconnect, ...countdown } = randomPatience(random)
    const member = society.join({
      ...(host && { address: host }),
      loop: randomLoop(random),
      settings: { ...countdown, reconnect: random.chance(0.8) ? (reconnect ?? false) : false, maxQueuedBytes: 150_000 },
      mapsPerDestination: random.chance(0.2),
      ...(neighbour === undefined && { link: randomWeather(random) }),
    })
    this.#talk(member)
    if (random.chance(0.2)) this.#burst(member)
    if (random.chance(0.1)) world.at(world.now + random.between(0, 300), () => this.#close(member))
  }

  /** Both ends say something now and then until the storm is over. */
  #talk(member: Member): void {
    const random = this.#random
    const society = this.#society
    const meanMs = random.pick([60, 150, 500])
    const next = (): void => {
      const atMs = society.world.now + random.between(0, 2 * meanMs)
      if (atMs < this.#untilMs) society.world.at(atMs, say)
    }
    const say = (): void => {
      if (member.client.isOver) return
      const end = random.chance(0.5) ? member.client : member.newestEnd
      if (end?.program.runsFrom(society.world.now) === society.world.now) society.say(member, end, randomSize(random))
      next()
    }
    next()
  }

  /** Much at once, as at the beginning of a match. */
  #burst(member: Member): void {
    const random = this.#random
    const { world } = this.#society
    const end = random.chance(0.5) ? member.client : member.newestEnd
    if (end === undefined || end.program.runsFrom(world.now) > world.now) return
    for (let i = random.integer(5, 40); i > 0; i -= 1) this.#society.say(member, end, randomSize(random))
  }

  #blackOut(member: Member): void {
    const random = this.#random
    const { world, settings } = this.#society
    const { stallTimeoutMs, timeoutMs, resumeWindowMs } = settings
    const durationMs = random.pick([
      random.between(20, stallTimeoutMs),
      random.between(stallTimeoutMs, timeoutMs),
      random.between(timeoutMs, timeoutMs + 4_000),
      random.between(timeoutMs + resumeWindowMs, timeoutMs + resumeWindowMs + 3_000),
    ])
    const partition = { fromMs: world.now, untilMs: world.now + durationMs }
    for (const link of random.pick([
      [world.uplink(member.client)],
      [world.downlink(member.client)],
      [world.uplink(member.client), world.downlink(member.client)],
    ])) {
      link.configure({ partitions: [...link.settings.partitions, partition] })
    }
  }

  #block(program: Member['client']['program']): void {
    const { now } = this.#society.world
    const untilMs =
      now + this.#random.pick([this.#random.between(20, 1_000), this.#random.between(1_000, MAX_BLOCKED_MS)])
    program.pause(now, untilMs)
    this.#blockedUntilMs = Math.max(this.#blockedUntilMs, untilMs)
  }

  /** To another port, as behind a NAT that forgot, or to another network. */
  #move({ client }: Member): void {
    const { host } = client.socket.address
    this.#moves += 1
    const elsewhere = this.#random.chance(0.5) ? host : `12.0.0.${this.#moves}`
    this.#society.world.move(client, { host: elsewhere, port: this.#nextPort() })
  }

  #close(member: Member): void {
    const random = this.#random
    if (random.chance(0.4)) this.#burst(member)
    const end = member.newestEnd
    const ends = random.pick([[member.client], [end], [member.client, end]])
    for (const each of ends) if (each !== undefined && !each.isOver) this.#society.close(member, each)
  }

  /** Vanishes without a word; at times it comes again at once, from the same address. */
  #replace(member: Member): void {
    const { address } = member.client.socket
    this.#society.kill(member)
    if (this.#random.chance(0.5)) this.#join(address)
  }

  #nextPort(): number {
    this.#ports += 1
    return 60_000 + this.#ports
  }

  #ports = 0
}

/** Mostly what games send; now and then something of several datagrams. */
function randomSize(random: Random): number {
  const kind = random.uniform()
  if (kind < 0.8) return random.integer(4, 120)
  if (kind < 0.95) return random.integer(120, 4_000)
  return random.integer(4_000, 40_000)
}

/** After the storm all find each other, what was said is settled, what is said now arrives, and then it is quiet. */
function bringPeace(society: Society): void {
  const { world, settings, random } = society
  const clientTimeoutMs = Math.max(0, ...society.living.map((member) => member.settings.timeoutMs))
  society.makePeace(settings.timeoutMs + settings.resumeWindowMs + clientTimeoutMs + REUNION_MS)
  for (const member of society.living) {
    for (const end of [member.client, member.newestEnd]) {
      if (end === undefined) return fail(`${member.name} has no end at the server`)
      if (!society.say(member, end, random.integer(4, 3_000), 'reliable', 0)) fail(`${end.name} cannot say anything`)
    }
  }
  society.makePeace(REUNION_MS)
  // What is incomplete and will never be whole is forgotten in time.
  world.run(FORGETTING_MS)
  society.checkCounts()
  const before = world.network.sentPackets
  const intervals = 6
  const shortest = Math.min(settings.pingIntervalMs, ...society.living.map((member) => member.settings.pingIntervalMs))
  world.run(intervals * shortest)
  const limit = society.living.length * MAX_IDLE_PACKETS_AN_INTERVAL * intervals
  const sent = world.network.sentPackets - before
  if (sent > limit) fail(`${sent} datagrams travel while nothing is to be said, more than ${limit}`)
  if (!society.isAtPeace) fail('the peace does not last')
}

/** All leave, from either side or both, and nothing is left of them. */
function partAndCheck(society: Society): void {
  const { world, random } = society
  for (const member of society.living) {
    const end = member.newestEnd
    // A client that dials again has to leave by itself.
    const mayBeClosed = member.settings.reconnect === false
    const leavers = random.pick(
      mayBeClosed ? [[member.client], [end], [member.client, end]] : [[member.client], [member.client, end]],
    )
    for (const leaver of leavers) if (leaver !== undefined) society.close(member, leaver)
  }
  const isOver = (): boolean => society.living.length === 0 && world.server.clientCount === 0
  if (!society.waitFor(isOver, 10_000)) society.checkGone()
  world.run(1_000)
  const before = world.network.sentPackets
  world.run(5_000)
  if (world.network.sentPackets > before) fail('datagrams travel although all is over')
  society.checkGone()
}
