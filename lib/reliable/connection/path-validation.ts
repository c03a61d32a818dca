import type { RandomBytes } from '../../security/security.ts'
import { isSameAddress, type Address } from '../../core/address.ts'
import { PATH_DATA_BYTES } from '../wire/frame.ts'

/**
 * Finds out whether the other side has moved to the address that a packet of its came from, as RFC 9000 §8.2 and §9 do: whoever
 * is there is asked to repeat eight random bytes. A datagram that somebody copied, or sent in another's name, comes from where nobody
 * can answer.
 *
 * One candidate is looked at, the newest. Challenges go out one for each packet that came from there at the most, and never are
 * more bytes sent than came (§8.1): so nobody can be made to flood anybody.
 */
export class PathValidation {
  readonly #randomBytes: RandomBytes
  #candidate: Address | undefined
  #data: Uint8Array
  /** How many bytes came from the candidate that were not answered with as many. */
  #creditBytes = 0
  #isDue = false

  constructor(randomBytes: RandomBytes) {
    this.#randomBytes = randomBytes
    this.#data = new Uint8Array(PATH_DATA_BYTES)
  }

  /** Where a challenge is to go now; `undefined` when none is due. */
  get dueTo(): Address | undefined {
    return this.#isDue ? this.#candidate : undefined
  }

  /** What the challenge asks to be repeated: the same for as long as the candidate is. */
  get data(): Uint8Array {
    return this.#data
  }

  /**
   * The newest packet so far came from `source`, in a datagram of `datagramBytes`. A challenge, which takes `challengeBytes`, is due
   * if that is not more than may be sent there.
   */
  hear(source: Address, datagramBytes: number, challengeBytes: number): void {
    if (this.#candidate === undefined || !isSameAddress(this.#candidate, source)) {
      this.#candidate = source
      this.#data = this.#randomBytes(PATH_DATA_BYTES)
      this.#creditBytes = 0
    }
    this.#creditBytes += datagramBytes
    this.#isDue = this.#creditBytes >= challengeBytes
  }

  /** The challenge that was due went out, in this many bytes. */
  onSent(bytes: number): void {
    this.#creditBytes -= bytes
    this.#isDue = false
  }

  /** Whether a packet from `source` with this PATH RESPONSE proves that the other side is there. */
  isProvedBy(source: Address, response: Uint8Array | undefined): boolean {
    if (response === undefined || this.#candidate === undefined || !isSameAddress(this.#candidate, source)) return false
    for (let i = 0; i < PATH_DATA_BYTES; i += 1) if (response[i] !== this.#data[i]) return false
    return true
  }

  /** There is no candidate any more: the other side is there, or still where it was. */
  end(): void {
    this.#candidate = undefined
    this.#isDue = false
  }
}
