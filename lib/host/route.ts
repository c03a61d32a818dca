import type { Options } from '../options/options.ts'
import { protocols } from './protocols.ts'
import type { Delivery } from '../session/delivery.ts'
import type { ProtocolName } from '../session/session.ts'

/** How a message travels that says nothing of it itself: its channel's default, else the protocol's. */
export function defaultDelivery(channel: number, protocol: ProtocolName, options: Options): Delivery {
  return options.channels[channel]?.delivery ?? protocols[protocol].defaultDelivery
}
