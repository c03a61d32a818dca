import type { SimulationContext } from './simulation-context.ts'
import type { LinkOptions } from './link-options.ts'
import { Network } from './network.ts'
import { Random } from './random.ts'
import { Timeline } from './timeline.ts'
import { Timer } from './timer.ts'
import type { TimerOptions } from './timer.ts'
import type { Trace } from './trace.ts'

/** Options of every simulation. */
export interface SimulationOptions {
  /** A whole number; the same seed and the same calls give the same run, datagram by datagram. */
  readonly seed: number
  /** What each link does that is given no options of its own. Default: a perfect link. */
  readonly link?: LinkOptions
  /** Where to write down what happens. Default: nowhere, which is faster. */
  readonly trace?: Trace | undefined
}

/** How {@link Simulation.settle} knows that nothing more happens. */
export interface SettleOptions {
  /** No datagram for so long is quiet. Default 200, which is less than the time between pings. */
  readonly quietMs?: number
  /** How long to wait for that. Default 60,000. */
  readonly limitMs?: number
}

/** The largest UDP payload that IPv4 carries. */
const MAX_DATAGRAM_BYTES = 65_507

/** A network, virtual time, and programs on it. {@link World} says which programs. */
export class Simulation {
  readonly network: Network
  /** The source of all randomness; take a fork of it with a label of your own. */
  readonly random: Random
  protected readonly context: SimulationContext
  readonly #timeline: Timeline = new Timeline()

  /** Throws a RangeError for a seed or an option of a link that is out of its range. */
  constructor({ seed, link = {}, trace }: SimulationOptions) {
    this.random = new Random(seed)
    this.network = new Network(this.#timeline, this.random.fork('network'), link, trace)
    this.context = {
      timeline: this.#timeline,
      network: this.network,
      trace,
      scratch: new Uint8Array(MAX_DATAGRAM_BYTES),
    }
  }

  /** The time in milliseconds, from 0. */
  get now(): number {
    return this.#timeline.now
  }

  /** Lets time pass until `untilMs`. */
  runUntil(untilMs: number): void {
    while (this.#timeline.advance(untilMs));
  }

  /** Lets `durationMs` pass. */
  run(durationMs: number): void {
    this.runUntil(this.now + durationMs)
  }

  /** Lets time pass until something is so. Returns whether it came to be within `limitMs`. */
  waitFor(isDone: () => boolean, limitMs = 60_000): boolean {
    const untilMs = this.now + limitMs
    this.#timeline.settleTouched()
    while (!isDone()) if (!this.#timeline.advance(untilMs)) return isDone()
    return true
  }

  /** Lets time pass until no datagram moves any more. Returns how long that took; throws when it never comes to rest. */
  settle({ quietMs = 200, limitMs = 60_000 }: SettleOptions = {}): number {
    const startMs = this.now
    const untilMs = startMs + limitMs
    this.#timeline.settleTouched()
    for (;;) {
      if (this.now >= untilMs) throw new Error(`Datagrams still move after ${limitMs} ms.`)
      const quietAt = Math.max(this.network.activeAt, startMs) + quietMs
      const isMoving = this.network.inFlightPackets > 0
      const hasMoved = this.#timeline.advance(isMoving ? untilMs : Math.min(quietAt, untilMs))
      if (!hasMoved && !isMoving && this.now >= quietAt) return this.now - startMs
    }
  }

  /** Calls something once, at a time. */
  at(timeMs: number, action: () => void): Timer {
    return new Timer(this.#timeline, action, { name: 'timer', fromMs: timeMs })
  }

  /** Calls something at an interval. */
  every(intervalMs: number, action: () => void, options: TimerOptions = {}): Timer {
    return new Timer(this.#timeline, action, { ...options, name: 'timer', intervalMs })
  }

  /** Writes a line into the trace, if there is one. */
  note(name: string, text: string): void {
    this.context.trace?.note(this.now, name, text)
  }
}
