import { AwakeClock } from './awake-clock.ts'
import { Runner } from './runner.ts'
import { Ticker } from './ticker.ts'
import type { Endpoint } from './endpoint.ts'
import { UDPipeError } from '../core/errors.ts'
import type { CloseReason } from '../session/session.ts'
import type { Scheduler } from '../port/platform.ts'
import { tickIntervalMs, type TicksOptions } from '../core/tick-schedule.ts'

/** How an engine is to step by itself. */
export interface Drive {
  /** Steps at this interval; without it, as datagrams arrive and deadlines fall due. */
  readonly intervalMs?: number | undefined
  /** When the first step at an interval is, by the engine's clock. Default: one interval from now. */
  readonly firstAt?: number | undefined
  /** Ends it. */
  readonly over: AbortSignal
  readonly onOver: () => void
  /** Hears what a step threw, which ends it, too. */
  readonly onError: (error: Error) => void
}

/** The longest that a step tells anybody to wait. */
const MAX_WAIT_MS = 60_000

/**
 * What makes an endpoint go: steps, flushes, loops, and its end. One engine serves one UDPipe for its whole life, through any
 * number of starts and closes.
 */
export class Engine {
  readonly #scheduler: Scheduler
  #clock: () => number
  readonly #onError: (error: UDPipeError) => void
  readonly #errors: UDPipeError[] = []
  #phase: 'idle' | 'running' | 'failed' | 'closing' | 'ended' | 'closed' = 'idle'
  #endpoint: Endpoint | undefined
  #awake = new AwakeClock()
  #isStepping = false
  #isFlushRequested = false
  /** What steps by itself, while something does. */
  #loop: Runner | Ticker | undefined
  #over = new AbortController()

  constructor(scheduler: Scheduler, clock: () => number, onError: (error: UDPipeError) => void) {
    this.#scheduler = scheduler
    this.#clock = clock
    this.#onError = onError
  }

  /** Aborts when what was started last is over. */
  get signal(): AbortSignal {
    return this.#over.signal
  }

  /** Whether a step, and so perhaps a callback, is under way. */
  get isStepping(): boolean {
    return this.#isStepping
  }

  get endpoint(): Endpoint | undefined {
    return this.#endpoint
  }

