import { Lifecycle, type LifecycleState } from '../session/lifecycle.ts'
import { Repeater } from './repeater.ts'
import { transitions, type Input } from './state.ts'

/** The state a session is in, how long it may last, and what is said over and over in it. */
export class Phase extends Lifecycle<Input> {
  #repeater: Repeater | undefined

  constructor(now: number, state: LifecycleState, limitMs: number) {
    super(transitions, now, state, limitMs)
  }

  /** Whether messages may go out. */
  get isFlowing(): boolean {
    return this.state === 'connected' || this.state === 'closing'
  }

  /** Whether the other side may still be repeating a CLOSE that was answered. */
  get hasParted(): boolean {
    return this.state === 'waiting' || this.state === 'draining'
  }

  /** When its time is over, or something is to be said again. */
  get nextDeadline(): number {
    return Math.min(this.limit, this.#repeater?.dueAt ?? Infinity)
  }

  /** Enters the state that `input` leads to, for `limitMs` at most; `repeated` is said in it, up to `attempts` times. */
  override enter(now: number, input: Input, limitMs: number, repeated?: Uint8Array, attempts?: number): void {
    super.enter(now, input, limitMs)
    this.#repeater = repeated && new Repeater(now, repeated, attempts ?? Infinity)
  }

  /** What is to be said again now. */
  poll(now: number): Uint8Array | undefined {
    return this.#repeater?.poll(now)
  }
}
