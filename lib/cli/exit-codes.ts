/**
 * What the command `udpipe` exits with. A second signal ends it at once, with 128 and the signal's number: 130 for SIGINT, 143 for
 * SIGTERM, 129 for SIGHUP.
 */
export const exitCodes = {
  /** Everything was sent, and the connection closed by either side; `listen` was told to end. */
  done: 0,
  /** No connection, a lost one, or something of the input that was not sent. */
  failure: 1,
  /** The command line was wrong, and nothing has happened. */
  usage: 2,
} as const

/** {@link exitCodes}, as the help shows them. */
export const exitCodesHelp = `
Exit codes:
  0    done: all input was sent, and either side closed the connection
  1    no connection, a lost connection, or input that could not be sent
  2    wrong usage
  130  ended at once by a second SIGINT (143: SIGTERM, 129: SIGHUP)`
