import type { Address } from '../core/address.ts'

/** A datagram that was just written: how much of the memory it takes, and where it goes. Valid until the next one is written. */
export interface Transmit {
  readonly lengthBytes: number
  readonly destination: Address
}

/** The one record by which a machine hands out its datagrams, so that none costs an object. */
export class TransmitRecord implements Transmit {
  lengthBytes = 0
  destination: Address = { host: '0.0.0.0', port: 0 }

  /** A datagram of `lengthBytes`, which goes to `destination`; `undefined` where nothing was written. */
  set(lengthBytes: number, destination: Address): Transmit | undefined {
    if (lengthBytes === 0) return undefined
    this.lengthBytes = lengthBytes
    this.destination = destination
    return this
  }
}
