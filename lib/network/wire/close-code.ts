/** What a connection can end with that the other side has a part in. Each is a code of `docs/errors.md`. */
export type FailureCode =
  | 'ERR_MESSAGE_TOO_LARGE'
  | 'ERR_TABLE_MALFORMED'
  | 'ERR_PROTOCOL'
  | 'ERR_ENCRYPTION_MISMATCH'
  | 'ERR_KEY_MISMATCH'
  | 'ERR_SEAL'
  | 'ERR_FULL'
  | 'ERR_TIMEOUT'
  | 'ERR_SLOW'

/** What CLOSE says about why. */
export const closeCodes = {
  normal: 0,
  tooLarge: 1,
  malformed: 2,
  protocol: 3,
  full: 5,
  timeout: 6,
  goingAway: 7,
  slow: 8,
} as const

/** The longest reason that CLOSE carries. */
export const MAX_REASON_BYTES = 255

/** The code by which the other side is told of a failure; `undefined` where it is told nothing. */
export function closeCodeOf(failure: FailureCode): number | undefined {
  switch (failure) {
    case 'ERR_MESSAGE_TOO_LARGE':
      return closeCodes.tooLarge
    case 'ERR_TABLE_MALFORMED':
      return closeCodes.malformed
    case 'ERR_PROTOCOL':
      return closeCodes.protocol
    case 'ERR_FULL':
      return closeCodes.full
    case 'ERR_TIMEOUT':
      return closeCodes.timeout
    case 'ERR_SLOW':
      return closeCodes.slow
    default:
      // Who has another key, or changes records, learns nothing more.
      return undefined
  }
}

/** What a code of the other side's means here; `undefined` when it closed on purpose. */
export function failureOf(closeCode: number): FailureCode | undefined {
  switch (closeCode) {
    case closeCodes.normal:
    case closeCodes.goingAway:
      return undefined
    case closeCodes.tooLarge:
      return 'ERR_MESSAGE_TOO_LARGE'
    case closeCodes.malformed:
      return 'ERR_TABLE_MALFORMED'
    case closeCodes.full:
      return 'ERR_FULL'
    case closeCodes.timeout:
      return 'ERR_TIMEOUT'
    case closeCodes.slow:
      return 'ERR_SLOW'
    default:
      return 'ERR_PROTOCOL'
  }
}
