const SECOND_MS = 1_000

/** How many buckets there are; each is shared by all that the hash puts there. */
const BUCKETS = 4_096

/**
 * `perSecond` a second, and as many at once, for each of any number of names, in memory that does not grow: a name's
 * bucket is found by a keyed hash, so that nobody can choose who they share theirs with. Those who share one have one rate between
 * them. A bucket is one number, as in the generic cell rate algorithm (ITU-T I.371): when the next would be due if all came evenly.
 */
export class RateLimits {
  readonly #intervalMs: number
  readonly #dueAts = new Float64Array(BUCKETS).fill(-Infinity)
  readonly #key0: number
  readonly #key1: number

  /** `key` is 8 bytes that nobody can guess; `perSecond` is at least 1, and may be `Infinity`. */
  constructor(perSecond: number, key: Uint8Array) {
    const view = new DataView(key.buffer, key.byteOffset, key.byteLength)
    this.#intervalMs = SECOND_MS / perSecond
    this.#key0 = view.getUint32(0)
    this.#key1 = view.getUint32(4)
  }

  /** Whether that name may have one more at the time `now`, which is then taken. */
  take(now: number, name: string): boolean {
    const bucket = hash(this.#key0, this.#key1, name) & (BUCKETS - 1)
    const dueAt = nextDueAt(this.#dueAts[bucket] ?? -Infinity, now, this.#intervalMs)
    if (dueAt === undefined) return false
    this.#dueAts[bucket] = dueAt
    return true
  }
}

/** When the next is due after one more now; `undefined` when there are too many. */
function nextDueAt(dueAt: number, now: number, intervalMs: number): number | undefined {
  const next = Math.max(dueAt, now) + intervalMs
  return next - now > SECOND_MS + GRAIN_MS ? undefined : next
}

/** Less than this is what adding up intervals gets wrong. */
const GRAIN_MS = 1e-3

/** HalfSipHash-2-4 (Aumasson and Bernstein, 2012) of a string's UTF-16 units, one to a word. */
function hash(key0: number, key1: number, text: string): number {
  let v0 = key0
  let v1 = key1
  let v2 = 0x6c796765 ^ key0
  let v3 = 0x74656462 ^ key1
  const rounds = text.length + FINAL_WORDS
  for (let i = 0; i < rounds; i += 1) {
    const word = i < text.length ? text.charCodeAt(i) : i === text.length ? text.length << 24 : 0
    if (i === text.length + 1) v2 ^= 0xff
    v3 ^= word
    for (let round = 0; round < ROUNDS_A_WORD; round += 1) {
      v0 = (v0 + v1) | 0
      v1 = rotate(v1, 5) ^ v0
      v0 = rotate(v0, 16)
      v2 = (v2 + v3) | 0
      v3 = rotate(v3, 8) ^ v2
      v0 = (v0 + v3) | 0
      v3 = rotate(v3, 7) ^ v0
      v2 = (v2 + v1) | 0
      v1 = rotate(v1, 13) ^ v2
      v2 = rotate(v2, 16)
    }
    v0 ^= word
  }
  return v1 ^ v3
}

const ROUNDS_A_WORD = 2
/** The word with the length, and two of the four rounds that end it each. */
const FINAL_WORDS = 3

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}
