import { createChannelsStats } from '../../lib/reliable/channel/channels-stats.ts'
import { Handover } from '../../lib/reliable/channel/delivery-queue.ts'
import { toHex } from './packet-description.ts'

/** The largest message of the specs of receivers. */
export const MAX_MESSAGE_BYTES = 100_000

export function createHandover(maxMessageBytes: number = MAX_MESSAGE_BYTES): Handover {
  return new Handover(maxMessageBytes, createChannelsStats())
}

/** Takes the messages that wait, in hexadecimal. */
export function takenFrom(handover: Handover): string[] {
  const taken: string[] = []
  for (let event = handover.poll(); event !== undefined; event = handover.poll()) taken.push(toHex(event.message))
  return taken
}

/** Takes the messages that wait, and grants the credit that this makes due. Returns how many they were. */
export function takeAndGrant(handover: Handover): number {
  let count = 0
  while (handover.poll() !== undefined) count += 1
  while (handover.credit.hasDue) handover.credit.grantNext()
  return count
}

/** A message of one byte, and the same in hexadecimal. */
export function byte(value: number): Uint8Array {
  return Uint8Array.of(value)
}
