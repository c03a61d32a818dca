import { linkOf } from './client-connection.ts'
import { EVENT_CONNECT, type NetworkEvent } from './event.ts'
import { EventQueue, MAX_EVENTS } from './event-queue.ts'
import type { Link, LinkNetwork } from './link/link.ts'
import type { ServerHost } from './server-host.ts'
import { TableCodec } from './link/table-codec.ts'

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

/** What {@link Hub.count} counts. */
type Counted =
  'lostEvents' | 'suppressedErrors' | 'pauses' | 'evictedHandshakes' | 'refusedConnections' | 'collectedConnections'

/** With `overflow: 'pause'`, reading stops with so many events. */
const PAUSE_EVENTS = (MAX_EVENTS * 3) / 4

/** What the servers, clients and connections of a network share: the queue of their events, and how much of them is read. */
export class Hub implements LinkNetwork {
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

  constructor(overflow: 'drop' | 'pause', maxEventBytes: number) {
    this.#pausesAtEvents = overflow === 'pause' ? PAUSE_EVENTS : Infinity
    this.#maxEventBytes = maxEventBytes
    this.#queue = new EventQueue(overflow === 'drop')
  }

  /** What encodes and decodes: loaded on first use. */
  get codec(): TableCodec {
    return this.requireCodec()
  }

  /** @throws UDPipeError `ERR_DEPENDENCY_MISSING` */
  requireCodec(): TableCodec {
    return (this.#codec ??= new TableCodec())
  }

  /** Takes the oldest events out. */
  poll(): NetworkEvent[] {
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

  nextSocketId(): number {
    lastSocketId += 1
    return lastSocketId
  }

  setArrival(atMs: number | undefined): void {
    this.#arrivalMs = atMs
  }

  /** When what happens now happened: when its bytes arrived. */
  timestamp(): number {
    lastTimestamp = Math.max(lastTimestamp, performance.timeOrigin + (this.#arrivalMs ?? performance.now()))
    return lastTimestamp
  }

  count(what: Counted): void {
    this.#counted[what] += 1
  }

  /** Adds an event, whose table takes so much memory. */
  push(event: NetworkEvent, memoryBytes = 0): void {
    const lost = this.#queue.push(event, memoryBytes)
    if (lost !== undefined) this.#handleLoss(lost)
    if (!this.isPaused && this.#isFull(1)) this.#pause()
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

/** Of all networks of this process. */
let lastSocketId = 0
let lastTimestamp = 0
