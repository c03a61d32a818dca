import { integer, invalid } from '../option-kinds.ts'
import { parseTarget, type Target } from './arguments.ts'
import { linkOf } from './client-connection.ts'
import { Client } from './client.ts'
import { EVENT_CONNECT, type NetworkEvent } from './event.ts'
import { EventQueue, MAX_EVENTS } from './event-queue.ts'
import type { Link, LinkNetwork, LinkOwner } from './link.ts'
import {
  parse,
  parseClientOptions,
  parseServerOptions,
  type ClientOptions,
  type ServerOptions,
  type Settings,
} from './options.ts'
import type { Result } from './result.ts'
import { ServerHost } from './server-host.ts'
import { Server } from './server.ts'
import { TableCodec } from './table-codec.ts'
import { dialTcp, listenTcp } from './transport/tcp.ts'
import { dialUdp, listenUdp } from './transport/udp.ts'

/** What `createNetwork` may be given. */
export interface NetworkOptions {
  /**
   * What happens when nobody polls: `'drop'`, the default, drops the oldest of 2,000 events; `'pause'` stops reading at three quarters,
   * so that no table is lost and the other sides have to wait.
   */
  readonly overflow?: 'drop' | 'pause'
  /**
   * How much memory the tables that wait may take, about, before nothing more is read until half of it is polled; one table may go
   * beyond it. 64 KiB to 16 GiB, default 64 MiB.
   */
  readonly maxEventBytes?: number
}

/** What a network has counted; what waits, and what is there, is as of now. */
export interface NetworkCounters {
  /** Events that wait to be polled, and about how much memory their tables take. */
  waitingEvents: number
  waitingEventBytes: number
  /** Events that were dropped because 2,000 others waited. */
  lostEvents: number
  /** Errors of strangers of which there is no event, because there were more than 10 a second. */
  suppressedErrors: number
  /** How often reading stopped because too much waited. */
  pauses: number
  /** Connections of all servers. */
  connections: number
  /** Strangers that were sent away because newcomers needed their places. */
  evictedHandshakes: number
  /** Clients that were refused because a server was full. */
  refusedConnections: number
  /** Connections that were closed because the program did not keep them. */
  collectedConnections: number
}

/** What {@link Network.count} counts. */
type Counted =
  'lostEvents' | 'suppressedErrors' | 'pauses' | 'evictedHandshakes' | 'refusedConnections' | 'collectedConnections'

const KiB = 1024
const DEFAULT_EVENT_BYTES = 64 * 1024 * KiB
const MAX_EVENT_BYTES = 16 * 1024 * 1024 * KiB
/** With `overflow: 'pause'`, reading stops with so many events. */
const PAUSE_EVENTS = (MAX_EVENTS * 3) / 4

