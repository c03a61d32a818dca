/** What bounds a link's rate and the queue before it. */
export interface RateLimits {
  readonly rateBitsPerSecond: number
  readonly queuePackets: number
  readonly queueBytes: number
  readonly overheadBytes: number
}

const INITIAL_CAPACITY = 16

/** The drop-tail queue before a wire of limited rate: a ring of who leaves when. */
export class TransmitQueue {
  #departures: Float64Array = new Float64Array(INITIAL_CAPACITY)
  #sizes: Float64Array = new Float64Array(INITIAL_CAPACITY)
  #head = 0
  #busyUntil = -Infinity
  #packets = 0
  #bytes = 0

  /** How many datagrams wait or are on the wire, as of the last {@link send}. */
  get packets(): number {
    return this.#packets
  }

  /** Their bytes, with their overhead. */
  get bytes(): number {
    return this.#bytes
  }

  /** Queues a datagram. Returns when its last bit has left, or -1 when the queue was full. */
  send(now: number, payloadBytes: number, limits: RateLimits): number {
    this.#leave(now)
    if (limits.rateBitsPerSecond === Infinity) return Math.max(now, this.#busyUntil)
    const size = payloadBytes + limits.overheadBytes
    if (this.#packets >= limits.queuePackets || this.#bytes + size > limits.queueBytes) return -1
    const departure = Math.max(now, this.#busyUntil) + (size * 8_000) / limits.rateBitsPerSecond
    if (this.#packets === this.#departures.length) this.#grow()
    const tail = (this.#head + this.#packets) % this.#departures.length
    this.#departures[tail] = departure
    this.#sizes[tail] = size
    this.#packets += 1
    this.#bytes += size
    this.#busyUntil = departure
    return departure
  }

  #leave(now: number): void {
    while (this.#packets > 0 && (this.#departures[this.#head] ?? 0) <= now) {
      this.#bytes -= this.#sizes[this.#head] ?? 0
      this.#head = (this.#head + 1) % this.#departures.length
      this.#packets -= 1
    }
  }

  #grow(): void {
    const length = this.#departures.length
    const departures = new Float64Array(length * 2)
    const sizes = new Float64Array(length * 2)
    for (let i = 0; i < length; i += 1) {
      const place = (this.#head + i) % length
      departures[i] = this.#departures[place] ?? 0
      sizes[i] = this.#sizes[place] ?? 0
    }
    this.#departures = departures
    this.#sizes = sizes
    this.#head = 0
  }
}
