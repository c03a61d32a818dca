import type { SessionEvent } from '../../session/session.ts'

/** What a connection tells its session, oldest first. */
export type ConnectionEvent =
  | Extract<SessionEvent, { readonly type: 'message' | 'ping' | 'pong' }>
  /** The other side said CLOSE. */
  | { readonly type: 'peer-close'; readonly code: number; readonly reason: string }
  /** The other side said CLOSED. */
  | { readonly type: 'peer-closed' }

/**
 * What became of a datagram.
 *
 * - `'accepted'`: it opened and is new: the other side was heard.
 * - `'duplicate'`: it was here before, or is too old to tell.
 * - `'overtaken'`: only a newer one than all before was wanted; nobody has looked inside.
 * - `'unopened'`: its seal does not match.
 * - `'limited'`: it opened and is new, and the other side has sent too much: nobody has looked inside; this is counted.
 * - `'malformed'`: it opened, but is not well formed or says what cannot be; this is counted.
 */
export type PacketVerdict = 'accepted' | 'duplicate' | 'overtaken' | 'unopened' | 'limited' | 'malformed'
