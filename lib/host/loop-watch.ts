import type { Scheduler } from '../port/platform.ts'

/** How long a start or a connect may wait for its first step. */
const FIRST_STEP_WITHIN_MS = 2_000
/** It is waited for in so many timers: a program that was blocked all the time has had no chance to step. */
const FIRST_STEP_TIMERS = 4

/** Every so many steps it is looked whether the event loop has turned. */
const STEPS_A_PROBE = 16
/** How long steps may follow each other without a turn of the event loop. */
const TURN_WITHIN_MS = 1_000

/** A warning of the process, with what causes it and what cures it. */
class UDPipeWarning extends Error {
  override readonly name = 'UDPipeWarning'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Who is warned: by the usual way, or at once where the event loop never turns. */
export interface LoopWatchOptions {
  readonly scheduler: Scheduler
  readonly clock: () => number
  warn(warning: Error): void
  warnAtOnce(warning: Error): void
}

/** Warns, once each, of a program that does not step, and of one that steps and never lets the event loop turn. */
export class LoopWatch {
  readonly #options: LoopWatchOptions
  #timer: unknown
  #timersLeft = 0
  #hasWarnedOfNoStep = false
  #hasWarnedOfNoTurn = false
  #probe: unknown
  #probedAt = 0
  #steps = 0

  constructor(options: LoopWatchOptions) {
    this.#options = options
  }

  /** A start or a connect begins: a step is to come. */
  begin(): void {
    this.end()
    if (this.#hasWarnedOfNoStep) return
    this.#timersLeft = FIRST_STEP_TIMERS
    this.#wait()
  }

  /** Somebody steps, or nobody needs to. */
  end(): void {
    if (this.#timer === undefined) return
    this.#options.scheduler.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** The program has stepped by itself. */
  noteStep(): void {
    this.end()
    if (this.#hasWarnedOfNoTurn) return
    this.#steps += 1
    if (this.#steps < STEPS_A_PROBE) return
    const { clock } = this.#options
    if (this.#probe === undefined) this.#startProbe(clock())
    else if (clock() - this.#probedAt >= TURN_WITHIN_MS) this.#warnOfNoTurn(clock() - this.#probedAt)
  }

  #wait(): void {
    const { scheduler } = this.#options
    this.#timer = scheduler.setTimeout(this.#onTimer, FIRST_STEP_WITHIN_MS / FIRST_STEP_TIMERS)
    scheduler.unref(this.#timer)
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined
    this.#timersLeft -= 1
    if (this.#timersLeft > 0) this.#wait()
    else this.#warnOfNoStep()
  }

  #startProbe(now: number): void {
    const { scheduler } = this.#options
    this.#probedAt = now
    this.#probe = scheduler.setImmediate(this.#onTurn)
    scheduler.unref(this.#probe)
  }

  readonly #onTurn = (): void => {
    this.#probe = undefined
    this.#steps = 0
  }

  #warnOfNoStep(): void {
    this.#hasWarnedOfNoStep = true
    this.#options.warn(
      new UDPipeWarning(
        'UDPIPE_NOT_STEPPED',
        `Nobody has called step() in the ${FIRST_STEP_WITHIN_MS / 1000} s since start() or connect(): until somebody does, nothing ` +
          `arrives, no callback fires, and the promise of connect() stays open. Before you await anything, start a loop: ` +
          `run(), or setInterval(() => pipe.step(), 16), or for await (const dt of ticks(60)) pipe.step(dt).`,
      ),
    )
  }

  #warnOfNoTurn(durationMs: number): void {
    this.#hasWarnedOfNoTurn = true
    this.#options.warnAtOnce(
      new UDPipeWarning(
        'UDPIPE_LOOP_STARVED',
        `step() was called ${this.#steps} times in ${(durationMs / 1000).toFixed(1)} s without one turn of the event loop: no ` +
          `datagram can arrive meanwhile, and no timer fires. Instead of while (true) pipe.step(), write ` +
          `for await (const dt of ticks(60)) pipe.step(dt), or call run().`,
      ),
    )
  }
}
