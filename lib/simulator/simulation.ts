import { UDPipeError } from '../core/errors.ts'
import { explain } from './explanation.ts'
import { resolveLink, type LinkOptions } from './link-options.ts'
import { Network } from './network.ts'
import { requireFinite, requireFunction } from './option-checks.ts'
import { Random } from './random.ts'
import type { SimulationContext } from './simulation-context.ts'
import { Timeline } from './timeline.ts'
import { Timer } from './timer.ts'
import type { TimerOptions } from './timer.ts'
import { Trace } from './trace.ts'

/** Options of every simulation. */
export interface SimulationOptions {
  /** A whole number; the same seed and the same calls give the same run, datagram by datagram. */
  readonly seed: number
  /** What each link does that is given no options of its own. Default: a perfect link. */
  readonly link?: LinkOptions
  /** Where to write down what happens; `false` for nowhere, which is faster. Default: a {@link Trace} of its own, of 60 lines. */
  readonly trace?: Trace | false | undefined
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

/** For how many turns of the microtask queue a promise may take before time goes on without it. */
const PROMISE_TURNS = 32

/** How far time goes on between two looks at a promise. */
const PROMISE_STEP_MS = 1

/** A network, virtual time, and programs on it. {@link World} says which programs. */
export class Simulation {
  readonly network: Network
  /** The source of all randomness; take a fork of it with a label of your own. */
  readonly random: Random
  protected readonly context: SimulationContext
  readonly #seed: number
  readonly #timeline: Timeline = new Timeline()
  #isPlaying = false

  /**
   * @throws RangeError for a seed or an option of a link that is out of its range
   * @throws UDPipeError `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID`
   */
  constructor({ seed, link = {}, trace: given = new Trace() }: SimulationOptions) {
    const trace = given === false ? undefined : given
    resolveLink(link)
    this.#seed = seed
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

  /** What has happened so far, if it is written down. */
  get trace(): Trace | undefined {
    return this.context.trace
  }

  /**
   * Lets time pass until `untilMs`; everything that is due until then happens within this call. What a callback throws leaves it, with the seed
   * and the end of the trace added to its message.
   *
   * @throws RangeError for a time that is not a finite number
   * @throws UDPipeError `ERR_REENTRANT_STEP` from within a callback
   */
  runUntil(untilMs: number): void {
    requireFinite('untilMs', untilMs)
    this.#play(() => {
      while (this.#timeline.advance(untilMs));
    })
  }

  /**
   * Lets `durationMs` pass, as {@link runUntil} does.
   *
   * @throws RangeError for a duration that is not a finite number of at least 0, and what {@link runUntil} throws
   */
  run(durationMs: number): void {
    requireFinite('durationMs', durationMs, 0)
    this.runUntil(this.now + durationMs)
  }

  /**
   * Lets time pass until something is so, and no longer.
   *
   * @param isDone is asked after each thing that happens, so it is to be quick
   * @returns whether it came to be within `limitMs`, by default 60,000
   * @throws what {@link run} throws
   */
  waitFor(isDone: () => boolean, limitMs = 60_000): boolean {
    requireFunction('isDone', isDone)
    requireFinite('limitMs', limitMs, 0)
    const untilMs = this.now + limitMs
    return this.#play(() => {
      this.#timeline.settleTouched()
      while (!isDone()) if (!this.#timeline.advance(untilMs)) return isDone()
      return true
    })
  }

  /**
   * Lets time pass until a promise settles: `await world.until(client.close())`. Promises are not on virtual time: what waits for one goes on only
   * while the test itself awaits something. This does both in turn, a millisecond of the simulation at a time. It waits for promises that hang on
   * the simulation alone: one that waits for a real timer, file or socket is not given the real time that it needs.
   *
   * @returns what the promise resolves with
   * @throws what the promise rejects with; an Error when it has not settled within `limitMs`, by default 60,000
   */
  async until<Value>(promise: PromiseLike<Value>, limitMs = 60_000): Promise<Value> {
    requireFinite('limitMs', limitMs, 0)
    const watched = Promise.resolve(promise)
    const state = { isSettled: false }
    const settle = (): void => void (state.isSettled = true)
    watched.then(settle, settle)
    const untilMs = this.now + limitMs
    for (;;) {
      for (let turn = 0; turn < PROMISE_TURNS && !state.isSettled; turn += 1) await Promise.resolve()
      if (state.isSettled) break
      if (this.now >= untilMs) throw this.explain(new Error(`The promise has not settled after ${limitMs} ms.`))
      this.runUntil(Math.min(this.now + PROMISE_STEP_MS, untilMs))
    }
    try {
      return await watched
    } catch (error) {
      throw this.explain(error)
    }
  }

  /**
   * Lets time pass until no datagram moves any more.
   *
   * @returns how long that took, in milliseconds
   * @throws Error when it never comes to rest, and what {@link run} throws
   */
  settle(options: SettleOptions = {}): number {
    return this.#play(() => this.#settle(options))
  }

  /**
   * Adds to an error what this simulation knows of how it came about: the seed, the time, and the end of the trace. What leaves {@link run} has it
   * already; an error that has it is left as it is.
   *
   * @returns the same error, or one around what was thrown that is none
   */
  explain(error: unknown): Error {
    return explain(error, this.#seed, this.now, this.trace)
  }

  /**
   * Calls something once, at a time; it is not part of any program, so that it may do what no program can: crash one, change a link.
   *
   * @throws RangeError for a time that is not a finite number
   */
  at(timeMs: number, action: () => void): Timer {
    return new Timer(this.#timeline, action, { name: 'timer', fromMs: timeMs })
  }

  /**
   * Calls something at an interval, as {@link at} does.
   *
   * @throws RangeError for an interval that is not a finite number above 0
   */
  every(intervalMs: number, action: () => void, options: TimerOptions = {}): Timer {
    return new Timer(this.#timeline, action, { ...options, name: 'timer', intervalMs })
  }

  /** Writes a line into the trace, if there is one. */
  note(name: string, text: string): void {
    this.context.trace?.note(this.now, name, text)
  }

  #settle({ quietMs = 200, limitMs = 60_000 }: SettleOptions): number {
    requireFinite('quietMs', quietMs, 0)
    requireFinite('limitMs', limitMs, 0)
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

  #play<Result>(pass: () => Result): Result {
    if (this.#isPlaying) {
      throw new UDPipeError(
        'ERR_REENTRANT_STEP',
        'Time passes already: run, waitFor, until and settle are for the test itself, not for what they call.',
      )
    }
    this.#isPlaying = true
    try {
      return pass()
    } catch (error) {
      throw this.explain(error)
    } finally {
      this.#isPlaying = false
    }
  }
}
