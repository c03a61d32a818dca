import { UDPipeError } from '../core/errors.ts'
import type { Options } from '../options/options.ts'
import type { SendOptions } from '../options/send-options.ts'
import { protocols } from './protocols.ts'
import { deliveries, MAX_CHANNEL, type Delivery } from '../session/delivery.ts'
import type { ProtocolName } from '../session/session.ts'

/** How a message travels. */
export interface Route {
  readonly delivery: Delivery
  readonly channel: number
}

/**
 * The delivery and channel of a message: what the call names, else the channel's default, else the protocol's.
 *
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`
 */
export function routeOf({ delivery, channel = 0 }: SendOptions, protocol: ProtocolName, options: Options): Route {
  if (!Number.isInteger(channel) || channel < 0 || channel > MAX_CHANNEL) {
    throw new UDPipeError(
      'ERR_ARGUMENT_INVALID',
      `channel must be a whole number from 0 to ${MAX_CHANNEL}; it was ${channel}.`,
    )
  }
  if (delivery !== undefined && !deliveries.includes(delivery)) {
    throw new UDPipeError(
      'ERR_ARGUMENT_INVALID',
      `delivery must be one of ${deliveries.join(', ')}; it was '${delivery as string}'.`,
    )
  }
  return { delivery: delivery ?? options.channels[channel]?.delivery ?? protocols[protocol].defaultDelivery, channel }
}
