/** The longest token, in bytes of UTF-8. */
export const MAX_TOKEN_BYTES = 255

/**
 * Whether a token can travel in a HELLO, which carries it as one word: no space, no line break, no control character, no
 * half of a surrogate pair, and at most {@link MAX_TOKEN_BYTES}. The empty token can.
 */
export function isToken(token: string): boolean {
  return !UNFIT.test(token) && encoder.encode(token).length <= MAX_TOKEN_BYTES
}

/**
 * A token as it travels: UTF-8.
 *
 * @throws RangeError when it is not one that {@link isToken} accepts
 */
export function encodeToken(token: string): Uint8Array {
  if (isToken(token)) return encoder.encode(token)
  throw new RangeError(
    `A token has no spaces, line breaks or control characters, and at most ${MAX_TOKEN_BYTES} bytes.`,
  )
}

const UNFIT = /[\s\p{Cc}\p{Cs}]/u
const encoder = new TextEncoder()
