const BLOCK_BYTES = 64
/** The length of a SHA-256 digest. */
export const SHA256_BYTES = 32

/** FIPS 180-4 §4.2.2: the fractional parts of the cube roots of the first 64 primes. */
const roundConstants = new Uint32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
])

/** FIPS 180-4 §5.3.3: the fractional parts of the square roots of the first 8 primes. */
const initialState = new Uint32Array([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
])

/** The message schedule, shared by all instances: it lives only within one call of compress. */
const schedule = new Uint32Array(64)

/**
 * SHA-256 (FIPS 180-4) of what is handed to {@link update}, in as many pieces as one likes.
 *
 * It is written here, and not borrowed from a platform, because the pure folders have none; it is meant for the few hundred
 * bytes of a handshake.
 */
export class Sha256 {
  readonly #state = Uint32Array.from(initialState)
  readonly #block = new Uint8Array(BLOCK_BYTES)
  #length = 0

  update(bytes: Uint8Array): this {
    let filled = this.#length % BLOCK_BYTES
    this.#length += bytes.length
    for (let offset = 0; offset < bytes.length;) {
      const taken = Math.min(BLOCK_BYTES - filled, bytes.length - offset)
      this.#block.set(bytes.subarray(offset, offset + taken), filled)
      offset += taken
      filled += taken
      if (filled === BLOCK_BYTES) {
        compress(this.#state, this.#block)
        filled = 0
      }
    }
    return this
  }

  /** The digest of everything so far. To be called once, and nothing after it. */
  digest(): Uint8Array {
    const filled = this.#length % BLOCK_BYTES
    this.#block[filled] = 0x80
    this.#block.fill(0, filled + 1)
    if (filled + 1 > BLOCK_BYTES - 8) {
      compress(this.#state, this.#block)
      this.#block.fill(0)
    }
    // §5.1.1: the length in bits, as 64 bits. Multiplying by 8 is exact below 2^50 bytes.
    const view = new DataView(this.#block.buffer)
    view.setUint32(BLOCK_BYTES - 8, Math.floor(this.#length / 0x2000_0000))
    view.setUint32(BLOCK_BYTES - 4, (this.#length * 8) >>> 0)
    compress(this.#state, this.#block)

    const digest = new Uint8Array(SHA256_BYTES)
    const digestView = new DataView(digest.buffer)
    for (let i = 0; i < 8; i += 1) digestView.setUint32(4 * i, this.#state[i] ?? 0)
    return digest
  }

  /** Another hash that has been handed the same so far. */
  clone(): Sha256 {
    const clone = new Sha256()
    clone.#state.set(this.#state)
    clone.#block.set(this.#block)
    clone.#length = this.#length
    return clone
  }
}

/** §6.2.2: takes one block into the state. */
function compress(state: Uint32Array, block: Uint8Array): void {
  const view = new DataView(block.buffer, block.byteOffset, BLOCK_BYTES)
  for (let t = 0; t < 16; t += 1) schedule[t] = view.getUint32(4 * t)
  for (let t = 16; t < 64; t += 1) {
    const w15 = schedule[t - 15] ?? 0
    const w2 = schedule[t - 2] ?? 0
    const sigma0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3)
    const sigma1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10)
    schedule[t] = (schedule[t - 16] ?? 0) + sigma0 + (schedule[t - 7] ?? 0) + sigma1
  }

  let a = state[0] ?? 0
  let b = state[1] ?? 0
  let c = state[2] ?? 0
  let d = state[3] ?? 0
  let e = state[4] ?? 0
  let f = state[5] ?? 0
  let g = state[6] ?? 0
  let h = state[7] ?? 0
  for (let t = 0; t < 64; t += 1) {
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const choice = (e & f) ^ (~e & g)
    const t1 = (h + sum1 + choice + (roundConstants[t] ?? 0) + (schedule[t] ?? 0)) | 0
    const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + sum0 + majority) | 0
  }

  // Elements of a Uint32Array add modulo 2^32 by themselves.
  state[0] = (state[0] ?? 0) + a
  state[1] = (state[1] ?? 0) + b
  state[2] = (state[2] ?? 0) + c
  state[3] = (state[3] ?? 0) + d
  state[4] = (state[4] ?? 0) + e
  state[5] = (state[5] ?? 0) + f
  state[6] = (state[6] ?? 0) + g
  state[7] = (state[7] ?? 0) + h
}

/** Rotates 32 bits to the right. */
function rotate(word: number, count: number): number {
  return (word >>> count) | (word << (32 - count))
}
