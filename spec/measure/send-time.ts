/** The channel of the messages whose time is taken. */
export const TIMED_CHANNEL = 1

/** The time in milliseconds of a clock that all processes of a machine share. */
export function sharedMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** A message of so many bytes, 8 or more, that says when it was sent: now. */
export function messageOf(lengthBytes: number): Buffer {
  const message = Buffer.alloc(lengthBytes)
  message.writeDoubleLE(sharedMs())
  return message
}

/** When a message was sent. */
export function readSendTime(message: Buffer): number {
  return message.readDoubleLE()
}
