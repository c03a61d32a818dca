import type { Counters } from './counters.ts'
import type { SessionDriver } from './session-driver.ts'
import type { Peer } from './peer.ts'

/**
 * The links of an endpoint, and which of them have something to do: so that a step costs as much as what happened, not
 * as much as there are links.
 */
export class SessionDrivers {
  readonly #drivers = new Map<Peer, SessionDriver>()
  readonly #byId = new Map<number, SessionDriver>()
  readonly #onRemoved: (driver: SessionDriver) => void
  #ready: SessionDriver[] = []
  /** Those that wait for the other side, or to dial again; the one that has waited longest first. */
  readonly #waiting = new Set<SessionDriver>()
  readonly #toDispatch: SessionDriver[] = []
  #dispatched = 0
  #toTransmit: SessionDriver[] = []
  #nextDeadline = Infinity
  #awakeMs = 0

  /** `onRemoved` hears of each driver that is over, after its last callback. */
  constructor(onRemoved: (driver: SessionDriver) => void) {
    this.#onRemoved = onRemoved
  }

  get size(): number {
    return this.#drivers.size
  }

  /** When `advance` has something to do, at the latest. */
  get nextDeadline(): number {
    return this.#toDispatch.length > 0 || this.#toTransmit.length > 0 ? -Infinity : this.#nextDeadline
  }

  [Symbol.iterator](): IterableIterator<SessionDriver> {
    return this.#drivers.values()
  }

  of(peer: Peer): SessionDriver | undefined {
    return this.#drivers.get(peer)
  }

  with(peerId: number): SessionDriver | undefined {
    return this.#byId.get(peerId)
  }

  /** Adds what the links dropped so far; those that are over have kept it themselves. */
  count(counters: Counters): void {
    for (const driver of this.#drivers.values()) driver.count(counters)
  }

  /** The one that has waited longest for the other side; `undefined` when none waits. */
  get oldestWaiting(): SessionDriver | undefined {
    for (const driver of this.#waiting) if (driver.isWaiting) return driver
    return undefined
  }

  /** Ends a driver whose session was told to: its last callbacks fire now, and its socket is closed. */
  finish(driver: SessionDriver): void {
    this.touch(driver)
    driver.dispatch()
    if (driver.isClosed) this.#remove(driver)
  }

  add(driver: SessionDriver): void {
    this.#drivers.set(driver.peer, driver)
    this.#byId.set(driver.peer.id, driver)
    driver.begin(this.#awakeMs)
    this.touch(driver)
  }

  /** Something arrived in this driver's inbox. */
  ready(driver: SessionDriver): void {
    if (driver.isReady) return
    driver.isReady = true
    this.#ready.push(driver)
  }

  /** This driver's session was told something: it may have events and datagrams. */
  touch(driver: SessionDriver): void {
    if (!driver.isToDispatch) {
      driver.isToDispatch = true
      this.#toDispatch.push(driver)
    }
    if (!driver.isToTransmit) {
      driver.isToTransmit = true
      this.#toTransmit.push(driver)
    }
  }

  receive(): void {
    const ready = this.#ready
    this.#ready = []
    for (const driver of ready) {
      driver.isReady = false
      driver.receive()
      this.touch(driver)
    }
  }

  advance(now: number, awakeMs: number): void {
    this.#awakeMs = awakeMs
    // Whoever was told something keeps up with the time, even when its deadline moves ahead each time.
    for (const driver of this.#toDispatch) if (driver.isToDispatch) this.#advance(driver, now, awakeMs)
    if (now < this.#nextDeadline) return
    this.#nextDeadline = Infinity
    for (const driver of this.#drivers.values()) {
      if (now >= driver.deadline) {
        this.#advance(driver, now, awakeMs)
      } else if (driver.deadline < this.#nextDeadline) {
        this.#nextDeadline = driver.deadline
      }
    }
  }

  /**
   * Fires the callbacks of every driver with events, and of those that the callbacks touch. When a callback throws, the
   * rest stays for the next time.
   */
  dispatch(): void {
    for (let driver = this.#toDispatch[this.#dispatched]; driver; driver = this.#toDispatch[this.#dispatched]) {
      driver.dispatch()
      driver.isToDispatch = false
      this.#dispatched += 1
      if (driver.isClosed) this.#remove(driver)
      else if (!driver.isWaiting) this.#waiting.delete(driver)
      else this.#waiting.add(driver)
    }
    this.#toDispatch.length = 0
    this.#dispatched = 0
  }

  transmit(now: number): void {
    const toTransmit = this.#toTransmit
    this.#toTransmit = []
    for (const driver of toTransmit) {
      driver.isToTransmit = false
      driver.transmit(now)
      if (driver.deadline < this.#nextDeadline) this.#nextDeadline = driver.deadline
    }
  }

  #advance(driver: SessionDriver, now: number, awakeMs: number): void {
    driver.advance(now, awakeMs)
    this.touch(driver)
  }

  #remove(driver: SessionDriver): void {
    if (!this.#drivers.delete(driver.peer)) return
    this.#byId.delete(driver.peer.id)
    this.#waiting.delete(driver)
    driver.dispose()
    this.#onRemoved(driver)
  }
}
