import { KeyedCounts } from '../core/keyed-counts.ts'
import type { Session } from './session.ts'

interface Handshake {
  readonly network: string
  /** None until it is let in. */
  session: Session | undefined
}

/**
 * The handshakes of a front door that are half open: requests that wait for their answer, and sessions that were let in and have
 * not heard their client yet. There are never more than there are requests and sessions.
 */
export class HalfOpen {
  readonly #handshakes = new Map<string, Handshake>()
  readonly #perNetwork = new KeyedCounts()
  #checkedAt = -Infinity

  /** How many there are, some of which may have got on within the last {@link CHECK_INTERVAL_MS}. */
  get size(): number {
    return this.#handshakes.size
  }

  /** How many of them came from a network. */
  of(network: string): number {
    return this.#perNetwork.of(network)
  }

  /** Somebody from that network asks to be let in. */
  begin(key: string, network: string): void {
    this.#handshakes.set(key, { network, session: undefined })
    this.#perNetwork.add(network)
  }

  /** Who asked was let in. */
  admit(key: string, session: Session): void {
    const handshake = this.#handshakes.get(key)
    if (handshake !== undefined) handshake.session = session
  }

  /** It is not half open any more, or was not. */
  end(key: string): void {
    const handshake = this.#handshakes.get(key)
    if (handshake === undefined) return
    this.#handshakes.delete(key)
    this.#perNetwork.remove(handshake.network)
  }

  /** Lets go of those that have got on since the last check, which is done so rarely that it costs nothing. */
  check(now: number): void {
    if (now - this.#checkedAt < CHECK_INTERVAL_MS) return
    this.#checkedAt = now
    for (const [key, { session }] of this.#handshakes) {
      if (session !== undefined && session.state !== 'connecting') this.end(key)
    }
  }
}

/** How old the numbers may be where they decide something. */
const CHECK_INTERVAL_MS = 10
