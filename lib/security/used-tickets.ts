/**
 * What became of a ticket that was to be used: it is `'taken'`; it had been `'used'` before; or the memory is `'full'`.
 */
export type TicketUse = 'taken' | 'used' | 'full'

/**
 * Which tickets have been used, each until it has expired and would be refused anyway. When there are too many to remember, new
 * ones are refused: one that is forgotten could be used again. Times are milliseconds since 1970.
 */
export class UsedTickets {
  readonly #limit: number
  readonly #expiries = new Map<string, number>()
  /** Nothing expires before that, so it is no use to look. */
  #nextExpiryMs = -Infinity
  /** At this size those that have expired are let go of, so that it never takes more than twice what it has to. */
  #sizeToSweep = MIN_SIZE_TO_SWEEP

  constructor(limit: number) {
    this.#limit = limit
  }

  /** How many are remembered, some of which may have expired. */
  get size(): number {
    return this.#expiries.size
  }

  /** Uses a ticket. */
  take(nowMs: number, id: string, expiresAtMs: number): TicketUse {
    if (this.#expiries.has(id)) return 'used'
    if (this.#expiries.size >= Math.min(this.#sizeToSweep, this.#limit)) this.#sweep(nowMs)
    if (this.#expiries.size >= this.#limit) return 'full'
    this.#expiries.set(id, expiresAtMs)
    this.#nextExpiryMs = Math.min(this.#nextExpiryMs, expiresAtMs)
    return 'taken'
  }

  /** It was not used after all: nobody came. */
  release(id: string): void {
    this.#expiries.delete(id)
  }

  #sweep(nowMs: number): void {
    if (nowMs < this.#nextExpiryMs) return
    this.#nextExpiryMs = Infinity
    for (const [id, expiresAtMs] of this.#expiries) {
      if (expiresAtMs <= nowMs) this.#expiries.delete(id)
      else this.#nextExpiryMs = Math.min(this.#nextExpiryMs, expiresAtMs)
    }
    this.#sizeToSweep = Math.max(MIN_SIZE_TO_SWEEP, 2 * this.#expiries.size)
  }
}

const MIN_SIZE_TO_SWEEP = 64
