/** What is due: a ping, the end of a peer that gives no sign of life, or nothing yet. */
export type HeartbeatAction = 'ping' | 'dead' | undefined

/**
 * Tells when to ping, and when the other end counts as dead: when nothing came of it for an interval and a timeout, and it was asked a
 * timeout ago. So a late event loop of our own, which asked late, accuses nobody. Times are in milliseconds of any one clock.
 */
export class Heartbeat {
  readonly #intervalMs: number
  readonly #timeoutMs: number
  #lastLifeAt: number
  #askedAt: number | undefined
  #isPaused = false

  /** @param now when the connection opened, which is a sign of life */
  constructor(intervalMs: number, timeoutMs: number, now: number) {
    this.#intervalMs = intervalMs
    this.#timeoutMs = timeoutMs
    this.#lastLifeAt = now
  }

  /** Something came: whatever it is, the other end lives. */
  handleLife(now: number): void {
    this.#lastLifeAt = now
    this.#askedAt = undefined
  }

  /** We stop reading, so silence says nothing: the clock stands. */
  handlePause(): void {
    this.#isPaused = true
  }

  /** We read again, and silence counts from here. */
  handleResume(now: number): void {
    this.#isPaused = false
    this.handleLife(now)
  }

  /** What is due. A ping is due once; the caller sends it. */
  poll(now: number): HeartbeatAction {
    if (now < this.deadline) return undefined
    if (this.#askedAt !== undefined) return 'dead'
    this.#askedAt = now
    return 'ping'
  }

  /** When {@link poll} has something to say, unless something comes before. */
  get deadline(): number {
    if (this.#isPaused) return Infinity
    if (this.#askedAt === undefined) return this.#lastLifeAt + this.#intervalMs
    return this.#askedAt + this.#timeoutMs
  }
}
