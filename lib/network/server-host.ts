import { TokenBucket } from '../core/token-bucket.ts'
import { ClientConnection } from './client-connection.ts'
import { holdStrongly, holdWeakly } from './collection.ts'
import { EVENT_CLIENT_CLOSE, EVENT_CONNECT, EVENT_ERROR, EVENT_RECEIVE } from './event.ts'
import type { Link, LinkOwner } from './link/link.ts'
import type { Hub } from './hub.ts'
import type { ServerSettings } from './link/options.ts'
import { result, type Result } from './link/result.ts'
import type { Server } from './server.ts'
import type { Listener } from './transport/listener.ts'
import { closeCodes } from './wire/close-code.ts'
import type { Table } from './wire/table-check.ts'

/** How many events a second strangers can cause, who have not shown that they are ours. */
const MAX_STRANGER_EVENTS_PER_SECOND = 10
/** How long `Close` waits until everything has left. */
const CLOSE_LIMIT_MS = 1_000

/** What stands behind a `Server`: its links, from the first byte to the last, and the events that come of them. */
export class ServerHost implements LinkOwner {
  readonly network: Hub
  readonly settings: ServerSettings
  /** Those that tables go to. */
  readonly links: Set<Link> = new Set<Link>()
  #openServer: Server | undefined
  #listener: Listener | undefined
  /** In the middle of the handshake, the oldest first. */
  readonly #shaking = new Set<Link>()
  /** Those that a place was promised to, until they leave. */
  readonly #admitted = new Set<Link>()
  /** Those that take no more tables, and still have some to hand on, or wait for the other side; the oldest first. */
  readonly #leaving = new Set<Link>()
  readonly #strangers = new TokenBucket(MAX_STRANGER_EVENTS_PER_SECOND)
  #closed: Promise<void> | undefined
  #resolveClosed: (() => void) | undefined

  constructor(network: Hub, settings: ServerSettings) {
    this.network = network
    this.settings = settings
  }

  /** It listens, and this is what the program has of it. */
  open(server: Server, listener: Listener): void {
    this.#openServer = server
    this.#listener = listener
    this.network.hosts.add(this)
  }

  /** A stranger has come. */
  addHandshake(link: Link): void {
    this.#shaking.add(link)
    if (this.#shaking.size <= this.settings.maxHandshakes) return
    const [oldest] = this.#shaking
    this.network.count('evictedHandshakes')
    oldest?.fail('ERR_TIMEOUT', 'newcomers needed its place in the handshake')
  }

  admitLink(link: Link): boolean {
    if (this.#closed !== undefined || this.#admitted.size >= this.settings.maxConnections) {
      this.network.count('refusedConnections')
      return false
    }
    this.#admitted.add(link)
    return true
  }

  handleStanding(link: Link): void {
    const server = this.#server
    this.#shaking.delete(link)
    this.links.add(link)
    const connection = new ClientConnection(server, link)
    link.holder = this.settings.keepConnections
      ? holdStrongly(connection)
      : holdWeakly(connection, () => this.#handleCollected(link))
    const Timestamp = this.network.timestamp()
    this.network.push({ Event: EVENT_CONNECT, Timestamp, Object: connection, Errors: 'OK', Server: server })
  }

  handleTable(link: Link, table: Table, memoryBytes: number): void {
    const connection = connectionOf(link)
    if (connection === undefined) {
      this.#handleCollected(link)
      return
    }
    const Timestamp = this.network.timestamp()
    this.network.push(
      { Event: EVENT_RECEIVE, Timestamp, Object: connection, Errors: 'OK', Packet: table, Server: this.#server },
      memoryBytes,
    )
  }

  handleError(link: Link, error: Result): void {
    if (!link.hasStood) {
      this.handleStranger(error)
      return
    }
    const connection = connectionOf(link)
    if (connection !== undefined) this.#pushError(connection, error)
  }

  handleLeaving(link: Link): void {
    this.links.delete(link)
    this.#shaking.delete(link)
    this.#admitted.delete(link)
    this.#leaving.add(link)
    // Each of them waits for a second at the most; a flood of them does not get so long.
    if (this.#leaving.size <= this.settings.maxConnections + this.settings.maxHandshakes) return
    const [oldest] = this.#leaving
    oldest?.destroy()
  }

  handleEnd(link: Link, why: Result, unsentTables: number): void {
    this.#leaving.delete(link)
    if (link.hasStood) {
      const server = this.#server
      // Whom nobody kept is told of by a stand-in, which says the same of itself.
      const connection = connectionOf(link) ?? new ClientConnection(server, link)
      const Timestamp = this.network.timestamp()
      this.network.push({
        Event: EVENT_CLIENT_CLOSE,
        Timestamp,
        Object: connection,
        Errors: why,
        Server: server,
        Unsent: unsentTables,
      })
    }
    this.#checkClosed()
  }

  /** Something went wrong with listening, or with somebody of whom the program has not heard: told of at most 10 times a second. */
  handleStranger(error: Result): void {
    if (this.#strangers.takeOne(performance.now())) this.#pushError(this.#server, error)
    else this.network.count('suppressedErrors')
  }

  /** Its EVENT_CONNECT was lost, and so the program can never get hold of it. */
  handleLostConnect(link: Link): void {
    const why = result('ERR_QUEUE_FULL', 'its EVENT_CONNECT was lost, because too many events waited: poll more often')
    link.close(closeCodes.normal, 'the server does not poll its events', why)
  }

  /** Lets nobody in any more, ends all connections, and resolves when they have ended. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#resolveClosed = resolve
      for (const link of [...this.#shaking, ...this.links]) link.close(closeCodes.goingAway, 'the server closes')
      const limit = setTimeout(() => {
        for (const link of this.#leaving) link.destroy()
      }, CLOSE_LIMIT_MS)
      limit.unref()
      void this.#listener?.close().then(() => {
        this.#listener = undefined
        this.network.hosts.delete(this)
        this.#checkClosed()
      })
    })
    return this.#closed
  }

  #checkClosed(): void {
    const isOver = this.#listener === undefined && this.links.size + this.#shaking.size + this.#leaving.size === 0
    if (isOver) this.#resolveClosed?.()
  }

  #handleCollected(link: Link): void {
    const sentence =
      'the program does not keep the Object of its EVENT_CONNECT: keep it, in a Set for example, or give Server ' +
      'keepConnections: true'
    if (!link.close(closeCodes.normal, 'the server does not keep this connection', result('ERR_COLLECTED', sentence))) {
      return
    }
    this.network.count('collectedConnections')
    warnOfCollection(sentence)
  }

  #pushError(object: Server | ClientConnection, error: Result): void {
    this.network.push({ Event: EVENT_ERROR, Timestamp: this.network.timestamp(), Object: object, Errors: error })
  }

  get #server(): Server {
    // Nobody comes before it is open.
    if (this.#openServer === undefined) throw new Error('a server that is not open has connections')
    return this.#openServer
  }
}

let hasWarned = false

/** Once in a process: what happens to the second connection is no news. */
function warnOfCollection(sentence: string): void {
  if (hasWarned) return
  hasWarned = true
  process.emitWarning(`A connection was closed: ${sentence}.`, 'UDPipeWarning', 'UDPIPE_NETWORK_COLLECTED')
}

/** The object by which the program knows a connection; `undefined` when there is none, or it has been collected. */
function connectionOf({ holder }: Link): ClientConnection | undefined {
  return holder?.deref() as ClientConnection | undefined
}
