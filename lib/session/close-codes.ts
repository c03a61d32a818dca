/**
 * Why this library closes a connection of its own accord. Codes from 65,280 up are the library's; those below are the
 * application's own.
 */
export const closeCodes = {
  /** The other side sent more than its rate allows, and went on when that was dropped. */
  rateLimited: 65_281,
  /** The other side said too often what nobody says who keeps to the protocol. */
  violations: 65_282,
} as const
