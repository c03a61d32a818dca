/**
 * Every code a {@link UDPipeError} can carry. They are stable: a program may branch on them.
 * `docs/errors.md` has a sentence for each.
 */
export type ErrorCode =
  // What a caller got wrong: thrown at once.
  | 'ERR_OPTION_UNKNOWN'
  | 'ERR_OPTION_INVALID'
  | 'ERR_ARGUMENT_INVALID'
  | 'ERR_TOKEN_INVALID'
  | 'ERR_CONNECT_TOKEN_INVALID'
  | 'ERR_MESSAGE_TOO_LARGE'
  | 'ERR_MESSAGE_RESERVED'
  | 'ERR_UNSUPPORTED'
  | 'ERR_NOT_STARTED'
  | 'ERR_ALREADY_STARTED'
  | 'ERR_CLOSED'
  | 'ERR_PEER_REQUIRED'
  | 'ERR_PEER_CLOSED'
  | 'ERR_REENTRANT_STEP'
  | 'ERR_TABLE_INVALID'
  | 'ERR_WOULD_DEADLOCK'
  | 'ERR_DEPENDENCY_MISSING'
  // What the machine refused: rejects a promise, and reaches onError.
  | 'ERR_ADDRESS_IN_USE'
  | 'ERR_ADDRESS_NOT_AVAILABLE'
  | 'ERR_ACCESS'
  | 'ERR_HOST_NOT_FOUND'
  | 'ERR_NO_FREE_PORT'
  | 'ERR_SOCKET'
  // What the link or the other side did: reaches onError.
  | 'ERR_QUEUE_FULL'
  | 'ERR_REFUSED'
  | 'ERR_HANDSHAKE_TIMEOUT'
  | 'ERR_CONNECT_TOKEN_UNAVAILABLE'
  | 'ERR_HELLO_UNAVAILABLE'
  | 'ERR_ADMISSION_FAILED'
  // What the program asked for itself: rejects a promise.
  | 'ERR_ABORTED'
  // What `udpipe/network` says in a result or an event.
  | 'ERR_PORT_INVALID'
  | 'ERR_KEY_INVALID'
  | 'ERR_CONNECT_REFUSED'
  | 'ERR_CONNECT_TIMEOUT'
  | 'ERR_PROTOCOL'
  | 'ERR_ENCRYPTION_MISMATCH'
  | 'ERR_KEY_MISMATCH'
  | 'ERR_FULL'
  | 'ERR_TABLE_MALFORMED'
  | 'ERR_SEAL'
  | 'ERR_TIMEOUT'
  | 'ERR_SLOW'
  | 'ERR_COLLECTED'

/** Why a server sent its client away. */
export interface Refusal {
  /**
   * One of `refusalCodes`, or the program's own, as the server's `onNewClient` returned it. 0 from a server of the classic protocol, which
   * cannot say.
   */
  readonly code: number
  /** A sentence for people, as it came off the wire; empty when none was given. */
  readonly reason: string
}

/** An error with a stable {@link code}, a sentence that says what was wrong, and what to do about it. */
export class UDPipeError extends Error {
  override readonly name = 'UDPipeError'
  readonly code: ErrorCode
  /** Of `ERR_REFUSED`: why. Absent from every other error. */
  declare readonly refusal?: Refusal

  constructor(code: ErrorCode, message: string, options?: ErrorOptions & { readonly refusal?: Refusal }) {
    super(message, options)
    this.code = code
    if (options?.refusal !== undefined) this.refusal = options.refusal
  }
}
