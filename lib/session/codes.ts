/** Why a front door says GO AWAY! Any other code, up to 65535, is the application's own. */
export const refusalCodes = {
  /** The HELLO does not prove the token. */
  badToken: 1,
  /** The HELLO is of a version that the server does not speak; the reason names those it does. */
  badVersion: 2,
  /** As many clients as the server takes are there. */
  full: 3,
  /** The application did not want this client. */
  refused: 4,
  /** No private port is free. */
  noFreePort: 5,
  /** The server is about to end. */
  closing: 6,
  /** As many clients as the server takes from one address are there. */
  fullForAddress: 7,
  /** The connect token has expired. */
  expiredToken: 8,
  /** The connect token has been used. */
  usedToken: 9,
  /** The connect token names other servers than this one. */
  tokenForAnotherServer: 10,
} as const

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
