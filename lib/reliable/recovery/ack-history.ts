/** How many packet numbers back from the newest are remembered, one bit each. What arrives from below is too old to judge. */
export const ACK_WINDOW = 4096

/** Every packet is stated in at least this many acks that were sent, so that losing a few of them costs nothing. */
const ACKS_PER_PACKET = 4

/** Packets this far below what an ack stated as its newest may still be on their way, overtaken by younger ones. */
const REORDERING_MARGIN = 16

const WORD_MASK = ACK_WINDOW / 32 - 1

/**
 * Which packets arrived: a sliding window over the packet numbers of the other side, as in RFC 6479.
 *
 * It serves twice: a packet that is here already, or that fell below the window, is a duplicate and is dropped; and every ack
 * that goes out is written from it.
 */
export class AckHistory {
  readonly #words = new Uint32Array(ACK_WINDOW / 32)
  readonly #first: number
  readonly #statedLargest: number[]
  #statedCount = 0
  #largest: number
  #largestArrivedAt = NaN

  /** `first` is the number that the other side's first packet bears. */
  constructor(first: number) {
    this.#first = first
    this.#largest = first - 1
    this.#statedLargest = Array.from({ length: ACKS_PER_PACKET }, () => first - 1)
  }

  /** Whether nothing has arrived yet. */
  get isEmpty(): boolean {
    return this.#largest < this.#first
  }

  /** The newest packet number that arrived; one below the first while nothing did. */
  get largest(): number {
    return this.#largest
  }

  /** When the newest packet arrived. */
  get largestArrivedAt(): number {
    return this.#largestArrivedAt
  }

  /** The lowest number that {@link has} can still tell about. */
  get windowStart(): number {
    return Math.max(this.#first, this.#largest - ACK_WINDOW + 1)
  }

  /**
   * How far down an ack has to go: what lies below was stated in enough acks already. An ack may state more.
   */
  get floor(): number {
    const oldestStated = this.#statedLargest[this.#statedCount % ACKS_PER_PACKET] ?? this.#largest
    return Math.max(this.windowStart, oldestStated + 1 - REORDERING_MARGIN)
  }

  /** Whether a packet arrived; `false` for what lies outside of the window. */
  has(packetNumber: number): boolean {
    if (packetNumber > this.#largest || packetNumber < this.windowStart) return false
    return (this.#word(packetNumber) & bitOf(packetNumber)) !== 0
  }

  /** Whether a packet did not arrive before, and is recent enough to tell. */
  isNew(packetNumber: number): boolean {
    if (packetNumber > this.#largest) return true
    return packetNumber >= this.windowStart && !this.has(packetNumber)
  }

  /** Notes a packet for which {@link isNew} holds. */
  add(packetNumber: number, now: number): void {
    if (packetNumber > this.#largest) {
      this.#slideTo(packetNumber)
      this.#largestArrivedAt = now
    }
    const index = wordIndexOf(packetNumber)
    this.#words[index] = (this.#words[index] ?? 0) | bitOf(packetNumber)
  }

  /** Bit i is set when the packet `largest - 1 - i` has not arrived; for `count` packets, at most 32. */
  missingBits(count: number): number {
    const reachable = Math.min(count, this.#largest - this.windowStart)
    let bits = 0
    for (let i = 0; i < reachable; i += 1) {
      if (!this.has(this.#largest - 1 - i)) bits |= 1 << i
    }
    return bits >>> 0
  }

  /** An ack that states everything from {@link floor} up was written. */
  noteStated(): void {
    this.#statedLargest[this.#statedCount % ACKS_PER_PACKET] = this.#largest
    this.#statedCount += 1
  }

  #word(packetNumber: number): number {
    return this.#words[wordIndexOf(packetNumber)] ?? 0
  }

  /** Makes a number the newest one; the numbers that it skips have not arrived. */
  #slideTo(packetNumber: number): void {
    const skipped = packetNumber - this.#largest
    if (skipped >= ACK_WINDOW) {
      this.#words.fill(0)
    } else {
      for (let number = this.#largest + 1; number <= packetNumber;) {
        const index = wordIndexOf(number)
        const isWholeWord = number % 32 === 0 && packetNumber - number >= 31
        this.#words[index] = isWholeWord ? 0 : (this.#words[index] ?? 0) & ~bitOf(number)
        number += isWholeWord ? 32 : 1
      }
    }
    this.#largest = packetNumber
  }
}

// Packet numbers pass 2^32, which the bitwise operators cut off: the parts that matter here are the low ones, and those stay.
function wordIndexOf(packetNumber: number): number {
  return (packetNumber / 32) & WORD_MASK
}

function bitOf(packetNumber: number): number {
  return 1 << (packetNumber % 32)
}
