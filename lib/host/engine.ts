import { AwakeClock } from './awake-clock.ts'
import { Runner } from './runner.ts'
import type { Endpoint } from './endpoint.ts'
import { UDPipeError } from '../core/errors.ts'
import { ticks, type TicksOptions } from '../node/ticks.ts'

/** The longest that a step tells anybody to wait. */
const MAX_WAIT_MS = 60_000

/**
 * What makes an endpoint go: steps, flushes, loops, and its end. One engine serves one UDPipe for its whole life, through any
 * number of starts and closes.
 */
export class Engine {
  #clock: () => number
  readonly #onError: (error: UDPipeError) => void
  readonly #errors: UDPipeError[] = []
  #phase: 'idle' | 'running' | 'failed' | 'closing' | 'ended' | 'closed' = 'idle'
  #endpoint: Endpoint | undefined
  #awake = new AwakeClock()
  #isStepping = false
  #isFlushRequested = false
  #runner: Runner | undefined
  #over = new AbortController()

  constructor(clock: () => number, onError: (error: UDPipeError) => void) {
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
    this.#runner?.wake()
  }

  /** What is queued outside a step leaves together at the end of this turn of the event loop. */
  requestFlush(): void {
    if (this.#isStepping || this.#isFlushRequested) return
    this.#isFlushRequested = true
    queueMicrotask(this.#flushRequested)
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
    const over = signal === undefined ? this.signal : AbortSignal.any([this.signal, signal])
    if (over.aborted) return
    if (hz === undefined) await this.#drive(over)
    else for await (const dt of ticks(hz, { signal: over })) this.step(dt * 1000)
  }

  /** Closes, stepping by itself until it is done. */
  async close(code: number, reason: string): Promise<void> {
    if (this.#phase === 'idle' || this.#phase === 'ended' || this.#phase === 'closed') return
    this.#phase = 'closing'
    if (this.#endpoint === undefined) {
      this.#end('closed')
      return
    }
    this.#endpoint.close(this.#clock(), code, reason)
    this.requestFlush()
    const { signal } = this
    await (this.#runner === undefined
      ? this.#drive(signal)
      : new Promise((resolve) => signal.addEventListener('abort', resolve)))
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

  /** Steps by a runner until `signal` aborts. */
  #drive(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const release = (): void => {
        runner.stop()
        if (this.#runner === runner) this.#runner = undefined
      }
      const runner = new Runner(
        () => this.step(Infinity),
        (error) => {
          release()
          reject(error)
        },
        () => this.#endpoint?.takesMore() === true,
      )
      this.#runner = runner
      const finish = (): void => {
        release()
        resolve()
      }
      signal.addEventListener('abort', finish, { once: true })
    })
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
