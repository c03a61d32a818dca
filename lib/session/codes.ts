/**
 * Why a front door says GO AWAY!, as `error.refusal.code` of a client's `ERR_REFUSED` has it. Codes from 65,280 up are the library's; those
 * below are the application's own, as `onNewClient` returned them.
 */
export const refusalCodes = {
  /** The HELLO does not prove the token. */
  badToken: 65_297,
  /** The HELLO is of a version that the server does not speak; the reason names those it does. */
  badVersion: 65_298,
  /** As many clients as the server takes are there. */
  full: 65_299,
  /** The application did not want this client, and said no more; or did not say in time that it does. */
  refused: 65_300,
  /** No private port is free. */
  noFreePort: 65_301,
  /** The server is about to end. */
  closing: 65_302,
  /** As many clients as the server takes from one address are there. */
  fullForAddress: 65_303,
  /** The connect token has expired. */
  expiredToken: 65_304,
  /** The connect token has been used. */
  usedToken: 65_305,
  /** The connect token names other servers than this one. */
  tokenForAnotherServer: 65_306,
  /** One end has `security: 'noise'`, the other `'none'`. */
  securityMismatch: 65_307,
  /** The token is right, but the client's `serverKey` is not this server's, or this server has none. */
  wrongServerKey: 65_308,
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