  /**
   * A start or connect begins, by this clock.
   *
   * @throws UDPipeError `ERR_ALREADY_STARTED`
   */
  begin(clock: () => number): void {
    if (this.#phase === 'running' || this.#phase === 'closing') {
      throw new UDPipeError(
        'ERR_ALREADY_STARTED',
        'This UDPipe has been started or connected already: close() it first, or use another.',
      )
    }
    this.#phase = 'running'
    this.#clock = clock
    // Whoever asked for the signal before this start has the one that aborts at its end.
    if (this.#over.signal.aborted) this.#over = new AbortController()
    this.#awake = new AwakeClock()
  }

  /** The endpoint that {@link begin} was for is there. */
  attach(endpoint: Endpoint): void {
    this.#endpoint = endpoint
    this.wake()
  }

  /** What {@link begin} was for did not come about: the next step tells `onError`, and that is the end of it. */
  fail(error: UDPipeError): void {
    this.#phase = 'failed'
    this.report(error)
  }

  /**
   * Makes sure that there is something to talk through.
   *
   * @throws UDPipeError `ERR_NOT_STARTED`, `ERR_CLOSED`
   */
  requireStarted(method: string): void {
    // A callback may still answer while everything closes: its peers take no more, and that is no mistake of its own.
    if (this.#phase === 'running' || (this.#phase === 'closing' && this.#isStepping)) return
    if (this.#phase === 'idle') {
      throw new UDPipeError('ERR_NOT_STARTED', `${method} was called before start() or connect().`)
    }
    throw new UDPipeError(
      'ERR_CLOSED',
      `${method} was called after the connection was closed: start() or connect() again.`,
    )
  }

  /** Tells `onError`, in this step or the next. */
  report(error: UDPipeError): void {
    this.#errors.push(error)
    this.wake()
  }

  /** Lets a runner step at once; a main loop comes by itself. */
  wake(): void {
    this.#loop?.wake()
  }

  /** What is queued outside a step leaves together at the end of this turn of the event loop. */
  requestFlush(): void {
    if (this.#isStepping || this.#isFlushRequested) return
    this.#isFlushRequested = true
    this.#scheduler.queueMicrotask(this.#flushRequested)
  }

  flush(): void {
    this.#endpoint?.transmit(this.#clock())
  }

  step(dtMs: number): number {
    if (!(dtMs >= 0)) {
      throw new UDPipeError('ERR_ARGUMENT_INVALID', `step(dt): dt is in seconds, 0 or more; it was ${dtMs / 1000}.`)
    }
    if (this.#phase === 'closed') {
      throw new UDPipeError(
        'ERR_CLOSED',
        'step was called after close(): let the loop end with it, or start() or connect() again.',
      )
    }
    if (this.#isStepping) {
      throw new UDPipeError('ERR_REENTRANT_STEP', 'step was called by a callback, which is inside a step already.')
    }
    this.#isStepping = true
    try {
      return this.#stepOnce(dtMs)
    } finally {
      this.#isStepping = false
      const isOver = this.#phase === 'failed' || this.#endpoint?.isClosed === true
      if (isOver) this.#end(this.#phase === 'closing' ? 'closed' : 'ended')
    }
  }

  /** Steps `hz` times a second, or without it as datagrams arrive and deadlines fall due, until the end. */
  async run(hz: number | undefined, { signal }: TicksOptions): Promise<void> {
    const intervalMs = hz === undefined ? undefined : tickIntervalMs(hz)
    const over = signal === undefined ? this.signal : AbortSignal.any([this.signal, signal])
    if (over.aborted) return
    await new Promise<void>((resolve, reject) => this.drive({ intervalMs, over, onOver: resolve, onError: reject }))
  }

  /** Closes, stepping by itself until it is done. */
  async close(why: CloseReason): Promise<void> {
    if (this.#phase === 'idle' || this.#phase === 'ended' || this.#phase === 'closed') return
    this.#phase = 'closing'
    if (this.#endpoint === undefined) {
      this.#end('closed')
      return
    }
    this.#endpoint.close(this.#clock(), why)
    this.requestFlush()
    const over = this.signal
    await new Promise<void>((resolve, reject) => {
      if (this.#loop === undefined) this.drive({ over, onOver: resolve, onError: reject })
      else over.addEventListener('abort', () => resolve())
    })
  }

  #stepOnce(dtMs: number): number {
    this.#dispatchErrors()
    const endpoint = this.#endpoint
    if (endpoint === undefined) return MAX_WAIT_MS
    const now = this.#clock()
    endpoint.receive()
    endpoint.advance(now, this.#awake.step(now, dtMs))
    endpoint.dispatch(now)
    this.#dispatchErrors()
    const then = this.#clock()
    endpoint.transmit(then)
    const waitMs = Math.min(MAX_WAIT_MS, Math.max(0, endpoint.nextDeadline - then))
    this.#awake.promise(waitMs)
    return waitMs
  }

  #dispatchErrors(): void {
    for (let error = this.#errors.shift(); error; error = this.#errors.shift()) this.#onError(error)
  }

  /** Steps by itself, from now until `over` aborts or a step throws. */
  drive({ intervalMs, firstAt, over, onOver, onError }: Drive): void {
    const release = (): void => {
      loop.stop()
      if (this.#loop === loop) this.#loop = undefined
    }
    const fail = (error: Error): void => {
      release()
      onError(error)
    }
    const loop = intervalMs === undefined ? this.#createRunner(fail) : this.#createTicker(intervalMs, firstAt, fail)
    this.#loop = loop
    const finish = (): void => {
      release()
      onOver()
    }
    over.addEventListener('abort', finish, { once: true })
  }

  #createRunner(onError: (error: Error) => void): Runner {
    return new Runner(this.#scheduler, {
      step: () => this.step(Infinity),
      onError,
      hasBacklog: () => this.#endpoint?.hasBacklog() === true,
    })
  }

  #createTicker(intervalMs: number, firstAt: number | undefined, onError: (error: Error) => void): Ticker {
    const tickable = { step: (dtMs: number) => this.step(dtMs), onError }
    return new Ticker(this.#scheduler, this.#clock, intervalMs, tickable, firstAt)
  }

  #end(phase: 'ended' | 'closed'): void {
    this.#phase = phase
    this.#endpoint = undefined
    this.#over.abort()
  }

  readonly #flushRequested = (): void => {
    this.#isFlushRequested = false
    this.flush()
    this.wake()
  }
}
