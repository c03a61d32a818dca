/** What {@link Drains} looks at. */
interface Queue {
  readonly isDrained: boolean
}

interface Waiting {
  /** How many lent messages have to be back. */
  readonly afterLent: number
  readonly resolve: (hasDrained: boolean) => void
}

/** Who waits for a queue to drain, or for bytes that were lent to it. Callbacks, not timers, say when. */
export class Drains {
  readonly #queue: Queue
  /** Few: most programs wait for one `send` at a time. */
  #waiting: Waiting[] = []
  #lent = 0
  #returned = 0
  #isOver = false

  constructor(queue: Queue) {
    this.#queue = queue
  }

  /** A message was taken by the system, unless that failed: then the connection ends, and {@link finish} tells. */
  readonly onTaken = (error?: Error | null): void => {
    if (!error) this.#settle()
  }

  /** Bytes are lent to the queue. Returns what is to be called when the system has taken them; it takes them in order. */
  lend(): (error?: Error | null) => void {
    this.#lent += 1
    return this.#onReturned
  }

  /** Resolves with true when the queue has drained and what was lent so far is back, with false when it is over before that. */
  wait(): Promise<boolean> {
    if (this.#isOver) return Promise.resolve(false)
    const afterLent = this.#lent
    if (this.#returned >= afterLent && this.#queue.isDrained) return Promise.resolve(true)
    return new Promise((resolve) => this.#waiting.push({ afterLent, resolve }))
  }

  /** Nothing drains any more. */
  finish(): void {
    this.#isOver = true
    for (const { resolve } of this.#waiting.splice(0)) resolve(false)
  }

  readonly #onReturned = (error?: Error | null): void => {
    if (error) return
    this.#returned += 1
    this.#settle()
  }

  #settle(): void {
    while (this.#queue.isDrained) {
      const [next] = this.#waiting
      if (next === undefined || next.afterLent > this.#returned) return
      this.#waiting.shift()
      next.resolve(true)
    }
  }
}
