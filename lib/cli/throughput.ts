/** How many bytes went one way, and how long that took. */
export class Throughput {
  #bytes = 0
  #startedAt = NaN
  #endedAt = NaN

  get bytes(): number {
    return this.#bytes
  }

  /** A message of `lengthBytes` went at the time `now`, in milliseconds. */
  add(now: number, lengthBytes: number): void {
    if (Number.isNaN(this.#startedAt)) this.#startedAt = now
    this.#bytes += lengthBytes
    this.#endedAt = now
  }

  /** What was counted so far is done only now: it waited to leave, or to be confirmed. */
  extend(now: number): void {
    this.#endedAt = now
  }

  /** Bytes, seconds and throughput, in a few words. */
  toString(): string {
    const ms = this.#endedAt - this.#startedAt
    const bytes = `${this.#bytes.toLocaleString('en-US')} bytes`
    // What went in one piece has no rate.
    if (!(ms > 0)) return bytes
    return `${bytes} in ${(ms / 1000).toFixed(2)} s, ${formatRate((this.#bytes / ms) * 1000)}`
  }
}

/** `17.3 MB/s`, in powers of 1,000. */
export function formatRate(bytesPerSecond: number): string {
  if (bytesPerSecond >= 1e6) return `${(bytesPerSecond / 1e6).toFixed(1)} MB/s`
  if (bytesPerSecond >= 1e3) return `${(bytesPerSecond / 1e3).toFixed(1)} kB/s`
  return `${bytesPerSecond.toFixed(0)} B/s`
}
