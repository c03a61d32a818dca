import { KeyedCounts } from '../core/keyed-counts.ts'

/**
 * The handshakes of a front door that are half open: requests that wait for their answer, and clients that were let in and have
 * not come yet. There are never more than there are requests and sessions.
 */
export class HalfOpen {
  /** The networks they came from. */
  readonly #networks = new Map<string, string>()
  readonly #perNetwork = new KeyedCounts()

  /** How many there are. */
  get size(): number {
    return this.#networks.size
  }

  /** How many of them came from a network. */
  of(network: string): number {
    return this.#perNetwork.of(network)
  }

  /** Somebody from that network asks to be let in. */
  begin(key: string, network: string): void {
    this.end(key)
    this.#networks.set(key, network)
    this.#perNetwork.add(network)
  }

  /** It is not half open any more, or was not. */
  end(key: string): void {
    const network = this.#networks.get(key)
    if (network === undefined) return
    this.#networks.delete(key)
    this.#perNetwork.remove(network)
  }
}
