import { Clock } from './clock.ts'
import type { ClockOptions } from './clock.ts'
import { nextInInterval } from './interval.ts'
import type { Partition } from './link-options.ts'

/** How a program steps what it owns. */
export interface LoopOptions {
  /**
   * Steps at this interval, as a game's main loop does. Without it a session is stepped the instant a datagram arrives
   * or its deadline falls due.
   */
  readonly stepMs?: number | undefined
  /** When the first of those steps is. Default 0. */
  readonly phaseMs?: number
  /** Spans of time in which the program does nothing at all: garbage collection, a breakpoint, SIGSTOP. Default none. */
  readonly pauses?: readonly Partition[]
  /** The program's own clock. */
  readonly clock?: ClockOptions
  /**
   * Calls `handleTimeout` only when the deadline has passed that the session named at the end of the step before, as a
   * program with thousands of sessions does, instead of in every step. Default false.
   */
  readonly isLazy?: boolean
  /** How many datagrams wait in a socket for the next step; more are dropped and counted. Default 4,096. */
  readonly inboxPackets?: number
}

/** How much a step may be late before the rest no longer counts as the other side's silence. */
export const SILENCE_GRACE_MS = 250

const DEFAULT_INBOX_PACKETS = 4_096

/** A program's main loop: when it runs, and what its clock shows. */
export class Loop {
  readonly clock: Clock
  readonly inboxPackets: number
  readonly isLazy: boolean
  readonly #stepMs: number | undefined
  readonly #phaseMs: number
  readonly #pauses: Partition[]

  /** Throws a RangeError for options that are out of their range. */
  constructor(options: LoopOptions = {}) {
    this.#stepMs = options.stepMs
    this.#phaseMs = options.phaseMs ?? 0
    this.#pauses = [...(options.pauses ?? [])]
    this.clock = new Clock(options.clock)
    this.isLazy = options.isLazy ?? false
    this.inboxPackets = options.inboxPackets ?? DEFAULT_INBOX_PACKETS
    if (this.#stepMs !== undefined && !(this.#stepMs > 0)) {
      throw new RangeError(`stepMs must be more than 0, not ${this.#stepMs}.`)
    }
    if (!(this.inboxPackets >= 1)) throw new RangeError(`inboxPackets must be at least 1, not ${this.inboxPackets}.`)
  }

  /** Whether it steps at an interval, whatever arrives. */
  get isTicking(): boolean {
    return this.#stepMs !== undefined
  }

  /** Stops the program from `fromMs` up to `untilMs`, in the simulation's time. */
  pause(fromMs: number, untilMs: number): void {
    if (!(untilMs > fromMs)) throw new RangeError(`A pause must end after it begins, not last ${fromMs}–${untilMs} ms.`)
    this.#pauses.push({ fromMs, untilMs })
  }

  /** The first time from `time` on at which the program runs. */
  runsFrom(time: number): number {
    let running = time
    for (let isMoved = true; isMoved;) {
      isMoved = false
      for (const { fromMs, untilMs } of this.#pauses) {
        if (running < fromMs || running >= untilMs) continue
        running = untilMs
        isMoved = true
      }
    }
    return running
  }

  /** The first step of a ticking loop after `time`. */
  nextTick(time: number): number {
    if (this.#stepMs === undefined) return Infinity
    return time < this.#phaseMs ? this.#phaseMs : nextInInterval(this.#phaseMs, this.#stepMs, time)
  }
}
