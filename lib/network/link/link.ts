import type { Settings } from './options.ts'
import { closedResult, result, type Result } from './result.ts'
import type { TableCodec } from './table-codec.ts'
import { closeCodeOf, closeCodes, failureOf, type FailureCode } from '../wire/close-code.ts'
import type { Close } from '../wire/frame.ts'
import { LENGTH_BYTES } from '../wire/record.ts'
import type { Table } from '../wire/table-check.ts'

/** How an object is known: for as long as the program keeps it, or for as long as it is of use. */
export interface ObjectHolder {
  /** The object; `undefined` when it has been collected. */
  deref(): object | undefined
}

/** What one connection has counted. Bytes are those of frames: of a table, its encoded form and 5 more. */
export interface ConnectionStats {
  sentTables: number
  sentBytes: number
  receivedTables: number
  receivedBytes: number
  /** Tables that `Send` did not take: the queue was full, or the other side accepts none so large. */
  refusedTables: number
  /** Tables that wait, and their bytes. */
  waitingTables: number
  waitingBytes: number
}

/** The server or client that has a link, as the link sees it. */
export interface LinkOwner {
  /** Whether there is a place for one more. */
  admitLink(link: Link): boolean
  /** Tables may go both ways. */
  handleStanding(link: Link): void
  /** @param memoryBytes about what the table takes in memory */
  handleTable(link: Link, table: Table, memoryBytes: number): void
  /** Something went wrong; if that is the link's end, `handleEnd` follows. */
  handleError(link: Link, error: Result): void
  /** It takes no more tables, for this reason; once for each link that did. */
  handleLeaving(link: Link, why: Result): void
  /** It is over, once for each link. */
  handleEnd(link: Link, why: Result, unsentTables: number): void
}

/** What links share, of the network that they belong to. */
export interface LinkNetwork {
  readonly codec: TableCodec
  /** Whether so much waits to be polled that nothing more is to be read. */
  readonly isPaused: boolean
  /** What happens from now on in this turn was brought by bytes that came then: monotonic milliseconds, or nothing for now. */
  setArrival(atMs: number | undefined): void
  /** These links are told when there is room again. */
  readonly links: Set<Link>
}

/** One connection, whatever carries it: what is queued, counted, refused, and told once. */
export abstract class Link {
  readonly socketId: number
  /** The other side's numeric address, and its port. */
  address = ''
  port: number | null = null
  /** Of a server's link: the program's object for it. */
  holder: ObjectHolder | undefined
  /** Whether tables may go both ways, or could until the end. */
  hasStood = false

  protected readonly owner: LinkOwner
  protected readonly network: LinkNetwork
  protected readonly settings: Settings
  /** How many tables the transport has been given, and their bytes. */
  protected transmittedTables = 0
  protected transmittedBytes = 0
  /** Since when the queue has been full: monotonic milliseconds, or nothing when it is not. */
  protected fullSinceMs: number | undefined

  #peerLimit = Infinity
  #isOpen = true
  #hasEnded = false
  /** Why it ends, as far as that is known before it has ended. */
  #why: Result | undefined
  /** What was accepted before the other side said how much it takes. */
  #early: Uint8Array[] | undefined = []
  #earlyBytes = 0
  #receivedTables = 0
  #receivedBytes = 0
  #refusedTables = 0

  constructor(socketId: number, owner: LinkOwner, network: LinkNetwork, settings: Settings) {
    this.socketId = socketId
    this.owner = owner
    this.network = network
    this.settings = settings
    network.links.add(this)
  }

