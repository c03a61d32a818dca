import type { Address } from '../core/address.ts'

/** What arrived at a socket. */
export interface Datagram {
  /** The UDP payload; nobody else holds it, so it is the receiver's to keep. */
  readonly bytes: Uint8Array
  /** Where it came from; the same object again while the same peer is heard, and never changed. */
  readonly source: Address
  /** When it came out of the kernel, by the socket's clock, in milliseconds. */
  readonly arrivedAtMs: number
}

/** How many bytes of datagrams wait in an inbox at most: four times what the kernel's receive buffer takes by default. */
const MAX_INBOX_BYTES = 16 * 1024 * 1024

const FIRST_CAPACITY = 8
const NO_BYTES = new Uint8Array(0)
const NOWHERE: Address = { host: '0.0.0.0', port: 0 }

/**
 * Datagrams that wait for the next step, in a ring that grows to its limits.
 *
 * Beyond them the oldest makes room: after a pause the newest datagrams hold the newest state and acks, and the arrival time of
 * the last one is what tells a silent peer from one that nobody listened to.
 */
export class Inbox {
  readonly #maxDatagrams: number
  readonly #maxBytes: number
  // Three arrays rather than one of records, so that a datagram that waits costs no object.
  #bytes: Uint8Array[] = []
  #sources: Address[] = []
  #arrivals = new Float64Array(0)
  #capacity = 0
  #head = 0
  #length = 0
  #waitingBytes = 0
  readonly #taken: { -readonly [Key in keyof Datagram]: Datagram[Key] } = {
    bytes: NO_BYTES,
    source: NOWHERE,
    arrivedAtMs: 0,
  }

  constructor(maxDatagrams: number, maxBytes: number = MAX_INBOX_BYTES) {
    this.#maxDatagrams = maxDatagrams
    this.#maxBytes = maxBytes
  }

  /** How many datagrams wait. */
  get length(): number {
    return this.#length
  }

  /** Puts a datagram behind the others and returns how many had to make room for it. */
  put(bytes: Uint8Array, source: Address, arrivedAtMs: number): number {
    const lengthBefore = this.#length
    while (this.#length > 0 && !this.#hasRoomFor(bytes.length)) this.#advance()
    const dropped = lengthBefore - this.#length
    if (this.#length === this.#capacity) this.#grow()
    const slot = (this.#head + this.#length) % this.#capacity
    this.#bytes[slot] = bytes
    this.#sources[slot] = source
    this.#arrivals[slot] = arrivedAtMs
    this.#length += 1
    this.#waitingBytes += bytes.length
    return dropped
  }

  /** Takes the oldest datagram out. The record is valid until the next call, its `bytes` and `source` for ever. */
  take(): Datagram | undefined {
    const taken = this.#taken
    if (this.#length === 0) {
      taken.bytes = NO_BYTES
      return undefined
    }
    const head = this.#head
    taken.bytes = this.#bytes[head] ?? NO_BYTES
    taken.source = this.#sources[head] ?? NOWHERE
    taken.arrivedAtMs = this.#arrivals[head] ?? NaN
    this.#advance()
    return taken
  }

  /** Forgets everything that waits. */
  clear(): void {
    this.#bytes = []
    this.#sources = []
    this.#arrivals = new Float64Array(0)
    this.#capacity = this.#head = this.#length = this.#waitingBytes = 0
    this.#taken.bytes = NO_BYTES
  }

  #hasRoomFor(lengthBytes: number): boolean {
    return this.#length < this.#maxDatagrams && this.#waitingBytes + lengthBytes <= this.#maxBytes
  }

  #advance(): void {
    const head = this.#head
    this.#waitingBytes -= this.#bytes[head]?.length ?? 0
    // A slot that is free must not keep 64 KiB from being collected.
    this.#bytes[head] = NO_BYTES
    this.#head = (head + 1) % this.#capacity
    this.#length -= 1
  }

  #grow(): void {
    const capacity = Math.min(this.#maxDatagrams, Math.max(FIRST_CAPACITY, this.#capacity * 2))
    const arrivals = new Float64Array(capacity)
    arrivals.set(this.#arrivals.subarray(this.#head))
    arrivals.set(this.#arrivals.subarray(0, this.#head), this.#capacity - this.#head)
    this.#arrivals = arrivals
    this.#bytes = grown(this.#bytes, this.#head, capacity, NO_BYTES)
    this.#sources = grown(this.#sources, this.#head, capacity, NOWHERE)
    this.#capacity = capacity
    this.#head = 0
  }
}

/** The entries of a full ring in order, followed by free slots. */
function grown<T>(ring: readonly T[], head: number, capacity: number, free: T): T[] {
  const entries = [...ring.slice(head), ...ring.slice(0, head)]
  while (entries.length < capacity) entries.push(free)
  return entries
}
