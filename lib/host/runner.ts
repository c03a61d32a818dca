import type { Scheduler } from '../port/platform.ts'

/** For how many turns of the event loop a step waits while datagrams come as fast as one socket takes them. */
const MAX_GATHERING_TURNS = 16

/** What a {@link Runner} runs. */
export interface Steppable {
  /** Steps, and returns the milliseconds until it must be called again, or `Infinity`. What it throws stops the runner. */
  step(): number
  /** Hears what `step` threw. */
  onError(error: Error): void
  /**
   * Whether the next turn of the event loop brings more of what has come: then the step waits for a few turns. libuv takes 32 datagrams a
   * turn from a socket, and a step for so few of them falls behind where many clients share one.
   */
  hasBacklog(): boolean
}

/**
 * Steps something as datagrams arrive and as deadlines fall due, at most once a turn of the event loop: for programs
 * that have no loop of their own.
 */
export class Runner {
  readonly #scheduler: Scheduler
  readonly #steppable: Steppable
  #gatheringTurns = 0
  #timer: unknown
  #immediate: unknown
  #isStopped = false

  constructor(scheduler: Scheduler, steppable: Steppable) {
    this.#scheduler = scheduler
    this.#steppable = steppable
    this.wake()
  }

  /** Something has come or changed: steps after everything that this turn of the event loop still brings. */
  wake(): void {
    if (!this.#isStopped) this.#immediate ??= this.#scheduler.setImmediate(this.#tick)
  }

  stop(): void {
    this.#isStopped = true
    this.#sleep()
  }

  #sleep(): void {
    if (this.#timer !== undefined) this.#scheduler.clearTimeout(this.#timer)
    if (this.#immediate !== undefined) this.#scheduler.clearImmediate(this.#immediate)
    this.#timer = undefined
    this.#immediate = undefined
  }

  // One function for the runner's life, so that a step allocates no closure.
  readonly #tick = (): void => {
    this.#sleep()
    if (this.#gatheringTurns < MAX_GATHERING_TURNS && this.#steppable.hasBacklog()) {
      this.#gatheringTurns += 1
      this.wake()
      return
    }
    this.#gatheringTurns = 0
    try {
      const waitMs = this.#steppable.step()
      if (this.#isStopped || waitMs === Infinity) return
      // Node takes no timer for less than a millisecond: who is late already only lets the sockets have their turn.
      if (waitMs <= 0) this.wake()
      else this.#timer = this.#scheduler.setTimeout(this.#tick, waitMs)
    } catch (error) {
      this.stop()
      this.#steppable.onError(error as Error)
    }
  }
}
