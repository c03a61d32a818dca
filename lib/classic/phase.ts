import { RetransmitTimer } from '../core/retransmit-timer.ts'
import { Lifecycle, type LifecycleState, type Transitions } from '../session/lifecycle.ts'

/** What moves a session from one state to another. */
export type Input =
  /** A client says HELLO. */
  | 'dial'
  /** A client was shown its private port. */
  | 'shown'
  /** CONNECT came to the server, or its answer to the client. */
  | 'established'
  /** Nothing was heard for the time that stalls a connection. */
  | 'silent'
  /** Something was heard after that. */
  | 'heard'
  /** CLOSE is to be said, and its answer to be awaited. */
  | 'close'
  /** The other side said CLOSE, or we leave a handshake half way. */
  | 'drain'
  /** This attempt or connection is lost; a client will dial again. */
  | 'retry'
  /** Nothing is left to be said. */
  | 'over'

/**
 * Every change of state, of both sides, is in this table. A client starts in `'waiting'` and dials at once; a server's
 * session starts in `'connecting'`, is never told `dial`, `shown` or `retry`, and so never dials or waits.
 */
export const transitions: Transitions<Input> = {
  waiting: { dial: 'dialing', drain: 'draining', over: 'closed' },
  dialing: { shown: 'connecting', retry: 'waiting', over: 'closed' },
  connecting: { established: 'connected', drain: 'draining', retry: 'waiting', over: 'closed' },
  connected: { silent: 'stalled', close: 'closing', drain: 'draining', retry: 'waiting', over: 'closed' },
  stalled: { heard: 'connected', close: 'closing', retry: 'waiting', over: 'closed' },
  closing: { drain: 'draining', over: 'closed' },
  draining: { over: 'closed' },
  closed: {},
}

/** The state a session is in, how long it may last, and what is said over and over in it. */
export class Phase extends Lifecycle<Input> {
  #repeated: Uint8Array | undefined
  #timer: RetransmitTimer | undefined

  constructor(now: number, state: LifecycleState, limitMs: number) {
    super(transitions, now, state, limitMs)
  }

  /** Whether messages may go out. */
  get isFlowing(): boolean {
    return this.state === 'connected' || this.state === 'closing'
  }

  /** Whether the other side may still be repeating a CLOSE that was answered. */
  get hasEnded(): boolean {
    return this.state === 'waiting' || this.state === 'draining'
  }

  /** When its time is over, or something is to be said again. */
  get nextDeadline(): number {
    return Math.min(this.limit, this.#timer?.dueAt ?? Infinity)
  }

  /** Enters the state that `input` leads to, for `limitMs` at most; `repeated` is said in it, up to `attempts` times. */
  override enter(now: number, input: Input, limitMs: number, repeated?: Uint8Array, attempts?: number): void {
    super.enter(now, input, limitMs)
    this.#repeated = repeated
    this.#timer = repeated && new RetransmitTimer(now, undefined, attempts)
  }

  /** What is to be said again now. */
  poll(now: number): Uint8Array | undefined {
    return this.#timer?.poll(now) === true ? this.#repeated : undefined
  }
}
