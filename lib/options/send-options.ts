import { UDPipeError } from '../core/errors.ts'
import { utf8Length } from '../core/text.ts'
import type { Delivery } from '../session/delivery.ts'
import type { CloseReason } from '../session/session.ts'

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
  /**
   * `false`: a client that is closed so does not dial again, as one that was kicked should not; it ends, and its `onDisconnect` says
   * `willReconnect: false`. Default `true`. On a client it changes nothing: who closes does not dial again. The classic protocol cannot say it.
   */
  readonly reconnect?: boolean
}

/**
 * Checks what `close` was told.
 *
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`
 */
export function parseCloseOptions({ code = 0, reason = '', reconnect = true }: CloseOptions): CloseReason {
  if (!Number.isInteger(code) || code < 0 || code > 0xffff) {
    throw new UDPipeError('ERR_ARGUMENT_INVALID', `code must be a whole number from 0 to 65535; it was ${code}.`)
  }
  if (typeof reason !== 'string' || utf8Length(reason) > MAX_REASON_BYTES) {
    throw new UDPipeError('ERR_ARGUMENT_INVALID', `reason must be a string of at most ${MAX_REASON_BYTES} bytes.`)
  }
  if (typeof reconnect !== 'boolean') {
    throw new UDPipeError('ERR_ARGUMENT_INVALID', `reconnect must be true or false; it was ${String(reconnect)}.`)
  }
  return { code, reason, isFinal: !reconnect }
}

/** A reason travels in one datagram, beside other things. */
const MAX_REASON_BYTES = 256
