/** Pings that may be under way; of more, the oldest counts as lost. */
const MAX_PENDING_PINGS = 256

interface PendingPing {
  readonly payload: Buffer
  readonly sentAt: number
  readonly resolve: (rttMs: number | undefined) => void
}

/** The pings of one connection that have no pong yet, oldest first. */
export class PendingPings {
  #pending: PendingPing[] = []
  #counter = 0

  /** A payload that no other ping has. It is not empty: some peers cannot read a frame of two bytes. */
  nextPayload(): Buffer {
    const payload = Buffer.alloc(4)
    payload.writeUInt32BE(this.#counter)
    this.#counter = (this.#counter + 1) >>> 0
    return payload
  }

  /** A ping is sent. Resolves with the milliseconds until its pong, `undefined` when none will come. */
  add(payload: Buffer, now: number): Promise<number | undefined> {
    if (this.#pending.length === MAX_PENDING_PINGS) this.#pending.shift()?.resolve(undefined)
    return new Promise((resolve) => this.#pending.push({ payload, sentAt: now, resolve }))
  }

  /**
   * A pong came. It answers the ping with its payload and all before that (RFC 6455, 5.5.3: only the last need be answered). Returns
   * the milliseconds since that was sent, `undefined` when it answers none.
   */
  handlePong(payload: Buffer, now: number): number | undefined {
    const at = this.#pending.findIndex((ping) => ping.payload.equals(payload))
    const answered = this.#pending[at]
    if (answered === undefined) return undefined
    for (const ping of this.#pending.splice(0, at + 1)) ping.resolve(now - ping.sentAt)
    return now - answered.sentAt
  }

  /** No pong will come any more. */
  finish(): void {
    for (const ping of this.#pending) ping.resolve(undefined)
    this.#pending = []
  }
}
