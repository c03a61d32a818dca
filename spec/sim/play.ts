import type { Delivery } from '../../lib/session/delivery.ts'
import { deliveries } from '../../lib/session/delivery.ts'
import type { SessionEvent } from '../../lib/session/session.ts'
import type { SessionSettings } from '../../lib/session/settings.ts'
import type { Link, LinkOptions, Random } from '../../lib/simulator/index.ts'
import type { End } from '../support/end.ts'
import type { LoopOptions } from '../support/end-world.ts'
import { ReliableWorld } from '../support/reliable-world.ts'
import type { ReliableClientOptions, ReliableWorldOptions } from '../support/reliable-world.ts'
import { createSettings } from '../support/settings.ts'
import { checkAgreement, checkQueues, fail, Ledger } from './checks.ts'
import type { Ending } from './checks.ts'
import type { ScenarioContext } from './scenario.ts'

/** Options of {@link Play}. */
export interface PlayOptions {
  readonly link?: LinkOptions
  readonly settings?: Partial<SessionSettings>
  readonly serverLoop?: LoopOptions
  readonly maxClients?: number
  /** Whether the server's clients stay at its public port. Default: as the dice fall. */
  readonly isPortShared?: boolean | undefined
  readonly limits?: ReliableWorldOptions['limits']
  readonly tickets?: ReliableWorldOptions['tickets']
  /** Default: the world's. */
  readonly security?: ReliableWorldOptions['security']
  readonly redundancy?: ReliableWorldOptions['redundancy']
  readonly firstPacketNumber?: number
  readonly firstSequence?: number
}

/** What a {@link Conversation} is about. */
export interface Chatter {
  readonly durationMs: number
  /** The mean time between two messages of one direction. */
  readonly intervalMs?: number
  readonly maxBytes?: number
  readonly deliveries?: readonly Delivery[]
  readonly channels?: readonly number[]
  /** Whether the server talks, the client, or both (default). */
  readonly direction?: 'up' | 'down' | 'both'
}

/** Both ends ping a quiet link, at times twice: PINGs and what answers them are well within this many an interval. */
const MAX_IDLE_PACKETS_AN_INTERVAL = 8

/** After the last message, so long may acks, probes and copies still travel. */
const GRACE_MS = 3_000

/** A server and its clients, each with a ledger for either direction, and what must hold at all times. */
export class Play {
  readonly world: ReliableWorld
  readonly random: Random
  readonly settings: SessionSettings
  readonly conversations: Conversation[] = []
  readonly #byServerEnd = new Map<End, Conversation>()

  constructor({ seed, random, trace }: ScenarioContext, options: PlayOptions = {}) {
    // A client that dials again would keep a world busy whose connection was closed by its server, and a server that keeps lost ones
    // would not come to its end.
    const settings = { reconnect: false, resumeWindowMs: 0, ...options.settings } as const
    this.random = random
    this.settings = createSettings(settings)
    this.world = new ReliableWorld({
      seed,
      trace,
      settings,
      link: options.link ?? {},
      redundancy: options.redundancy ?? 'auto',
      limits: options.limits,
      tickets: options.tickets,
      ...(options.security !== undefined && { security: options.security }),
      firstPacketNumber: options.firstPacketNumber ?? 0,
      firstSequence: options.firstSequence ?? 0,
      isPortShared: options.isPortShared ?? random.fork('ports').chance(0.5),
      server: {
        loop: options.serverLoop ?? {},
        maxClients: options.maxClients ?? 1_024,
        onAdmit: (endpoint, { source }) => {
          const conversation = this.conversations.findLast(({ client }) => client.socket.address.host === source.host)
          if (conversation !== undefined) this.#byServerEnd.set(endpoint, conversation)
        },
        onEvent: (event, endpoint) => this.#byServerEnd.get(endpoint)?.handleServerEvent(event),
      },
    })
    this.world.every(50, () => {
      for (const { client, server } of this.conversations) {
        checkQueues(client, this.settings)
        if (server !== undefined) checkQueues(server, this.settings)
      }
    })
  }

