/** A word that is said once, at the next chance. */
export type DueWord = (typeof order)[number]

/** Answers go first. */
const order = ['CLOSED', 'CONNECTED', 'PONG', 'PING'] as const

/** The words that a session owes the other side: how often each of them, and nothing more, however many there are. */
export class WordsDue {
  readonly #counts: Record<DueWord, number> = { CLOSED: 0, CONNECTED: 0, PONG: 0, PING: 0 }
  #total = 0

  get isEmpty(): boolean {
    return this.#total === 0
  }

  owe(word: DueWord): void {
    this.#counts[word] += 1
    this.#total += 1
  }

  /** Owes a word that says as much once as many times. */
  oweOnce(word: DueWord): void {
    if (this.#counts[word] === 0) this.owe(word)
  }

  /** The next word to say. */
  take(): DueWord | undefined {
    const word = this.isEmpty ? undefined : order.find((candidate) => this.#counts[candidate] > 0)
    if (word === undefined) return undefined
    this.#counts[word] -= 1
    this.#total -= 1
    return word
  }

  clear(): void {
    for (const word of order) this.#counts[word] = 0
    this.#total = 0
  }
}
