/** A seeded source of numbers from 0 up to, not including, 1. */
export type Random = () => number

/** Chris Doty-Humphrey's sfc32: the same seed gives the same numbers on every machine. */
export function createRandom(seed: number): Random {
  let a = 0x9e3779b9
  let b = 0x243f6a88
  let c = seed | 0
  let counter = 1
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
  // The first numbers of nearby seeds are alike.
  for (let i = 0; i < 12; i += 1) next()
  return next
}

/** A whole number from 0 up to, not including, `limit`. */
export function integerBelow(random: Random, limit: number): number {
  return Math.floor(random() * limit)
}

export function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => integerBelow(random, 256))
}
