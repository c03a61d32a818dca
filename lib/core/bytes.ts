/** A copy with memory of its own. `slice` would not do: of a `Buffer`, which is what a socket hands out, it is a view. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}

/** All parts, one after another, in memory of their own. */
export function concatenate(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/** Some bytes that tell one thing from every other, as the key of a map. */
export function byteKey(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}

/** Whether two arrays hold the same bytes, where nobody may gain from how long it takes to tell. */
export function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false
  return true
}

/**
 * Whether `length` bytes of two arrays, from `aOffset` and `bOffset` on, are the same. How long it takes does not depend on
 * where they differ, so a forger cannot feel their way to a match byte by byte. A byte that is not there equals none.
 */
export function isEqualConstantTime(
  a: Uint8Array,
  aOffset: number,
  b: Uint8Array,
  bOffset: number,
  length: number,
): boolean {
  let difference = 0
  for (let i = 0; i < length; i += 1) difference |= (a[aOffset + i] ?? 0x200) ^ (b[bOffset + i] ?? 0x100)
  return difference === 0
}
