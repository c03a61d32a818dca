/**
 * What became of a datagram.
 *
 * - `'accepted'`: it opened and is new: the other side was heard.
 * - `'duplicate'`: it was here before, or is too old to tell.
 * - `'overtaken'`: only a newer one than all before was wanted; nobody has looked inside.
 * - `'unopened'`: its seal does not match.
 * - `'limited'`: it opened and is new, and the other side has sent too much: nobody has looked inside.
 * - `'malformed'`: it opened, but is not well formed or says what cannot be.
 */
export type PacketVerdict = 'accepted' | 'duplicate' | 'overtaken' | 'unopened' | 'limited' | 'malformed'

const NO_NUMBER = NaN

/**
 * What became of a datagram, and what its packet told of the connection itself. A connection has one of these and fills it in anew
 * for each datagram: it is to be read before the next one is handled. Only of a packet that was accepted everything is true.
 */
export class ReceivedPacket {
  verdict: PacketVerdict = 'unopened'
  /** The number that it bears, be it true or not; `NaN` when it is no packet, or was overtaken. */
  packetNumber: number = NO_NUMBER
  /** Whether it is newer than all so far. */
  isNewest = false
  /** Whether it has a PATH CHALLENGE. */
  hasPathChallenge = false
  /** Whether it is the first that says that the other side finds us at another address than before. */
  isPathNew = false
  /** What it answers a PATH CHALLENGE with, if it does. */
  pathResponse: Uint8Array | undefined = undefined

  /** Forgets everything, for the next datagram. */
  clear(): void {
    this.verdict = 'unopened'
    this.packetNumber = NO_NUMBER
    this.isNewest = false
    this.hasPathChallenge = false
    this.isPathNew = false
    this.pathResponse = undefined
  }
}

/** What a datagram is to whoever has no connection: nothing that opens. */
export const NOTHING_RECEIVED: Readonly<ReceivedPacket> = new ReceivedPacket()
