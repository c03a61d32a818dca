/**
 * Steps something as datagrams arrive and as deadlines fall due, at most once a turn of the event loop: for programs
 * that have no loop of their own.
 */
export class Driver {
  readonly #step: () => number
  readonly #onError: (error: Error) => void
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  #isStopped = false

  /** `step` returns the milliseconds until it must be called again, or `Infinity`; what it throws stops the driver and goes to `onError`. */
  constructor(step: () => number, onError: (error: Error) => void) {
    this.#step = step
    this.#onError = onError
    this.wake()
  }

  /** Something has come or changed: steps after everything that this turn of the event loop still brings. */
  wake(): void {
    if (!this.#isStopped) this.#immediate ??= setImmediate(this.#tick)
  }

  stop(): void {
    this.#isStopped = true
    this.#sleep()
  }

  #sleep(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
    this.#immediate = undefined
  }

  // One function for the driver's life, so that a step allocates no closure.
  readonly #tick = (): void => {
    this.#sleep()
    try {
      const waitMs = this.#step()
      if (!this.#isStopped && waitMs < Infinity) this.#timer = setTimeout(this.#tick, waitMs)
    } catch (error) {
      this.stop()
      this.#onError(error as Error)
    }
  }
}
