import { createChannelsStats } from '../../lib/reliable/channel/channels-stats.ts'
import { DeliveryQueue } from '../../lib/reliable/channel/delivery-queue.ts'
import { toHex } from './packet-description.ts'

/** The largest message of the specs of receivers. */
export const MAX_MESSAGE_BYTES = 100_000

export function createDeliveryQueue(maxMessageBytes: number = MAX_MESSAGE_BYTES): DeliveryQueue {
  return new DeliveryQueue(maxMessageBytes, createChannelsStats())
}

/** Takes the messages that wait, in hexadecimal. */
export function takenFrom(deliveryQueue: DeliveryQueue): string[] {
  const taken: string[] = []
  for (let event = deliveryQueue.poll(); event !== undefined; event = deliveryQueue.poll())
    taken.push(toHex(event.message))
  return taken
}

/** Takes the messages that wait, and grants the credit that this makes due. Returns how many they were. */
export function takeAndGrant(deliveryQueue: DeliveryQueue): number {
  let count = 0
  while (deliveryQueue.poll() !== undefined) count += 1
  while (deliveryQueue.credit.hasDue) deliveryQueue.credit.grantNext()
  return count
}

/** A message of one byte, and the same in hexadecimal. */
export function byte(value: number): Uint8Array {
  return Uint8Array.of(value)
}
