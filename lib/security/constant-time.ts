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
