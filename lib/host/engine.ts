import { AwakeClock } from './awake-clock.ts'
import { LoopWatch } from './loop-watch.ts'
import { Runner } from './runner.ts'
import { Ticker } from './ticker.ts'
import type { Endpoint } from './endpoint.ts'
import type { Counters } from './counters.ts'
import { UDPipeError } from '../core/errors.ts'
import type { CloseReason } from '../session/session.ts'
import type { Peer } from './peer.ts'
import type { Platform, Scheduler } from '../port/platform.ts'
import type { SessionDriver } from './session-driver.ts'
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

/** What an engine needs of the platform. */
export type EnginePlatform = Pick<Platform, 'scheduler' | 'warn' | 'warnAtOnce'>

/** An endpoint that steps, by its own clock. */
interface Stage {
  readonly endpoint: Endpoint
  readonly clock: () => number
  readonly awake: AwakeClock
}

/** Who waits for the end of {@link Engine.close}. */
interface Closer {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** The longest that a step tells anybody to wait. */
const MAX_WAIT_MS = 60_000

/**
 * What makes an endpoint go: steps, flushes, loops, and its end. One engine serves one UDPipe for its whole life, through any
 * number of starts and closes.
 */
export class Engine {
  readonly #scheduler: Scheduler
  /** The same for loops, whose timers may leave the process free to end. */
  readonly #loopScheduler: Scheduler
  #isUnref: boolean
  readonly #watch: LoopWatch
  #clock: () => number
  readonly #onError: (error: UDPipeError) => void
  readonly #errors: UDPipeError[] = []
  #failure: UDPipeError | undefined
  #phase: 'idle' | 'running' | 'failed' | 'closing' | 'ended' | 'closed' = 'idle'
  #endpoint: Endpoint | undefined
  /** Clients whose connection is over, with another one in their place, while they still have something to say. */
  #leaving: Stage[] = []
  #awake = new AwakeClock()
  #isStepping = false
  #isFlushRequested = false
  /** What steps by itself, while something does. */
  #loop: Runner | Ticker | undefined
  readonly #closers: Closer[] = []
  #over = new AbortController()

