import type { RandomBytes } from '../security/security.ts'
import type { Sealer } from '../security/sealer.ts'
import type { Address } from '../session/address.ts'
import type { SessionSettings } from '../session/settings.ts'
import type { ConnectionTuning } from './connection.ts'
import { connectedPrefix, idOfConnect, isSameId, packetOfConnect } from './handshake.ts'
import type { Limits } from './handshake-payload.ts'
import { PathValidation } from './path-validation.ts'
import { ReliableSession } from './reliable-session.ts'

/** What a front door hands to the session of a client that it has let in. */
export interface ReliableServerSessionOptions {
  readonly settings: SessionSettings
  /** What the client asks to be respected. */
  readonly limits: Limits
  readonly sealer: Sealer
  /** What tells the client's HELLO from every other; its CONNECT names it. The session's to keep. */
  readonly helloId: Uint8Array
  /** Where HELLO came from; the client is where its CONNECT comes from. */
  readonly helloSource: Address
  readonly tuning: ConnectionTuning
  readonly randomBytes: RandomBytes
}

/**
 * The server's end of a reliable connection, on a private port of its own: it waits for the CONNECT of the client that was
 * shown this port, and closes when none comes.
 */
export class ReliableServerSession extends ReliableSession {
  readonly #helloId: Uint8Array
  readonly #validation: PathValidation
  /** The largest number of a packet that came from where the client is known to be. */
  #newestFromPeer = -1
  #isConnectedDue = false
  /** Whether the client has shown that it knows that the connection stands. */
  #isClientSure = false

  constructor(now: number, options: ReliableServerSessionOptions) {
    const { settings, limits, sealer, helloId, helloSource, tuning, randomBytes } = options
    super(now, { settings, initialState: 'connecting', remote: helloSource, tuning })
    this.#helloId = helloId
    this.#validation = new PathValidation(randomBytes)
    // Nobody knows how much of the time since HELLO was the network's.
    this.link.open(now, { sealer, limits, rttMs: NaN })
  }

  protected override get openingDueAt(): number {
    return this.#isConnectedDue || this.#validation.dueTo !== undefined ? this.now : Infinity
  }

  /** The first CONNECT that opens says where the client is: a NAT may show this port another address than the front door. */
  protected override handleHandshake(now: number, bytes: Uint8Array, source: Address): void {
    const id = idOfConnect(bytes)
    const packet = packetOfConnect(bytes)
    const isElsewhere = this.link.isHeard && !this.isFromPeer(source)
    if (id !== undefined && !isSameId(id, this.#helloId)) this.dropForeign()
    else if (isElsewhere && packet !== undefined) this.handleForeign(now, packet, bytes.length, source)
    else if (isElsewhere) this.dropForeign()
    else if (packet === undefined) this.dropMalformed()
    // CONNECT that comes again was not answered, as far as the client knows.
    else if (this.handlePacket(now, packet, bytes.length, source)) this.#isConnectedDue = !this.#isClientSure
  }

  /** A client whose newest packet comes from elsewhere may have moved. Until it proves that, all goes to where it was. */
  protected override handleForeign(now: number, packet: Uint8Array, datagramBytes: number, source: Address): void {
    if (!this.link.isHeard || !this.link.receiveFromElsewhere(now, packet, datagramBytes)) {
      this.dropForeign()
      this.judgePeer()
    } else if (this.#validation.isProvedBy(source, this.link.pathResponse)) {
      this.#validation.end()
      this.move(now, source)
    } else {
      this.#validation.hear(source, datagramBytes, this.link.pathChallengeBytes)
    }
  }

  protected override handlePacket(now: number, packet: Uint8Array, datagramBytes: number, source: Address): boolean {
    const isNew = super.handlePacket(now, packet, datagramBytes, source)
    if (isNew && packet.length === datagramBytes) this.#isClientSure = true
    if (isNew && this.link.lastWasNewest) this.#validation.end()
    const { lastPacketNumber } = this.link
    if (lastPacketNumber > this.#newestFromPeer && (isNew || this.link.opens(packet))) {
      this.#newestFromPeer = lastPacketNumber
      // Somebody was quicker with a copy of it; the client is here for all that.
      if (!isNew) this.hear(now)
    }
    return isNew
  }

  /** Nobody came: there was no connection, so none has ended. */
  protected override handleOpeningTimeout(): void {
    this.end()
  }

  protected override handleFirstPacket(): void {
    // A server has no attempts to count anew.
  }

  protected override handleLeft(): void {
    this.#isConnectedDue = false
    this.#validation.end()
  }

  /** A server does not dial. */
  protected override takeRetryMs(): undefined {
    return undefined
  }

  protected override transmitOpening(now: number, into: Uint8Array): number {
    if (this.#isConnectedDue) {
      this.#isConnectedDue = false
      return this.link.transmitBehind(connectedPrefix, now, into)
    }
    return this.#transmitChallenge(now, into)
  }

  #transmitChallenge(now: number, into: Uint8Array): number {
    const candidate = this.#validation.dueTo
    if (candidate === undefined) return 0
    const length = this.link.transmitPathChallenge(this.#validation.data, now, into)
    this.#validation.onSent(length)
    this.sendElsewhere(candidate)
    return length
  }
}
