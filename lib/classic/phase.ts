import { Patience } from '../session/patience.ts'
import { Repeater } from './repeater.ts'
import { nextState, type ClassicState, type Input } from './state.ts'

/** The state a session is in, how long it may last, and what is said over and over in it. */
export class Phase {
  #state: ClassicState
  #patience: Patience
  #repeater: Repeater | undefined

  constructor(now: number, state: ClassicState, limitMs: number) {
    this.#state = state
    this.#patience = new Patience(now, limitMs)
  }

  get state(): ClassicState {
    return this.#state
  }

  /** Whether the connection stands. */
  get isLinked(): boolean {
    return this.#state === 'connected' || this.#state === 'stalled'
  }

  /** Whether messages may go out. */
  get isFlowing(): boolean {
    return this.#state === 'connected' || this.#state === 'closing'
  }

  /** Whether the other side may still be repeating a CLOSE that was answered. */
  get hasParted(): boolean {
    return this.#state === 'waiting' || this.#state === 'lingering'
  }

  /** When the time of this state is over. */
  get limit(): number {
    return this.#patience.nextDeadline
  }

  /** When its time is over, or something is to be said again. */
  get nextDeadline(): number {
    return Math.min(this.#patience.nextDeadline, this.#repeater?.dueAt ?? Infinity)
  }

  /** Enters the state that `input` leads to, for `limitMs` at most; `repeated` is said in it, up to `attempts` times. */
  enter(now: number, input: Input, limitMs: number, repeated?: Uint8Array, attempts?: number): void {
    this.#state = nextState(this.#state, input)
    this.#patience = new Patience(now, limitMs)
    this.#repeater = repeated && new Repeater(now, repeated, attempts ?? Infinity)
  }

  /** Lets time pass, `maxElapsedMs` of it at most. Returns whether the time of this state is over. */
  advance(now: number, maxElapsedMs: number): boolean {
    return this.#patience.advance(now, maxElapsedMs)
  }

  /** What is to be said again now. */
  poll(now: number): Uint8Array | undefined {
    return this.#repeater?.poll(now)
  }
}
