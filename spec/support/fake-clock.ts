/** A clock that stands still until it is told otherwise, in milliseconds. */
export class FakeClock {
  #now = 1_000

  get now(): number {
    return this.#now
  }

  advance(ms: number): void {
    this.#now += ms
  }

  /** What the option `clock` takes. */
  readonly read = (): number => this.#now
}
