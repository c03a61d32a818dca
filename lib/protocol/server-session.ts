import type { Sealer } from '../security/sealer.ts'
import type { Address } from '../session/address.ts'
import type { SessionSettings } from '../session/settings.ts'
import type { ConnectionTuning } from './connection.ts'
import { connectedPrefix, idOfConnect, isSameId, packetOfConnect } from './handshake.ts'
import type { Limits } from './handshake-payload.ts'
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
}

/**
 * The server's end of a reliable connection, on a private port of its own: it waits for the CONNECT of the client that was
 * shown this port, and closes when none comes.
 */
export class ReliableServerSession extends ReliableSession {
  readonly #helloId: Uint8Array
  #isConnectedDue = false

  constructor(now: number, options: ReliableServerSessionOptions) {
    const { settings, limits, sealer, helloId, helloSource, tuning } = options
    super(now, { settings, initialState: 'connecting', remote: helloSource, tuning })
    this.#helloId = helloId
    // Nobody knows how much of the time since HELLO was the network's.
    this.link.open(now, { sealer, limits, rttMs: NaN })
  }

  protected override get openingDueAt(): number {
    return this.#isConnectedDue ? this.now : Infinity
  }

  /** The first CONNECT that opens says where the client is: a NAT may show this port another address than the front door. */
  protected override handleHandshake(now: number, bytes: Uint8Array, source: Address): void {
    const id = idOfConnect(bytes)
    const isForeign = id !== undefined && !isSameId(id, this.#helloId)
    if (isForeign || (this.link.isHeard && !this.isFromPeer(source))) {
      this.dropForeign()
      return
    }
    const packet = packetOfConnect(bytes)
    if (packet === undefined) this.dropMalformed()
    // CONNECT that comes again was not answered, as far as the client knows.
    else if (this.handlePacket(now, packet, bytes.length, source)) this.#isConnectedDue = true
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
  }

  /** A server does not dial. */
  protected override takeRetryMs(): undefined {
    return undefined
  }

  protected override transmitOpening(now: number, into: Uint8Array): number {
    if (!this.#isConnectedDue) return 0
    this.#isConnectedDue = false
    return this.link.transmitBehind(connectedPrefix, now, into)
  }
}
