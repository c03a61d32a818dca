import type { ReceiveResult } from './results.ts'

/** A `receive` that waits. */
export class Waiter {
  readonly #resolve: (result: ReceiveResult) => void
  readonly #reject: (error: Error) => void
  #timer: NodeJS.Timeout | undefined
  #signal: AbortSignal | undefined
  #onAbort: (() => void) | undefined

  constructor(resolve: (result: ReceiveResult) => void, reject: (error: Error) => void) {
    this.#resolve = resolve
    this.#reject = reject
  }

  /** What a `receive` with a signal that has aborted already returns. */
  static rejected(signal: AbortSignal): Promise<never> {
    return Promise.reject(abortError(signal))
  }

  settle(result: ReceiveResult): void {
    this.#release()
    this.#resolve(result)
  }

  /** Calls `onLimit` when it has waited so long. */
  limit(ms: number, onLimit: () => void): void {
    this.#timer = setTimeout(onLimit, ms)
  }

  /** Rejects when the signal aborts, after `leave` has taken it from those who wait. */
  abortWith(signal: AbortSignal, leave: () => void): void {
    this.#signal = signal
    this.#onAbort = () => {
      leave()
      this.#release()
      this.#reject(abortError(signal))
    }
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  #release(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer)
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort)
  }
}

/** As Node's own functions have it. */
function abortError({ reason }: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: reason })
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' })
}
