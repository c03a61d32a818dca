/** What {@link FlushQueue} flushes. */
export interface Flushable {
  flush(): void
}

/** Flushes, at the end of a turn of the event loop, whatever has something to send: once, however much that is. */
export class FlushQueue {
  #due: Flushable[] = []

  add(flushable: Flushable): void {
    if (this.#due.length === 0) queueMicrotask(this.#flushAll)
    this.#due.push(flushable)
  }

  readonly #flushAll = (): void => {
    const due = this.#due
    this.#due = []
    for (const flushable of due) flushable.flush()
  }
}