  /** Whether it takes tables. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  get stats(): ConnectionStats {
    return {
      sentTables: this.transmittedTables - this.queuedTables,
      sentBytes: this.transmittedBytes - this.queuedBytes,
      receivedTables: this.#receivedTables,
      receivedBytes: this.#receivedBytes,
      refusedTables: this.#refusedTables,
      waitingTables: this.waitingTables,
      waitingBytes: this.waitingBytes,
    }
  }

  get waitingTables(): number {
    return (this.#early?.length ?? 0) + this.queuedTables
  }

  get waitingBytes(): number {
    return this.#earlyBytes + this.queuedBytes
  }

  /**
   * Sends a whole frame of a table.
   *
   * @returns whether it was accepted; if not, the owner has been told why, unless the link is over
   */
  send(frame: Uint8Array): boolean {
    if (!this.#isOpen) return false
    if (frame.length - LENGTH_BYTES > this.#peerLimit) return this.#refuseTooLarge(frame)
    if (this.#wouldOverflow(frame.length)) return this.#refuseFull()
    if (this.#early === undefined) this.#transmit(frame)
    else this.#keepEarly(frame)
    return true
  }

  /** Closes on purpose, after what was accepted. Returns whether that is news. */
  close(code: number = closeCodes.normal, reason = '', why: Result = 'OK'): boolean {
    if (!this.#isOpen) return false
    this.#leave(why)
    this.beginEnd(code, reason)
    return true
  }

  /** Ends it because of this failure, of which the owner hears. */
  fail(failure: FailureCode, sentence: string): void {
    const error = result(failure, sentence)
    this.owner.handleError(this, error)
    this.close(closeCodeOf(failure) ?? closeCodes.protocol, sentence, error)
  }

  /** There is room for events again. */
  abstract resume(): void
  /** Nothing more is to be read for now. */
  abstract pause(): void
  /** Ends it without any more ado. */
  abstract destroy(): void

  /** How many tables wait in the transport, and the bytes of their frames. */
  protected abstract readonly queuedTables: number
  protected abstract readonly queuedBytes: number
  /** Sends a frame of a table. */
  protected abstract transmit(frame: Uint8Array): void
  /** Says goodbye after all that waits. */
  protected abstract beginEnd(code: number, reason: string): void

  /** The other side has said how large a frame may be: what waited for that goes out. */
  protected handleLimit(limit: number): void {
    this.#peerLimit = limit
    const early = this.#early ?? []
    this.#early = undefined
    this.#earlyBytes = 0
    for (const frame of early) {
      if (frame.length - LENGTH_BYTES <= limit) this.#transmit(frame)
      else this.#refuseTooLarge(frame)
    }
  }

  protected handleStanding(): void {
    this.hasStood = true
    this.owner.handleStanding(this)
  }

  /** A table lies in `bytes` from `start` up to `end`. */
  protected handleTable(bytes: Uint8Array, start: number, end: number): void {
    const { codec } = this.network
    const table = codec.decode(bytes, start, end, this.settings.maxDepth)
    if (table === undefined) {
      this.fail('ERR_TABLE_MALFORMED', `the other side sent no table: ${codec.problem}`)
      return
    }
    this.#receivedTables += 1
    this.#receivedBytes += end - start + LENGTH_BYTES + 1
    this.owner.handleTable(this, table, codec.memoryBytes)
  }

  /** The other side has said goodbye. */
  protected handleClosed({ code, reason }: Close): void {
    const failure = failureOf(code)
    this.#leave(failure === undefined ? closedResult(reason) : result(failure, `the other side closed: ${reason}`))
  }

  /** The transport knows why it ends, or finds that this is no longer to be changed. */
  protected handleFailure(why: Result): void {
    this.#leave(why)
  }

  /** Its queue stayed full for too long. */
  protected failSlow(): void {
    const { slowMs } = this.settings
    this.fail('ERR_SLOW', `its queue has been full for ${slowMs} ms, and the other side takes too little of it`)
  }

  /** Something was handed on. */
  protected handleSent(): void {
    if (this.fullSinceMs === undefined) return
    const { maxSendBytes, maxSendTables } = this.settings
    if (this.waitingBytes < maxSendBytes / 2 && this.waitingTables < maxSendTables / 2) this.fullSinceMs = undefined
  }

  /** Nothing will come or go any more. */
  protected finish(why: Result, unsentTables: number = this.queuedTables): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#leave(why)
    this.network.links.delete(this)
    this.owner.handleEnd(this, this.#why ?? why, unsentTables + (this.#early?.length ?? 0))
  }

  /** The first reason is the one that counts. */
  #leave(why: Result): void {
    this.#why ??= why
    if (!this.#isOpen) return
    this.#isOpen = false
    this.owner.handleLeaving(this, why)
  }

  #transmit(frame: Uint8Array): void {
    this.transmittedTables += 1
    this.transmittedBytes += frame.length
    this.transmit(frame)
  }

  #wouldOverflow(frameBytes: number): boolean {
    const { maxSendBytes, maxSendTables } = this.settings
    const { waitingTables } = this
    // One table may be larger than the queue, or it could never be sent.
    return waitingTables > 0 && (waitingTables >= maxSendTables || this.waitingBytes + frameBytes > maxSendBytes)
  }

  #keepEarly(frame: Uint8Array): void {
    this.#early?.push(new Uint8Array(frame))
    this.#earlyBytes += frame.length
  }

  #refuseTooLarge(frame: Uint8Array): false {
    this.#refusedTables += 1
    const lengthBytes = frame.length - LENGTH_BYTES - 1
    const sentence = `the other side accepts tables of up to ${this.#peerLimit - 1} bytes, and this one has ${lengthBytes}`
    this.owner.handleError(this, result('ERR_MESSAGE_TOO_LARGE', sentence))
    return false
  }

  /** Told once an episode, however many tables are refused in it. */
  #refuseFull(): false {
    this.#refusedTables += 1
    if (this.fullSinceMs !== undefined) return false
    this.fullSinceMs = performance.now()
    this.handleFull()
    const { waitingTables, waitingBytes } = this
    const sentence =
      `${waitingTables} tables with ${waitingBytes} bytes wait to be sent: tables are refused while there is no room; send ` +
      `less, or raise maxSendBytes or maxSendTables`
    this.owner.handleError(this, result('ERR_QUEUE_FULL', sentence))
    return false
  }

  /** An episode of a full queue has begun. */
  protected handleFull(): void {}
}
