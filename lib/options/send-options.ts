import { UDPipeError } from '../core/errors.ts'
import { utf8Length } from '../core/text.ts'
import type { Delivery } from '../session/delivery.ts'

/** How a message is to travel; what is left out is the channel's default. */
export interface SendOptions {
  readonly delivery?: Delivery
  /** 0 to 255, default 0: order is kept within a channel, and a loss on one never holds up another. */
  readonly channel?: number
  /** Sends it right now, with whatever else waits, instead of at the end of this step or turn. Default `false`. */
  readonly immediate?: boolean
}

/** What is told about the end of a connection. */
export interface CloseOptions {
  /** A number of the program's own, 0 to 65,535, of which those from 65,280 up are better left to `closeCodes`; default 0. */
  readonly code?: number
  readonly reason?: string
}

/**
 * Checks what `close` was told.
 *
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`
 */
export function parseCloseOptions({ code = 0, reason = '' }: CloseOptions): { code: number; reason: string } {
  if (!Number.isInteger(code) || code < 0 || code > 0xffff) {
    throw new UDPipeError('ERR_ARGUMENT_INVALID', `code must be a whole number from 0 to 65535; it was ${code}.`)
  }
  if (typeof reason !== 'string' || utf8Length(reason) > MAX_REASON_BYTES) {
    throw new UDPipeError('ERR_ARGUMENT_INVALID', `reason must be a string of at most ${MAX_REASON_BYTES} bytes.`)
  }
  return { code, reason }
}

/** A reason travels in one datagram, beside other things. */
const MAX_REASON_BYTES = 256
