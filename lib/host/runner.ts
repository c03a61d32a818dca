/** For how many turns of the event loop a step waits while datagrams come as fast as one socket takes them. */
const MAX_GATHERING_TURNS = 16

/**
 * Steps something as datagrams arrive and as deadlines fall due, at most once a turn of the event loop: for programs
 * that have no loop of their own.
 */
export class Runner {
  readonly #step: () => number
  readonly #onError: (error: Error) => void
  readonly #takesMore: () => boolean
  #gatheringTurns = 0
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  #isStopped = false

  /**
   * `step` returns the milliseconds until it must be called again, or `Infinity`; what it throws stops the runner and goes to `onError`.
   * While `takesMore` says that the next turn of the event loop brings more of what has come, the step waits for a few turns: libuv
   * takes 32 datagrams a turn from a socket, and a step for so few of them falls behind where many clients share one.
   */
  constructor(step: () => number, onError: (error: Error) => void, takesMore: () => boolean = never) {
    this.#step = step
    this.#onError = onError
    this.#takesMore = takesMore
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

  // One function for the runner's life, so that a step allocates no closure.
  readonly #tick = (): void => {
    this.#sleep()
    if (this.#gatheringTurns < MAX_GATHERING_TURNS && this.#takesMore()) {
      this.#gatheringTurns += 1
      this.wake()
      return
    }
    this.#gatheringTurns = 0
    try {
      const waitMs = this.#step()
      if (this.#isStopped || waitMs === Infinity) return
      // Node takes no timer for less than a millisecond: who is late already only lets the sockets have their turn.
      if (waitMs <= 0) this.wake()
      else this.#timer = setTimeout(this.#tick, waitMs)
    } catch (error) {
      this.stop()
      this.#onError(error as Error)
    }
  }
}

function never(): boolean {
  return false
}
