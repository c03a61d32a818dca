import type { SessionState } from '../session/session.ts'

/**
 * A session's states, and one that its owner sees as `'closing'`: in `'lingering'` all is said, and only the other side's
 * CLOSE is answered again, in case our CLOSED was lost.
 */
export type ConnectionState = SessionState | 'lingering'

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
  | 'linger'
  /** This attempt or connection is lost; a client will dial again, a server's session waits for it to do so. */
  | 'retry'
  /** Nothing is left to be said. */
  | 'over'

/**
 * Every change of state, of both sides, is in this table. A client starts in `'waiting'` and dials at once; a server's
 * session starts in `'connecting'`, is never told `dial` or `shown`, and so never dials; it alone is told `returned`.
 */
export const transitions: Readonly<Record<ConnectionState, Readonly<Partial<Record<Transition, ConnectionState>>>>> = {
  waiting: { dial: 'dialing', returned: 'connected', linger: 'lingering', over: 'closed' },
  dialing: { shown: 'connecting', retry: 'waiting', over: 'closed' },
  connecting: { established: 'connected', close: 'closing', retry: 'waiting', over: 'closed' },
  connected: {
    silent: 'stalled',
    returned: 'connected',
    close: 'closing',
    linger: 'lingering',
    retry: 'waiting',
    over: 'closed',
  },
  stalled: {
    heard: 'connected',
    returned: 'connected',
    close: 'closing',
    linger: 'lingering',
    retry: 'waiting',
    over: 'closed',
  },
  closing: { linger: 'lingering', over: 'closed' },
  lingering: { over: 'closed' },
  closed: {},
}

/**
 * Where a transition leads.
 *
 * @throws Error when it leads nowhere, which is a mistake in this library: nothing that comes off the wire becomes a
 * transition before it was found to fit the state.
 */
export function nextState(state: ConnectionState, transition: Transition): ConnectionState {
  const next = transitions[state][transition]
  if (next === undefined) throw new Error(`A reliable session in the state '${state}' cannot take '${transition}'.`)
  return next
}
