import { nextInInterval } from './interval.ts'
import { requireFinite, requireFunction } from './option-checks.ts'
import type { Actor, Timeline } from './timeline.ts'

/** From when until when a repeated action is called. */
export interface TimerOptions {
  /** The first time, in the simulation's time. Default: now. */
  readonly fromMs?: number
  /** The action is not called from this time on. Default `Infinity`. */
  readonly untilMs?: number
}

/** How a {@link Timer} runs. */
export interface TimerSettings extends TimerOptions {
  readonly name: string
  /** Without it, the action is called once. */
  readonly intervalMs?: number | undefined
  /** The program that the action belongs to: while that is paused, it is not called. */
  readonly program?: { runsFrom(time: number): number } | undefined
  /** Is told that the action will not be called again. */
  readonly onEnd?: ((timer: Timer) => void) | undefined
}

/** Something that a program does at a time, or at an interval without drift; what a pause made it miss is skipped. */
export class Timer implements Actor {
  readonly name: string
  readonly #timeline: Timeline
  readonly #action: () => void
  readonly #settings: TimerSettings
  readonly #fromMs: number
  readonly #slot: number
  #isStopped = false

  /**
   * @throws RangeError for a time that is no number, or an interval that is not more than 0
   * @throws UDPipeError `ERR_ARGUMENT_INVALID` for an action that is no function
   */
  constructor(timeline: Timeline, action: () => void, settings: TimerSettings) {
    const { intervalMs, fromMs = timeline.now, untilMs = Infinity } = settings
    requireFunction('action', action)
    requireFinite('fromMs', fromMs)
    if (Number.isNaN(untilMs)) throw new RangeError('untilMs must be a number, not NaN.')
    if (intervalMs !== undefined && !(intervalMs > 0 && intervalMs < Infinity)) {
      throw new RangeError(`intervalMs must be more than 0, not ${intervalMs}.`)
    }
    this.name = settings.name
    this.#timeline = timeline
    this.#action = action
    this.#settings = settings
    this.#fromMs = Math.max(fromMs, timeline.now)
    this.#slot = timeline.add(this)
    if (this.#fromMs < untilMs) timeline.set(this.#slot, this.#fromMs)
  }

  /** Has it never called again. */
  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#timeline.remove(this.#slot)
  }

  act(now: number): void {
    const { program, intervalMs, untilMs = Infinity, onEnd } = this.#settings
    const running = program?.runsFrom(now) ?? now
    if (running > now && running < untilMs) {
      this.#timeline.set(this.#slot, running)
      return
    }
    if (running === now) this.#action()
    if (this.#isStopped) return
    const next = intervalMs === undefined ? Infinity : nextInInterval(this.#fromMs, intervalMs, now)
    if (next < untilMs) {
      this.#timeline.set(this.#slot, next)
      return
    }
    this.stop()
    onEnd?.(this)
  }
}
