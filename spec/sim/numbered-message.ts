const ID_BYTES = 4

/** The least that a message has: its number. */
export const MIN_MESSAGE_BYTES = ID_BYTES

/** A message that can be told from every other: its number, and behind that what follows from it. */
export function createMessage(id: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < ID_BYTES; i += 1) bytes[i] = id >>> (8 * i)
  for (let i = ID_BYTES; i < length; i += 1) bytes[i] = fillByte(id, i)
  return bytes
}

/** Whether it is that message, byte by byte. */
export function isMessage(bytes: Uint8Array, id: number, length: number): boolean {
  if (bytes.length !== length || readId(bytes) !== id) return false
  for (let i = ID_BYTES; i < length; i += 1) if (bytes[i] !== fillByte(id, i)) return false
  return true
}

/** The number of a message; `NaN` when it is too short to have one. */
export function readId(bytes: Uint8Array): number {
  if (bytes.length < ID_BYTES) return NaN
  let id = 0
  for (let i = ID_BYTES - 1; i >= 0; i -= 1) id = id * 256 + (bytes[i] ?? 0)
  return id
}

/** Differs from byte to byte and from message to message, so that nothing can be mixed up unnoticed. */
function fillByte(id: number, place: number): number {
  return (id * 167 + place * 13 + (place >> 8) * 31) & 255
}
