import type { AckSection } from '../../lib/reliable/wire/ack-section.ts'
import { PACKET_HEADER_BYTES, PacketWriter } from '../../lib/reliable/wire/packet.ts'
import type { Sealer } from '../../lib/security/sealer.ts'

/** Makes packets with the right keys and whatever in them: what an end can be told by a peer that does as it likes. */
export class PacketForge {
  readonly #sealer: Sealer
  readonly #mtuBytes: number
  readonly #writer = new PacketWriter()
  readonly #scratch: Uint8Array
  #nextNumber = 0

  constructor(sealer: Sealer, mtuBytes: number) {
    this.#sealer = sealer
    this.#mtuBytes = mtuBytes
    this.#scratch = new Uint8Array(mtuBytes)
  }

  /** The most that {@link forgeRaw} takes. */
  get maxBodyBytes(): number {
    return this.#mtuBytes - this.#sealer.overheadBytes - PACKET_HEADER_BYTES
  }

  /** A packet of well-formed frames: `write` is called until it returns `false`, for as much as fits, or `count` times. A view. */
  forge(write: (writer: PacketWriter, i: number) => boolean, count = Infinity, ack?: AckSection): Uint8Array {
    this.#writer.begin(this.#scratch, this.#mtuBytes - this.#sealer.overheadBytes, this.#nextNumber, ack)
    for (let i = 0; i < count && write(this.#writer, i); i += 1);
    return this.#seal(this.#writer.finish())
  }

  /** A packet with these flags and this body, well formed or not. A view. */
  forgeRaw(flags: number, body: Uint8Array): Uint8Array {
    this.#scratch[0] = flags
    this.#scratch[1] = this.#nextNumber >> 8
    this.#scratch[2] = this.#nextNumber
    this.#scratch.set(body, PACKET_HEADER_BYTES)
    return this.#seal(PACKET_HEADER_BYTES + body.length)
  }

  #seal(length: number): Uint8Array {
    const sealed = this.#sealer.seal(this.#nextNumber, this.#scratch, PACKET_HEADER_BYTES, length)
    this.#nextNumber += 1
    return this.#scratch.subarray(0, sealed)
  }
}
