/** By how much a timer may be late before that counts as a pause of our own. */
const LATENESS_MS = 50

/**
 * Whether the other side is alive, by how long it has been silent. Only silence that this side was awake for, and listened to,
 * counts: a main loop that stood still accuses nobody. Times are monotonic milliseconds.
 */
export class Liveness {
  readonly #keepAliveMs: number
  readonly #timeoutMs: number
  #heardAtMs: number
  #lastMs: number
  #plannedMs: number
  #silentMs = 0
  #sinceAskedMs = 0

  /** @param keepAliveMs and `timeoutMs`: 0 for never */
  constructor(keepAliveMs: number, timeoutMs: number, nowMs: number) {
    this.#keepAliveMs = keepAliveMs === 0 ? Infinity : keepAliveMs
    this.#timeoutMs = timeoutMs === 0 ? Infinity : timeoutMs
    this.#heardAtMs = nowMs
    this.#lastMs = nowMs
    this.#plannedMs = this.waitMs
  }

  /** How long until `handleTime` has something to do; `Infinity` for never. */
  get waitMs(): number {
    return Math.max(0, Math.min(this.#keepAliveMs - this.#sinceAskedMs, this.#timeoutMs - this.#silentMs))
  }

  /** Something arrived. */
  handleHeard(nowMs: number): void {
    this.#heardAtMs = nowMs
  }

  /**
   * Lets time pass.
   *
   * @param isListening whether what the other side sends is read
   * @returns whether it is to be asked for a sign of life, or has been silent for too long
   */
  handleTime(nowMs: number, isListening: boolean): 'ask' | 'silent' | undefined {
    const awakeMs = Math.min(nowMs - this.#lastMs, this.#plannedMs + LATENESS_MS)
    if (this.#heardAtMs > this.#lastMs) {
      const sinceHeardMs = Math.min(nowMs - this.#heardAtMs, awakeMs)
      this.#silentMs = isListening ? sinceHeardMs : 0
      this.#sinceAskedMs = sinceHeardMs
    } else {
      if (isListening) this.#silentMs += awakeMs
      this.#sinceAskedMs += awakeMs
    }
    this.#lastMs = nowMs
    const verdict = this.#judge()
    this.#plannedMs = this.waitMs
    return verdict
  }

  #judge(): 'ask' | 'silent' | undefined {
    if (this.#silentMs >= this.#timeoutMs) return 'silent'
    if (this.#sinceAskedMs < this.#keepAliveMs) return undefined
    this.#sinceAskedMs = 0
    return 'ask'
  }
}
