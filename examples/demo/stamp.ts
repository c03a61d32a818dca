// The messages that travel over the bad link: 64 bytes with a number and the time they were sent.

import type { Delivery } from 'udpipe'

export const MESSAGE_BYTES = 64

/** What is compared. */
export const compared: readonly Delivery[] = ['reliable', 'unreliable']

/** Monotonic milliseconds of the machine: every process on it reads the same clock. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

export function stamp(delivery: Delivery, number: number): Buffer {
  const message = Buffer.alloc(MESSAGE_BYTES)
  message.writeUInt8(compared.indexOf(delivery), 0)
  message.writeUInt32BE(number, 1)
  message.writeDoubleBE(machineMs(), 5)
  return message
}

export function readStamp(message: Buffer): { delivery: Delivery | undefined; number: number; sentAtMs: number } {
  return {
    delivery: compared[message.readUInt8(0)],
    number: message.readUInt32BE(1),
    sentAtMs: message.readDoubleBE(5),
  }
}