/** Servers, clients, and the one queue of their events. */
export class Network implements LinkNetwork {
  readonly links: Set<Link> = new Set<Link>()
  /** The servers that are open. */
  readonly hosts: Set<ServerHost> = new Set<ServerHost>()
  isPaused = false
  readonly #pausesAtEvents: number
  readonly #maxEventBytes: number
  readonly #queue: EventQueue
  readonly #counted: Record<Counted, number> = {
    lostEvents: 0,
    suppressedErrors: 0,
    pauses: 0,
    evictedHandshakes: 0,
    refusedConnections: 0,
    collectedConnections: 0,
  }
  #codec: TableCodec | undefined
  #arrivalMs: number | undefined
  #hasWarnedOfLoss = false

  /** @throws UDPipeError `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID` */
  constructor(options: NetworkOptions = {}) {
    const { overflow, maxEventBytes } = parse(options, networkParsers, 'createNetwork')
    this.#pausesAtEvents = overflow === 'pause' ? PAUSE_EVENTS : Infinity
    this.#maxEventBytes = maxEventBytes as number
    this.#queue = new EventQueue(overflow === 'drop')
  }

  /** Opens a server: see `Server` of `udpipe/network`. */
  Server(
    address: string,
    port?: number | null,
    cypherkey?: string | null,
    options?: ServerOptions,
  ): Promise<[Server, 'OK'] | [null, Result]> {
    const target = parseTarget('Server', address, port, cypherkey)
    const settings = parseServerOptions(options)
    this.#codec ??= new TableCodec()
    return typeof target === 'string' ? Promise.resolve([null, target]) : this.#listen(target, settings)
  }

  /** Dials a server: see `Client` of `udpipe/network`. */
  Client(
    address: string,
    port?: number | null,
    cypherkey?: string | null,
    options?: ClientOptions,
  ): Promise<[Client, 'OK'] | [null, Result]> {
    const target = parseTarget('Client', address, port, cypherkey)
    const settings = parseClientOptions(options)
    this.#codec ??= new TableCodec()
    if (typeof target === 'string') return Promise.resolve([null, target])
    const dial = settings.transport === 'udp' ? dialUdp : dialTcp
    const client = new Client(this, settings, target.address, (owner: LinkOwner) => dial(owner, this, settings, target))
    return Promise.resolve([client, 'OK'])
  }

  /** What happened since the last call: see `PollEvents` of `udpipe/network`. */
  PollEvents(): NetworkEvent[] {
    const events = this.#queue.poll()
    this.#hasWarnedOfLoss = false
    // Later, so that what was polled need not be in memory together with what comes next.
    if (this.isPaused && !this.#isFull(0.5)) setImmediate(this.#resume)
    return events
  }

  /** What was counted so far: a copy. */
  counters(): NetworkCounters {
    let connections = 0
    for (const host of this.hosts) connections += host.links.size
    const { length: waitingEvents, bytes: waitingEventBytes } = this.#queue
    return { waitingEvents, waitingEventBytes, connections, ...this.#counted }
  }

  /** @internal */
  get codec(): TableCodec {
    return (this.#codec ??= new TableCodec())
  }

  /** @internal */
  nextSocketId(): number {
    lastSocketId += 1
    return lastSocketId
  }

  /** @internal */
  setArrival(atMs: number | undefined): void {
    this.#arrivalMs = atMs
  }

  /** When what happens now happened: when its bytes arrived. @internal */
  timestamp(): number {
    lastTimestamp = Math.max(lastTimestamp, performance.timeOrigin + (this.#arrivalMs ?? performance.now()))
    return lastTimestamp
  }

  /** @internal */
  count(what: Counted): void {
    this.#counted[what] += 1
  }

  /** Adds an event, whose table takes so much memory. @internal */
  push(event: NetworkEvent, memoryBytes = 0): void {
    const lost = this.#queue.push(event, memoryBytes)
    if (lost !== undefined) this.#handleLoss(lost)
    if (!this.isPaused && this.#isFull(1)) this.#pause()
  }

  async #listen(target: Target, settings: Settings): Promise<[Server, 'OK'] | [null, Result]> {
    const host = new ServerHost(this, settings)
    const listen = settings.transport === 'udp' ? listenUdp : listenTcp
    const listener = await listen(host, target)
    if (typeof listener === 'string') return [null, listener]
    const server = new Server(host, this.nextSocketId(), listener.address, listener.port)
    host.open(server, listener)
    this.hosts.add(host)
    return [server, 'OK']
  }

  #isFull(share: number): boolean {
    return this.#queue.bytes >= this.#maxEventBytes * share || this.#queue.length >= this.#pausesAtEvents * share
  }

  #pause(): void {
    this.isPaused = true
    this.count('pauses')
    for (const link of this.links) link.pause()
  }

  readonly #resume = (): void => {
    if (!this.isPaused || this.#isFull(0.5)) return
    this.isPaused = false
    for (const link of [...this.links]) {
      // What it brings may be too much again.
      if (this.#isFull(1)) break
      // Who has had a turn comes last the next time.
      if (this.links.delete(link)) this.links.add(link)
      link.resume()
    }
  }

  #handleLoss(lost: NetworkEvent): void {
    this.count('lostEvents')
    if (lost.Event === EVENT_CONNECT) {
      const link = linkOf(lost.Object)
      for (const host of this.hosts) if (link !== undefined && host.links.has(link)) host.handleLostConnect(link)
    }
    if (this.#hasWarnedOfLoss) return
    this.#hasWarnedOfLoss = true
    process.emitWarning(
      `More than ${MAX_EVENTS} network events waited, and the oldest are lost: call PollEvents more often.`,
      'UDPipeWarning',
      'UDPIPE_NETWORK_EVENTS_LOST',
    )
  }
}

const networkParsers = {
  overflow: (value: unknown = 'drop', name: string): 'drop' | 'pause' => {
    if (value === 'drop' || value === 'pause') return value
    throw invalid(name, `'drop' or 'pause'`, value)
  },
  maxEventBytes: integer(64 * KiB, MAX_EVENT_BYTES, DEFAULT_EVENT_BYTES),
}

/** Of all networks of this process. */
let lastSocketId = 0
let lastTimestamp = 0
