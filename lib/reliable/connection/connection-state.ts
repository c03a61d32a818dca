import type { Transitions } from '../../session/lifecycle.ts'

/** What moves a session from one state to another. */
export type Transition =
  /** A client says HELLO. */
  | 'dial'
  /** A client was shown its private port. */
  | 'shown'
  /** A packet of the other side opened: it has proved itself, and the connection stands. */
  | 'established'
  /** Nothing was heard for the time that stalls a connection. */
  | 'silent'
  /** Something was heard after that. */
  | 'heard'
  /** A client that was lost, as it says, opened the connection again. */
  | 'returned'
  /** CLOSE is to be said, and its answer to be awaited. */
  | 'close'
  /** The other side said CLOSE, and its answer may have to be said again. */
  | 'drain'
  /** This attempt or connection is lost; a client will dial again, a server's session waits for it to do so. */
  | 'retry'
  /** Nothing is left to be said. */
  | 'over'

/**
 * Every change of state, of both sides, is in this table. A client starts in `'waiting'` and dials at once; a server's
 * session starts in `'connecting'`, is never told `dial` or `shown`, and so never dials; it alone is told `returned`.
 */
export const transitions: Transitions<Transition> = {
  waiting: { dial: 'dialing', shown: 'connecting', returned: 'connected', drain: 'draining', over: 'closed' },
  dialing: { shown: 'connecting', retry: 'waiting', over: 'closed' },
  connecting: { established: 'connected', close: 'closing', retry: 'waiting', over: 'closed' },
  connected: {
    silent: 'stalled',
    returned: 'connected',
    close: 'closing',
    drain: 'draining',
    retry: 'waiting',
    over: 'closed',
  },
  stalled: {
    heard: 'connected',
    returned: 'connected',
    close: 'closing',
    drain: 'draining',
    retry: 'waiting',
    over: 'closed',
  },
  closing: { drain: 'draining', over: 'closed' },
  draining: { over: 'closed' },
  closed: {},
}