  /** Has a client dial. */
  dial(options: ReliableClientOptions = {}): Conversation {
    const conversation = new Conversation(this, options)
    this.conversations.push(conversation)
    return conversation
  }

  /** Has a client dial and waits until both ends are connected. */
  connect(options: ReliableClientOptions = {}, limitMs = 20_000): Conversation {
    const conversation = this.dial(options)
    if (!this.world.waitFor(() => conversation.isConnected, limitMs)) {
      fail(`no connection within ${limitMs} ms: ${conversation.describeStates()}`)
    }
    return conversation
  }

  /** Waits until everything arrived that has to; throws when it does not within the time. */
  waitForAll(limitMs = 60_000): void {
    const isComplete = () => this.conversations.every(({ up, down }) => up.isComplete() && down.isComplete())
    if (this.world.waitFor(isComplete, limitMs)) return
    for (const { up, down } of this.conversations) {
      up.checkComplete()
      down.checkComplete()
    }
  }

  /** Throws unless the link falls silent but for pings, after a time of grace. */
  checkQuiet(): void {
    this.world.run(GRACE_MS)
    const before = this.world.network.sentPackets
    const spanMs = 6 * this.settings.pingIntervalMs
    this.world.run(spanMs)
    const sent = this.world.network.sentPackets - before
    const limit = this.conversations.length * MAX_IDLE_PACKETS_AN_INTERVAL * 6
    if (sent > limit)
      fail(`${sent} datagrams travel in ${spanMs} ms in which nothing is to be said, more than ${limit}`)
  }

  /** Waits until nothing is owed, checks that it stays quiet, closes every connection, and checks that all is over. */
  finish(limitMs = 60_000): void {
    this.waitForAll(limitMs)
    this.checkQuiet()
    for (const conversation of this.conversations) {
      if (!conversation.client.isOver) conversation.closeFrom(this.random.pick(['client', 'server']))
    }
    this.checkOver()
  }

  /** Throws unless every connection comes to its end and nothing travels any more. */
  checkOver(mayTimeOut = false): void {
    const isOver = () => this.conversations.every(({ client }) => client.isOver) && this.world.server.clientCount === 0
    if (!this.world.waitFor(isOver, 30_000)) {
      fail(`not over after 30 s: ${this.conversations.map((conversation) => conversation.describeStates()).join('; ')}`)
    }
    for (const { clientEnding, serverEnding } of this.conversations) {
      checkAgreement(clientEnding, serverEnding, mayTimeOut)
    }
    const before = this.world.network.sentPackets
    this.world.run(15_000)
    if (this.world.network.sentPackets > before) fail('datagrams travel although all is over')
  }
}

/** One client, its end at the server, and what each said to the other. */
export class Conversation {
  readonly client: End
  readonly up: Ledger
  readonly down: Ledger
  /** Every event of either end, without the messages. */
  readonly clientEvents: SessionEvent[] = []
  readonly serverEvents: SessionEvent[] = []
  readonly #play: Play

