import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES, type Aead, type Cryptography } from './crypto.ts'
import type { Sealer } from './sealer.ts'

/**
 * How many packets one key seals at most, as {@link Sealer.confidentialityLimit}. Nonces would last for 2^64, a packet's number is whole up to
 * 2^48; what lies between is for saying goodbye in. At a million packets a second it takes nine years.
 */
export const MAX_SEALED_PACKETS: number = 2 ** 48 - 2 ** 20

/** How many forged packets one key withstands, as {@link Sealer.integrityLimit}: the limit of RFC 9001, §6.6, for this AEAD. */
export const MAX_FORGERIES: number = 2 ** 36

/**
 * ChaCha20-Poly1305 (RFC 8439) in both directions. The nonce is the packet's number as Noise writes it (§12.3: 32 bits of zeros, then
 * 64 bits, least significant byte first), the associated data its header, the seal the 16-byte tag behind it.
 */
export class NoiseSealer implements Sealer {
  readonly overheadBytes: number = AEAD_TAG_BYTES
  readonly confidentialityLimit: number = MAX_SEALED_PACKETS
  readonly integrityLimit: number = MAX_FORGERIES
  readonly #send: Aead
  readonly #receive: Aead
  /** Both are used again for every packet. */
  readonly #nonce = new Uint8Array(AEAD_NONCE_BYTES)
  #header = new Uint8Array(0)

  /** Keys of 32 bytes, which are wiped here: the sealer has its own copies. The other side has them the other way round. */
  constructor(crypto: Cryptography, sendKey: Uint8Array, receiveKey: Uint8Array) {
    this.#send = crypto.aead(sendKey)
    this.#receive = crypto.aead(receiveKey)
    sendKey.fill(0)
    receiveKey.fill(0)
  }

  seal(packetNumber: number, buffer: Uint8Array, headerLength: number, length: number): number {
    this.#address(packetNumber, buffer, headerLength)
    this.#send.seal(this.#nonce, this.#header, buffer, headerLength, length)
    return length + AEAD_TAG_BYTES
  }

  open(packetNumber: number, bytes: Uint8Array, headerLength: number): number {
    const { length } = bytes
    if (length < headerLength + AEAD_TAG_BYTES) return -1
    this.#address(packetNumber, bytes, headerLength)
    const isOpen = this.#receive.open(this.#nonce, this.#header, bytes, headerLength, length)
    return isOpen ? length - AEAD_TAG_BYTES : -1
  }

  wipe(): void {
    this.#send.wipe()
    this.#receive.wipe()
  }

  /** Makes the nonce and the associated data those of one packet. */
  #address(packetNumber: number, bytes: Uint8Array, headerLength: number): void {
    const nonce = this.#nonce
    let rest = packetNumber
    for (let i = 4; i < AEAD_NONCE_BYTES; i += 1) {
      nonce[i] = rest % 256
      rest = Math.floor(rest / 256)
    }
    if (this.#header.length !== headerLength) this.#header = new Uint8Array(headerLength)
    for (let i = 0; i < headerLength; i += 1) this.#header[i] = bytes[i] ?? 0
  }
}
