/** In place of the number of writings that are due because a fragment was lost. */
const ACKED = 0xff

/** How often one fragment may be in flight at once. */
const MAX_IN_FLIGHT = 0xff

/** The fragments of a message: which were written, which are lost, which are acknowledged. */
export class OutgoingFragments {
  /** The size of each but the last. */
  readonly size: number
  /** The number of the last one. */
  readonly last: number
  /** The first one that was never written. */
  next = 0
  readonly #inFlight: Uint8Array
  /** {@link ACKED}, or how often it has to be written because it was lost. */
  readonly #resends: Uint8Array
  /** One bit for each one that is lost. */
  readonly #lost: Uint32Array
  #lostCount = 0
  #ackedCount = 0
  /** The lost one that was written again last. */
  #resentLast = -1
  /** The first one that is not acknowledged. */
  #oldestUnacked = 0

  constructor(messageBytes: number, size: number) {
    const count = Math.ceil(messageBytes / size)
    this.size = size
    this.last = count - 1
    this.#inFlight = new Uint8Array(count)
    this.#resends = new Uint8Array(count)
    this.#lost = new Uint32Array(Math.ceil(count / 32))
  }

  get isWhollyWritten(): boolean {
    return this.next > this.last
  }

  get isWhollyAcked(): boolean {
    return this.#ackedCount > this.last
  }

  get hasLost(): boolean {
    return this.#lostCount > 0
  }

  /** The length of a fragment of a message of `messageBytes`. */
  lengthOf(index: number, messageBytes: number): number {
    return Math.min(this.size, messageBytes - index * this.size)
  }

  /** The next lost one, going round, after the one that was written again last; -1 when there is none. */
  nextLost(): number {
    if (this.#lostCount === 0) return -1
    const start = this.#resentLast + 1
    let word = start >>> 5
    let bits = this.#lostBits(word) & (-1 << (start & 31))
    while (bits === 0) {
      word = word + 1 < this.#lost.length ? word + 1 : 0
      bits = this.#lostBits(word)
    }
    return word * 32 + lowestBit(bits)
  }

  /** The oldest one that was written and is not acknowledged, -1 when there is none. */
  oldestUnacked(): number {
    while (this.#oldestUnacked < this.next && this.#resends[this.#oldestUnacked] === ACKED) this.#oldestUnacked += 1
    return this.#oldestUnacked < this.next ? this.#oldestUnacked : -1
  }

  /** Fragment `index` was written, for the first time or again. */
  noteWritten(index: number): void {
    if (index === this.next) this.next += 1
    this.#inFlight[index] = Math.min(MAX_IN_FLIGHT, (this.#inFlight[index] ?? 0) + 1)
    if (!this.#isLost(index)) return
    this.#resentLast = index
    const resends = (this.#resends[index] ?? 0) - 1
    this.#resends[index] = resends
    if (resends === 0) this.#setLost(index, false)
  }

  noteAcked(index: number): void {
    if (this.#resends[index] === ACKED) return
    if (this.#isLost(index)) this.#setLost(index, false)
    this.#resends[index] = ACKED
    this.#ackedCount += 1
  }

  /** A packet with fragment `index` was lost: with the last such one it is lost itself, and due to be written `resends` times. */
  noteLost(index: number, resends: number): void {
    const inFlight = Math.max(0, (this.#inFlight[index] ?? 0) - 1)
    this.#inFlight[index] = inFlight
    if (inFlight > 0 || this.#resends[index] === ACKED) return
    if (!this.#isLost(index)) this.#setLost(index, true)
    this.#resends[index] = resends
  }

  #isLost(index: number): boolean {
    return (this.#lostBits(index >>> 5) & (1 << (index & 31))) !== 0
  }

  #setLost(index: number, isLost: boolean): void {
    this.#lost[index >>> 5] = this.#lostBits(index >>> 5) ^ (1 << (index & 31))
    this.#lostCount += isLost ? 1 : -1
  }

  #lostBits(word: number): number {
    return this.#lost[word] ?? 0
  }
}

/** The number of the lowest bit that is set. */
function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits)
}
