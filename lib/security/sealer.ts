/**
 * Seals the packets that leave and opens the packets that arrive: one object for both directions of one connection.
 * Sealing happens in place, so that a packet is never copied for it.
 */
export interface Sealer {
  /** How many bytes a seal adds to a packet. */
  readonly overheadBytes: number
  /** The packet number from which on the connection is to be ended, because its keys may seal no more (RFC 9001 §6.6). */
  readonly confidentialityLimit: number
  /** How many packets that do not open it withstands; beyond that, the connection is to be ended. */
  readonly integrityLimit: number

  /**
   * Seals the packet in the first `length` bytes of `buffer`, of which the first `headerLength` stay readable, and returns
   * its new length, `length + overheadBytes`. The buffer must have room for that.
   */
  seal(packetNumber: number, buffer: Uint8Array, headerLength: number, length: number): number

  /**
   * Opens a packet in place and returns the length of what it holds, `bytes.length - overheadBytes`;
   * -1 when the seal does not match, and then every byte is as it was. Never throws.
   */
  open(packetNumber: number, bytes: Uint8Array, headerLength: number): number

  /** Overwrites the keys, at the end of the connection. Nothing opens after that, and nothing is to be sealed. */
  wipe(): void
}
