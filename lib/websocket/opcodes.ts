// The opcodes of RFC 6455, 5.2, under the names of lua-websockets.

/** A piece of a message that began before. It is never seen by a program: messages are joined. */
export const CONTINUATION = 0 as const
/** A message of text. */
export const TEXT = 1 as const
/** A message of bytes. */
export const BINARY = 2 as const
export const CLOSE = 8 as const
export const PING = 9 as const
export const PONG = 10 as const
