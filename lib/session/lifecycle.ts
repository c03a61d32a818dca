import { Countdown } from '../core/countdown.ts'
import type { SessionState } from './session.ts'

/**
 * A session's states, and one that its owner sees as `'closing'`: in `'draining'` all is said, and only the other side's
 * CLOSE is answered again, in case our CLOSED was lost.
 */
export type LifecycleState = SessionState | 'draining'

/** Where each input leads in each state; an input that is not there cannot come in that state. */
export type Transitions<Input extends string> = Readonly<
  Record<LifecycleState, Readonly<Partial<Record<Input, LifecycleState>>>>
>

/**
 * Where an input leads.
 *
 * @throws Error when it leads nowhere, which is a mistake in this library: nothing that comes off the wire becomes an input
 * before it was found to fit the state.
 */
export function nextState<Input extends string>(
  transitions: Transitions<Input>,
  state: LifecycleState,
  input: Input,
): LifecycleState {
  const next = transitions[state][input]
  if (next === undefined) throw new Error(`A session in the state '${state}' cannot take '${input}'.`)
  return next
}

/** The state that a session is in, and how long it may last. */
export class Lifecycle<Input extends string> {
  readonly #transitions: Transitions<Input>
  #state: LifecycleState
  #countdown: Countdown

  /** Starts in `state`, for `limitMs` at most. */
  constructor(transitions: Transitions<Input>, now: number, state: LifecycleState, limitMs: number) {
    this.#transitions = transitions
    this.#state = state
    this.#countdown = new Countdown(now, limitMs)
  }

  get state(): LifecycleState {
    return this.#state
  }

  /** The state as the session's owner sees it. */
  get shownState(): SessionState {
    return this.#state === 'draining' ? 'closing' : this.#state
  }

  /** Whether the connection stands. */
  get isEstablished(): boolean {
    return this.#state === 'connected' || this.#state === 'stalled'
  }

  /** When the time of this state is over. */
  get limit(): number {
    return this.#countdown.nextDeadline
  }

  /** Enters the state that `input` leads to, for `limitMs` at most: by default for as long as nothing else ends it. */
  enter(now: number, input: Input, limitMs?: number): void {
    this.#state = nextState(this.#transitions, this.#state, input)
    this.wait(now, limitMs ?? Infinity)
  }

  /** Has the present state last up to `limitMs` from now on. */
  wait(now: number, limitMs: number): void {
    this.#countdown = new Countdown(now, limitMs)
  }

  /** Lets time pass, `maxElapsedMs` of it at most. Returns whether the time of this state is over. */
  advance(now: number, maxElapsedMs: number): boolean {
    return this.#countdown.advance(now, maxElapsedMs)
  }
}
