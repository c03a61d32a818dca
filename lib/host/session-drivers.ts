import type { Counters } from './counters.ts'
import type { Link } from './session-driver.ts'
import type { Peer } from './peer.ts'

/**
 * The links of an endpoint, and which of them have something to do: so that a step costs as much as what happened, not
 * as much as there are links.
 */
export class Links {
  readonly #links = new Map<Peer, Link>()
  readonly #onRemoved: (link: Link) => void
  #ready: Link[] = []
  /** Those that wait for the other side, or to dial again; the one that has waited longest first. */
  readonly #waiting = new Set<Link>()
  readonly #toDispatch: Link[] = []
  #dispatched = 0
  #toTransmit: Link[] = []
  #nextDeadline = Infinity
  #awakeMs = 0

  /** `onRemoved` hears of each link that is over, after its last callback. */
  constructor(onRemoved: (link: Link) => void) {
    this.#onRemoved = onRemoved
  }

  get size(): number {
    return this.#links.size
  }

  /** When `advance` has something to do, at the latest. */
  get nextDeadline(): number {
    return this.#toDispatch.length > 0 || this.#toTransmit.length > 0 ? -Infinity : this.#nextDeadline
  }

  [Symbol.iterator](): IterableIterator<Link> {
    return this.#links.values()
  }

  of(peer: Peer): Link | undefined {
    return this.#links.get(peer)
  }

  /** Adds what the links dropped so far; those that are over have kept it themselves. */
  count(counters: Counters): void {
    for (const link of this.#links.values()) link.count(counters)
  }

  /** The link that has waited longest for the other side; `undefined` when none waits. */
  get oldestWaiting(): Link | undefined {
    for (const link of this.#waiting) if (link.isWaiting) return link
    return undefined
  }

  /** Ends a link whose session was told to: its last callbacks fire now, and its socket is closed. */
  finish(link: Link): void {
    this.touch(link)
    link.dispatch()
    if (link.isClosed) this.#remove(link)
  }

  add(link: Link): void {
    this.#links.set(link.peer, link)
    link.begin(this.#awakeMs)
    this.touch(link)
  }

  /** Something arrived in this link's inbox. */
  ready(link: Link): void {
    if (link.isReady) return
    link.isReady = true
    this.#ready.push(link)
  }

  /** This link's session was told something: it may have events and datagrams. */
  touch(link: Link): void {
    if (!link.isToDispatch) {
      link.isToDispatch = true
      this.#toDispatch.push(link)
    }
    if (!link.isToTransmit) {
      link.isToTransmit = true
      this.#toTransmit.push(link)
    }
  }

  receive(): void {
    const ready = this.#ready
    this.#ready = []
    for (const link of ready) {
      link.isReady = false
      link.receive()
      this.touch(link)
    }
  }

  advance(now: number, awakeMs: number): void {
    this.#awakeMs = awakeMs
    // Whoever was told something keeps up with the time, even when its deadline moves ahead each time.
    for (const link of this.#toDispatch) if (link.isToDispatch) this.#advance(link, now, awakeMs)
    if (now < this.#nextDeadline) return
    this.#nextDeadline = Infinity
    for (const link of this.#links.values()) {
      if (now >= link.deadline) {
        this.#advance(link, now, awakeMs)
      } else if (link.deadline < this.#nextDeadline) {
        this.#nextDeadline = link.deadline
      }
    }
  }

  /**
   * Fires the callbacks of every link with events, and of those that the callbacks touch. When a callback throws, the
   * rest stays for the next time.
   */
  dispatch(): void {
    for (let link = this.#toDispatch[this.#dispatched]; link; link = this.#toDispatch[this.#dispatched]) {
      link.dispatch()
      link.isToDispatch = false
      this.#dispatched += 1
      if (link.isClosed) this.#remove(link)
      else if (!link.isWaiting) this.#waiting.delete(link)
      else this.#waiting.add(link)
    }
    this.#toDispatch.length = 0
    this.#dispatched = 0
  }

  transmit(now: number): void {
    const toTransmit = this.#toTransmit
    this.#toTransmit = []
    for (const link of toTransmit) {
      link.isToTransmit = false
      link.transmit(now)
      if (link.deadline < this.#nextDeadline) this.#nextDeadline = link.deadline
    }
  }

  #advance(link: Link, now: number, awakeMs: number): void {
    link.advance(now, awakeMs)
    this.touch(link)
  }

  #remove(link: Link): void {
    if (!this.#links.delete(link.peer)) return
    this.#waiting.delete(link)
    link.dispose()
    this.#onRemoved(link)
  }
}
