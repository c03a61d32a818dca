import { UDPipeError } from '../core/errors.ts'
import { refusalCodes } from '../session/codes.ts'
import type { CloseReason } from '../session/session.ts'
import { parseCloseOptions } from './send-options.ts'

/** What a client is sent away with. */
export interface RefusalOptions {
  /** A number of the program's own, 0 to 65,279, or one of `refusalCodes`; default `refusalCodes.refused`. */
  readonly code?: number
  /** A sentence for people, at most 256 bytes. Default none. */
  readonly reason?: string
  /** `false`: the client is not to dial again. Default `true`. The classic protocol cannot say any of the three. */
  readonly reconnect?: boolean
}

/** Whether a client is let in: `false`, or what it is sent away with, refuses it; `true` and `undefined` let it in. */
export type AdmissionAnswer = boolean | undefined | RefusalOptions

/** What a client is sent away with when nobody said more than that. */
export const REFUSED: CloseReason = {
  code: refusalCodes.refused,
  reason: 'the server’s program refused',
  isFinal: false,
}

/**
 * Reads what `onNewClient` returned: what the client is sent away with, `undefined` when it is let in.
 *
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`
 */
export function parseAdmissionAnswer(answer: unknown): CloseReason | undefined {
  if (answer === undefined || answer === true) return undefined
  if (answer === false) return REFUSED
  if (typeof answer === 'object' && answer !== null) {
    return parseCloseOptions({ code: REFUSED.code, ...answer }, 'onNewClient returns { code, reason, reconnect }')
  }
  throw new UDPipeError(
    'ERR_ARGUMENT_INVALID',
    `onNewClient returns true or nothing to let a client in, false or { code, reason, reconnect } to refuse it, or a promise of ` +
      `these; it returned ${answer === null ? 'null' : `a ${typeof answer}`}, so the client was refused.`,
  )
}