  /** See {@link begin} for `isUnref`. */
  constructor(platform: EnginePlatform, clock: () => number, onError: (error: UDPipeError) => void, isUnref = false) {
    const { scheduler } = platform
    this.#scheduler = scheduler
    this.#isUnref = isUnref
    this.#loopScheduler = looseScheduler(scheduler, () => this.#isUnref)
    this.#clock = clock
    this.#onError = onError
    this.#watch = new LoopWatch({
      scheduler,
      clock: () => this.#clock(),
      warn: (warning) => platform.warn(warning),
      warnAtOnce: (warning) => platform.warnAtOnce(warning),
    })
  }

  /** Aborts when what was started last is over. */
  get signal(): AbortSignal {
    return this.#over.signal
  }

  /** Whether a step, and so perhaps a callback, is under way. */
  get isStepping(): boolean {
    return this.#isStepping
  }

  /** Whether anything was ever started or connected. */
  get hasBegun(): boolean {
    return this.#phase !== 'idle'
  }

  /** Why what was begun last did not come about. */
  get failure(): UDPipeError | undefined {
    return this.#failure
  }

  get endpoint(): Endpoint | undefined {
    return this.#endpoint
  }

  get isClosing(): boolean {
    return this.#phase === 'closing'
  }

  driverOf(peer: Peer): SessionDriver | undefined {
    for (const { endpoint } of this.#leaving) {
      const driver = endpoint.driverOf(peer)
      if (driver !== undefined) return driver
    }
    return this.#endpoint?.driverOf(peer)
  }

  count(counters: Counters): void {
    for (const { endpoint } of this.#leaving) endpoint.count(counters)
    this.#endpoint?.count(counters)
  }

  /**
   * A start or connect begins, by this clock. A client whose connection is over, as `onDisconnect` is told, makes room.
   *
   * @param isUnref whether loops of its own leave the process free to end
   * @throws UDPipeError `ERR_ALREADY_STARTED`
   */
  begin(clock: () => number, isUnref: boolean): void {
    const left = this.#phase === 'running' && this.#endpoint?.isEnding === true ? this.#endpoint : undefined
    if ((this.#phase === 'running' && left === undefined) || this.#phase === 'closing') {
      throw new UDPipeError(
        'ERR_ALREADY_STARTED',
        'This UDPipe has been started or connected already: close() it first, or use another.',
      )
    }
    if (left !== undefined) this.#leaving.push({ endpoint: left, clock: this.#clock, awake: this.#awake })
    this.#endpoint = undefined
    this.#phase = 'running'
    this.#failure = undefined
    this.#clock = clock
    this.#isUnref = isUnref
    // Whoever asked for the signal before this start has the one that aborts at its end.
    if (this.#over.signal.aborted) this.#over = new AbortController()
    this.#awake = new AwakeClock()
    this.#watch.begin()
  }

  /** The endpoint that {@link begin} was for is there. */
  attach(endpoint: Endpoint): void {
    this.#endpoint = endpoint
    this.wake()
  }

  /** What {@link begin} was for did not come about: the next step tells `onError`, and that is the end of it. */
  fail(error: UDPipeError): void {
    this.#phase = 'failed'
    this.#failure = error
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
    for (const { endpoint, clock } of this.#leaving) endpoint.transmit(clock())
    this.#endpoint?.transmit(this.#clock())
  }

  /** A step of the program's own loop. */
  step(dtMs: number): number {
    this.#watch.noteStep()
    return this.#step(dtMs)
  }

  #step(dtMs: number): number {
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
      if (this.#isOver()) this.#end(this.#phase === 'closing' ? 'closed' : 'ended')
    }
  }

  /** Steps `hz` times a second, or without it as datagrams arrive and deadlines fall due, until the end. */
  async run(hz: number | undefined, { signal }: TicksOptions): Promise<void> {
    const intervalMs = hz === undefined ? undefined : tickIntervalMs(hz)
    const over = signal === undefined ? this.signal : AbortSignal.any([this.signal, signal])
    if (over.aborted) return
    await new Promise<void>((resolve, reject) => this.drive({ intervalMs, over, onOver: resolve, onError: reject }))
  }

  /** Closes, stepping by itself until it is done, whatever becomes of the loop that steps now. */
  async close(why: CloseReason): Promise<void> {
    if (this.#phase === 'ended' || this.#phase === 'closed') return
    if (this.#endpoint === undefined && this.#leaving.length === 0) {
      this.#end('closed')
      return
    }
    this.#phase = 'closing'
    this.#endpoint?.close(this.#clock(), why)
    this.requestFlush()
    await new Promise<void>((resolve, reject) => {
      this.#closers.push({ resolve, reject })
      if (this.#loop === undefined) this.#driveClosing()
    })
  }

  /** Closing takes a bounded time, and the process is to live that long. */
  #driveClosing(): void {
    this.#isUnref = false
    const onError = (error: Error): void => {
      for (const { reject } of this.#closers.splice(0)) reject(error)
    }
    this.drive({ over: this.signal, onOver: () => {}, onError })
  }

  #stepOnce(dtMs: number): number {
    this.#dispatchErrors()
    if (this.#leaving.length > 0) this.#stepLeaving(dtMs)
    const endpoint = this.#endpoint
    if (endpoint !== undefined) {
      const now = this.#clock()
      endpoint.receive()
      endpoint.advance(now, this.#awake.step(now, dtMs))
      endpoint.dispatch(now)
    }
    this.#dispatchErrors()
    this.flush()
    return this.#promiseNext()
  }

  #stepLeaving(dtMs: number): void {
    for (const stage of this.#leaving) stepStage(stage, dtMs)
    this.#leaving = this.#leaving.filter(({ endpoint }) => !endpoint.isClosed)
  }

  /** Says when to step again. */
  #promiseNext(): number {
    let waitMs = this.#endpoint === undefined ? Infinity : this.#endpoint.nextDeadline - this.#clock()
    for (const { endpoint, clock } of this.#leaving) waitMs = Math.min(waitMs, endpoint.nextDeadline - clock())
    waitMs = Math.min(MAX_WAIT_MS, Math.max(0, waitMs))
    this.#awake.promise(waitMs)
    return waitMs
  }

  #isOver(): boolean {
    const isOver = this.#endpoint === undefined ? this.#phase !== 'running' : this.#endpoint.isClosed
    return isOver && this.#phase !== 'idle' && this.#leaving.every(({ endpoint }) => endpoint.isClosed)
  }

  #dispatchErrors(): void {
    for (let error = this.#errors.shift(); error; error = this.#errors.shift()) this.#onError(error)
  }

  /** Steps by itself, from now until `over` aborts or a step throws. */
  drive({ intervalMs, firstAt, over, onOver, onError }: Drive): void {
    const release = (tell: () => void): void => {
      loop.stop()
      if (this.#loop === loop) this.#loop = undefined
      tell()
      // Who closes is not to wait for a loop that has been let go.
      if (this.#loop === undefined && this.#closers.length > 0 && !this.signal.aborted) this.#driveClosing()
    }
    const fail = (error: Error): void => {
      over.removeEventListener('abort', finish)
      release(() => onError(error))
    }
    const finish = (): void => release(onOver)
    const loop = intervalMs === undefined ? this.#createRunner(fail) : this.#createTicker(intervalMs, firstAt, fail)
    this.#loop = loop
    over.addEventListener('abort', finish, { once: true })
  }

  #createRunner(onError: (error: Error) => void): Runner {
    return new Runner(this.#loopScheduler, {
      step: () => this.#stepOfLoop(Infinity),
      onError,
      hasBacklog: () => this.#endpoint?.hasBacklog() === true,
    })
  }

  #createTicker(intervalMs: number, firstAt: number | undefined, onError: (error: Error) => void): Ticker {
    const tickable = { step: (dtMs: number) => this.#stepOfLoop(dtMs), onError }
    return new Ticker(this.#loopScheduler, this.#clock, intervalMs, tickable, firstAt)
  }

  /** Loops of ours come once a turn, so there is nothing to look after but that they come. */
  #stepOfLoop(dtMs: number): number {
    this.#watch.end()
    return this.#step(dtMs)
  }

  #end(phase: 'ended' | 'closed'): void {
    this.#phase = phase
    this.#endpoint = undefined
    this.#leaving = []
    this.#watch.end()
    const closers = this.#closers.splice(0)
    this.#over.abort()
    for (const { resolve } of closers) resolve()
  }

  readonly #flushRequested = (): void => {
    this.#isFlushRequested = false
    this.flush()
    this.wake()
  }
}

function stepStage({ endpoint, clock, awake }: Stage, dtMs: number): void {
  const now = clock()
  endpoint.receive()
  endpoint.advance(now, awake.step(now, dtMs))
  endpoint.dispatch(now)
  awake.promise(Math.max(0, endpoint.nextDeadline - now))
}

/** The same event loop, which does not wait for these timers while `isUnref` says so. */
function looseScheduler(scheduler: Scheduler, isUnref: () => boolean): Scheduler {
  const loosen = (handle: unknown): unknown => {
    if (isUnref()) scheduler.unref(handle)
    return handle
  }
  return {
    ...scheduler,
    setImmediate: (action) => loosen(scheduler.setImmediate(action)),
    setTimeout: (action, delayMs) => loosen(scheduler.setTimeout(action, delayMs)),
  }
}
