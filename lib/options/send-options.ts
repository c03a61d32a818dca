import { checkCallOptions, isOptions, notOptions, unknownOption } from '../core/call-options.ts'
import { UDPipeError } from '../core/errors.ts'
import { show } from '../core/show.ts'
import { cutUtf8 } from '../core/text.ts'
import { deliveries, MAX_CHANNEL, type Delivery } from '../session/delivery.ts'
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
  /** In words; of more than 256 bytes of UTF-8 the other side is told as many whole characters as fit. Default `''`. */
  readonly reason?: string
  /**
   * `false`: a client that is closed so does not dial again, as one that was kicked should not; it ends, and its `onDisconnect` says
   * `willReconnect: false`. Default `true`. On a client it changes nothing: who closes does not dial again. The classic protocol cannot say it.
   */
  readonly reconnect?: boolean
}

/**
 * Checks how a message is to travel. It is called for each message that is sent with options, so it makes nothing.
 *
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`, `ERR_OPTION_UNKNOWN`
 */
export function checkSendOptions(options: unknown, call: string = SEND_CALL): asserts options is SendOptions {
  if (typeof options !== 'object' || options === null) throw notSendOptions(options, call)
  let isEmpty = true
  for (const key in options) {
    isEmpty = false
    if (key !== 'delivery' && key !== 'channel' && key !== 'immediate') {
      throw unknownOption(options, key, SEND_OPTIONS, call)
    }
  }
  if (isEmpty && !isOptions(options)) throw notSendOptions(options, call)
  checkRoute(options)
}

/** Checks the values of options whose names are known. */
export function checkRoute({ delivery, channel, immediate }: SendOptions): void {
  if (channel !== undefined && !(Number.isInteger(channel) && channel >= 0 && channel <= MAX_CHANNEL)) {
    throw invalid(`channel must be a whole number from 0 to ${MAX_CHANNEL}`, channel)
  }
  if (delivery !== undefined && !deliveries.includes(delivery)) {
    throw invalid(`delivery must be one of ${deliveries.join(', ')}`, delivery)
  }
  if (immediate !== undefined && typeof immediate !== 'boolean')
    throw invalid('immediate must be true or false', immediate)
}

/** The error for what should have been options of a message; a delivery or a channel alone is told where it belongs. */
export function notSendOptions(value: unknown, call: string): UDPipeError {
  if (typeof value === 'string')
    return notOptions(
      value,
      call.replace(SEND_FIELDS, () => `{ delivery: ${show(value)} }`),
    )
  if (typeof value === 'number') return notOptions(value, call.replace(SEND_FIELDS, `{ channel: ${value} }`))
  return notOptions(value, call)
}

/**
 * Checks what `close` was told.
 *
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`, `ERR_OPTION_UNKNOWN`
 */
export function parseCloseOptions(options: CloseOptions, call: string): CloseReason {
  if (typeof options === 'string')
    throw notOptions(
      options,
      call.replace(CLOSE_FIELDS, () => `{ reason: ${show(options)} }`),
    )
  if (typeof options === 'number') throw notOptions(options, call.replace(CLOSE_FIELDS, `{ code: ${show(options)} }`))
  checkCallOptions(options, CLOSE_OPTIONS, call)
  const { code = 0, reason = '', reconnect = true } = options
  if (!Number.isInteger(code) || code < 0 || code > 0xffff) {
    throw invalid('code must be a whole number from 0 to 65535', code)
  }
  if (typeof reason !== 'string') throw invalid('reason must be a string', reason)
  if (typeof reconnect !== 'boolean') throw invalid('reconnect must be true or false', reconnect)
  return { code, reason: cutUtf8(reason, MAX_REASON_BYTES), isFinal: !reconnect }
}

/** A reason travels in one datagram, beside other things. */
const MAX_REASON_BYTES = 256

const SEND_OPTIONS = { delivery: 0, channel: 0, immediate: 0 }
const SEND_FIELDS = '{ delivery, channel, immediate }'
const SEND_CALL = `peer.send(message, ${SEND_FIELDS})`
const CLOSE_OPTIONS = { code: 0, reason: 0, reconnect: 0 }
const CLOSE_FIELDS = '{ code, reason, reconnect }'

function invalid(what: string, value: unknown): UDPipeError {
  return new UDPipeError('ERR_ARGUMENT_INVALID', `${what}; it was ${show(value)}.`)
}
