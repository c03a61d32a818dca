const UINT32 = 2 ** 32

/**
 * A small, fast, seeded source of randomness: sfc32 by Chris Doty-Humphrey (PractRand), seeded through the finalizer of
 * splitmix32. Not for secrets. The same seed gives the same numbers on every machine.
 *
 * {@link fork} derives an independent source from the seed and a label, whatever was drawn before: so a simulation in
 * which each consumer has a fork of its own keeps its other numbers when one consumer is added.
 */
export class Random {
  readonly #seed: number
  #a: number
  #b: number
  #c: number
  #counter = 1

  /** `seed` is a whole number from 0 to 2^53 - 1. Throws a RangeError otherwise. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(`A seed is a whole number from 0 to 2^53 - 1, not ${seed}.`)
    }
    this.#seed = seed
    this.#a = mix(seed >>> 0)
    this.#b = mix(Math.floor(seed / UINT32) ^ 0x9e3779b9)
    this.#c = mix(this.#a ^ this.#b)
    for (let round = 0; round < 12; round += 1) this.uint32()
  }

  /** {@link uniform} as a function that needs no receiver, for those who take a source of randomness as one. */
  readonly next: () => number = () => this.uint32() / UINT32

  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** A number from 0 up to, not including, 1. */
  uniform(): number {
    return this.uint32() / UINT32
  }

  /** A number from `min` up to, not including, `max`. */
  between(min: number, max: number): number {
    return min + (max - min) * this.uniform()
  }

  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor((max - min + 1) * this.uniform())
  }

  /** True with the probability `rate`; draws nothing where the answer is certain. */
  chance(rate: number): boolean {
    return rate > 0 && (rate >= 1 || this.uniform() < rate)
  }

  /** One of the items. Throws a RangeError when there are none. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('There is nothing to pick from.')
    return items[this.integer(0, items.length - 1)] as T
  }

  /** So many random bytes. */
  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let i = 0; i < length; i += 1) bytes[i] = this.uint32() >>> 24
    return bytes
  }

  /** An independent source, the same for the same seed and label, whatever has been drawn from this one. */
  fork(label: string): Random {
    const low = hash(label, this.#seed >>> 0)
    const high = hash(label, Math.floor(this.#seed / UINT32) ^ 0x85ebca6b)
    return new Random((high & 0x1fffff) * UINT32 + low)
  }
}

/** The finalizer of splitmix32: every input bit moves about half of the output bits. */
function mix(value: number): number {
  let mixed = (value + 0x9e3779b9) | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
  return (mixed ^ (mixed >>> 15)) >>> 0
}

/** FNV-1a over the UTF-16 code units of a text, started from a seed. */
function hash(text: string, seed: number): number {
  let hashed = mix(seed) ^ 0x811c9dc5
  for (let i = 0; i < text.length; i += 1) hashed = Math.imul(hashed ^ text.charCodeAt(i), 0x01000193)
  return mix(hashed)
}
