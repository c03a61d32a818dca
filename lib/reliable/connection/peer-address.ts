import { isSameAddress, type Address } from '../../core/address.ts'
import type { Fifo } from '../../core/fifo.ts'
import type { SessionEvent } from '../../session/session.ts'

/** Where a session's peer is, or was last, and where the datagram goes that was just written. */
export class PeerAddress {
  readonly #events: Fifo<SessionEvent>
  #remote: Address
  #isSet = false
  #destination: Address

  /** There is no peer yet; it is looked for at `remote`. What changes is pushed to `events`. */
  constructor(remote: Address, events: Fifo<SessionEvent>) {
    this.#remote = remote
    this.#destination = remote
    this.#events = events
  }

  /** Where the peer is, or was last, or is looked for. */
  get remote(): Address {
    return this.#remote
  }

  /** Whether there is a peer. */
  get isSet(): boolean {
    return this.#isSet
  }

  /** Where the datagram goes that is being written: to the peer, unless told otherwise. */
  get destination(): Address {
    return this.#destination
  }

  is(address: Address): boolean {
    return isSameAddress(address, this.#remote)
  }

  /** The peer is there from now on, or nobody is. */
  set(remote: Address | undefined): void {
    if (remote === undefined ? !this.#isSet : this.#isSet && this.is(remote)) return
    this.#isSet = remote !== undefined
    this.#remote = remote ?? this.#remote
    this.#events.push({ type: 'peer', remote })
  }

  /** The next datagram goes to where the peer is. */
  address(): void {
    this.#destination = this.#remote
  }

  /** It goes elsewhere. */
  addressTo(destination: Address): void {
    this.#destination = destination
  }
}
