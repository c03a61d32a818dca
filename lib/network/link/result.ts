import type { ErrorCode } from '../../core/errors.ts'

/** What a call or an event says of how it went: `'OK'`, `'OK: reason'`, or `'CODE: a sentence that says what to do'`. */
export type Result = 'OK' | `OK: ${string}` | `${ErrorCode}: ${string}`

/** The result that names this code. */
export function result(code: ErrorCode, sentence: string): Result {
  return `${code}: ${sentence}`
}

/** The result of a connection that was closed on purpose, for this reason of the other side's. */
export function closedResult(reason: string): Result {
  return reason === '' ? 'OK' : `OK: ${reason}`
}
