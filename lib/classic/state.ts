import type { Transitions } from '../session/lifecycle.ts'

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