  constructor(play: Play, options: ReliableClientOptions) {
    this.#play = play
    const number = play.conversations.length + 1
    this.up = new Ledger(`client ${number} to server`)
    this.down = new Ledger(`server to client ${number}`)
    this.client = play.world.dial({ ...options, onEvent: (event) => this.#handleClientEvent(event) })
  }

  /** The server's end, if it is there. */
  get server(): End | undefined {
    return this.#play.world.serverEnd(this.client)
  }

  get isConnected(): boolean {
    return this.client.session.state === 'connected' && this.server?.session.state === 'connected'
  }

  get uplink(): Link {
    return this.#play.world.uplink(this.client)
  }

  get downlink(): Link {
    return this.#play.world.downlink(this.client)
  }

  get clientEnding(): Ending | undefined {
    return endingOf(this.clientEvents)
  }

  /** A client that gave up half way and dialed anew has left a session behind, which times out by itself: not that one's. */
  get serverEnding(): Ending | undefined {
    const isLeftBehind = (event: SessionEvent): boolean => event.type === 'ended' && event.cause === 'timeout'
    return endingOf(this.serverEvents.filter((event) => !isLeftBehind(event))) ?? endingOf(this.serverEvents)
  }

  /** Changes the links of both directions. */
  configure(link: LinkOptions): void {
    this.uplink.configure(link)
    this.downlink.configure(link)
  }

  sendUp(bytes: number, delivery: Delivery = 'reliable', channel = 0): boolean {
    return this.up.send(this.#play.world.now, this.client, bytes, delivery, channel)
  }

  sendDown(bytes: number, delivery: Delivery = 'reliable', channel = 0): boolean {
    const { server } = this
    if (server === undefined) return fail('the server’s end is gone')
    return this.down.send(this.#play.world.now, server, bytes, delivery, channel)
  }

  /** Has both ends talk at random for a while. */
  chat(chatter: Chatter): void {
    const { direction = 'both' } = chatter
    const { server, client } = this
    if (direction !== 'down') this.#talk(client, 'up', chatter)
    if (direction !== 'up' && server !== undefined) this.#talk(server, 'down', chatter)
  }

  /** Closes from one end, with a random code and reason, as soon as its program runs. */
  closeFrom(end: 'client' | 'server'): void {
    const endpoint = end === 'client' ? this.client : this.server
    const { random, world } = this.#play
    endpoint?.at(world.now, () =>
      endpoint.close(random.integer(0, 65_535), random.pick(['', 'bye', 'the match is over'])),
    )
  }

  handleServerEvent(event: SessionEvent): void {
    if (event.type === 'message') this.up.arrive(this.#play.world.now, event)
    else this.serverEvents.push(event)
    if (event.type === 'undelivered') this.down.giveUp(event)
  }

  /** How often an event of a type happened, at either end. */
  countEvents(type: SessionEvent['type']): number {
    return [...this.clientEvents, ...this.serverEvents].filter((event) => event.type === type).length
  }

  describeStates(): string {
    return `${this.client.name} is ${this.client.session.state}, its server’s end ${this.server?.session.state ?? 'gone'}`
  }

  #handleClientEvent(event: SessionEvent): void {
    if (event.type === 'message') this.down.arrive(this.#play.world.now, event)
    else this.clientEvents.push(event)
    if (event.type === 'undelivered') this.up.giveUp(event)
  }

  #talk(from: End, direction: 'up' | 'down', chatter: Chatter): void {
    const { world, random } = this.#play
    const { durationMs, intervalMs = 20, channels = [0, 1, 2, 255] } = chatter
    const untilMs = world.now + durationMs
    const ledger = this[direction]
    const say = (): void => {
      if (from.isOver || from.session.state === 'closing' || from.session.state === 'closed') return
      const bytes = randomSize(random, chatter.maxBytes ?? 3_000)
      ledger.send(world.now, from, bytes, random.pick(chatter.deliveries ?? deliveries), random.pick(channels))
      next()
    }
    const next = (): void => {
      const atMs = world.now + random.between(0, 2 * intervalMs)
      if (atMs < untilMs) from.at(atMs, say)
    }
    next()
  }
}

/** How a program may be written: stepping on arrival or at one of the usual rates, by a clock of its own. */
export function randomLoop(random: Random): LoopOptions {
  const clock = { offsetMs: random.between(0, 1e9), driftPpm: random.between(-100, 100) }
  const stepMs = random.pick([undefined, undefined, 1_000 / 60, 10, 33])
  return { clock, stepMs, phaseMs: random.between(0, stepMs ?? 1) }
}

/** Mostly what games send; now and then something at the edges of a datagram, or of several. */
function randomSize(random: Random, maxBytes: number): number {
  const kind = random.uniform()
  if (kind < 0.7) return Math.min(maxBytes, random.integer(4, 120))
  if (kind < 0.8) return Math.min(maxBytes, random.integer(1_100, 1_210))
  return random.integer(4, maxBytes)
}

function endingOf(events: readonly SessionEvent[]): Ending | undefined {
  return events.filter((event) => event.type === 'ended').at(-1)
}
