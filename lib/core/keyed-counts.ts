/** How many there are of each name. Names of which there are none take no memory. */
export class KeyedCounts {
  readonly #sizes = new Map<string, number>()

  of(name: string): number {
    return this.#sizes.get(name) ?? 0
  }

  add(name: string): void {
    this.#sizes.set(name, this.of(name) + 1)
  }

  /** One of those that are there has gone. */
  remove(name: string): void {
    const left = this.of(name) - 1
    if (left > 0) this.#sizes.set(name, left)
    else this.#sizes.delete(name)
  }
}
