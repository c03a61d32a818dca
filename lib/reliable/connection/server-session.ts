import type { RandomBytes, SecurityFactory } from '../../security/security.ts'
import type { Sealer } from '../../security/sealer.ts'
import { isSameAddress, type Address } from '../../core/address.ts'
import { wipeKeys, type ReliableAdmission, type ReturnOffer, type ServerSession } from '../../session/admission.ts'
import { isSameBytes } from '../../core/bytes.ts'
import type { SessionSettings } from '../../session/settings.ts'
import type { ConnectionTuning } from './connection.ts'
import { connectedPrefix, idOfConnect, packetOfConnect } from '../wire/handshake.ts'
import { PathValidation } from './path-validation.ts'
import type { ReceivedPacket } from './received-packet.ts'
import { ReliableSession } from './reliable-session.ts'

/** What the session of a client that was let in is made with. */
export interface ReliableServerSessionOptions {
  /** Those of the front door, which has told them to the client. */
  readonly settings: SessionSettings
  /** What the front door says of the client. The session's to keep; its keys are overwritten. */
  readonly admission: ReliableAdmission
  /** The kind that the front door has. */
  readonly security: Pick<SecurityFactory, 'createSealer'>
  readonly tuning: ConnectionTuning
  readonly randomBytes: RandomBytes
}

/**
 * The server's end of a reliable connection, on a private port of its own: it waits for the CONNECT of the client that was
 * shown this port, and closes when none comes. A client that it lost may come back for a while.
 */
export class ReliableServerSession extends ReliableSession implements ServerSession {
  /** The id of the HELLO that opened the connection, or brought it back last. */
  #helloId: Uint8Array
  readonly #validation: PathValidation
  /** The largest number of a packet that came from where the client is known to be. */
  #newestFromPeer = -1
  #wasEstablished = false
  #isConnectedDue = false
  /** Whether the client has shown that it knows that the connection stands. */
  #isClientSure = false
  #resumeId: Uint8Array | undefined
  readonly #security: Pick<SecurityFactory, 'createSealer'>
  readonly #offers: OpenOffer[] = []

  constructor(now: number, options: ReliableServerSessionOptions) {
    const { settings, admission, security, tuning, randomBytes } = options
    const { source, helloId, resumeId, limits } = admission
    super(now, { role: 'server', settings, initialState: 'connecting', remote: source, tuning })
    const sealer = security.createSealer(admission.keys)
    this.#security = security
    this.#helloId = helloId
    this.#validation = new PathValidation(randomBytes)
    // Nobody knows how much of the time since HELLO was the network's.
    this.openConnection(now, { sealer, limits, rttMs: NaN, resumeId })
    this.#resumeId = resumeId
  }

  get resumeId(): Uint8Array | undefined {
    return this.#resumeId
  }

  /**
   * A client that lost the connection was shown this port again: its first packet under these keys brings the connection back.
   * Of several handshakes that were begun, the last few can be completed.
   */
  offerReturn(offer: ReturnOffer): void {
    if (!this.#isResumable) {
      wipeKeys(offer.keys)
      return
    }
    const { keys, ...rest } = offer
    this.#offers.push({ ...rest, sealer: this.#security.createSealer(keys) })
    if (this.#offers.length > MAX_OFFERS) this.#offers.shift()?.sealer.wipe()
  }

  /** Nobody will come to this port any more, if nobody has yet. */
  abandon(now: number): void {
    this.advanceTo(now)
    if (this.state === 'connecting') this.end()
  }

  /** Whether its client ever came. */
  get wasEstablished(): boolean {
    return this.#wasEstablished
  }

  protected override get openingDueAt(): number {
    return this.#isConnectedDue || this.#validation.dueTo !== undefined ? this.now : Infinity
  }

  /** The first CONNECT that opens says where the client is: a NAT may show this port another address than the front door. */
  protected override handleHandshake(now: number, bytes: Uint8Array, source: Address): void {
    const id = idOfConnect(bytes)
    const offer = id && this.#offerTo(id)
    if (offer !== undefined) {
      this.#handleReturn(now, offer, bytes, source)
      return
    }
    const packet = packetOfConnect(bytes)
    const isElsewhere = this.connection?.isHeard === true && !this.isFromPeer(source)
    const isForeign = id !== undefined && !isSameBytes(id, this.#helloId)
    if (isForeign || this.state === 'waiting') this.stats.droppedForeign += 1
    else if (isElsewhere && packet !== undefined) this.handleForeign(now, packet, bytes.length, source)
    else if (isElsewhere) this.stats.droppedForeign += 1
    else if (packet === undefined) this.stats.droppedMalformed += 1
    // CONNECT that comes again was not answered, as far as the client knows.
    else if (this.handlePacket(now, packet, bytes.length, source).verdict === 'accepted')
      this.#isConnectedDue = !this.#isClientSure
  }

  /** A client whose newest packet comes from elsewhere may have moved. Until it proves that, all goes to where it was. */
  protected override handleForeign(now: number, packet: Uint8Array, datagramBytes: number, source: Address): void {
    const { connection } = this
    if (connection?.isHeard !== true) {
      this.stats.droppedForeign += 1
      return
    }
    const received = connection.handleDatagram(now, packet, datagramBytes - packet.length, true)
    if (received.verdict !== 'accepted') {
      this.stats.droppedForeign += 1
      this.judgePeer()
    } else if (this.#validation.isProvedBy(source, received.pathResponse)) {
      this.#validation.end()
      this.#move(now, source)
    } else {
      this.#validation.hear(source, datagramBytes, connection.pathChallengeBytes)
    }
  }

  protected override handlePacket(
    now: number,
    packet: Uint8Array,
    datagramBytes: number,
    source: Address,
  ): Readonly<ReceivedPacket> {
    const received = super.handlePacket(now, packet, datagramBytes, source)
    const { packetNumber } = received
    const isNew = received.verdict === 'accepted'
    if (isNew && packet.length === datagramBytes) this.#isClientSure = true
    if (isNew && received.isNewest) this.#validation.end()
    if (packetNumber > this.#newestFromPeer && (isNew || this.connection?.opens(packet) === true)) {
      this.#newestFromPeer = packetNumber
      // Somebody was quicker with a copy of it; the client is here for all that.
      if (!isNew) this.hear(now)
    }
    return received
  }

  protected override handleFirstPacket(): void {
    this.#wasEstablished = true
  }

  /** Nobody came: there was no connection, so none has ended; or nobody came back to the one that has. */
  protected override handleOpeningTimeout(): void {
    this.end()
  }

  protected override handleLeft(): void {
    this.#isConnectedDue = false
    this.#validation.end()
    if (this.state === 'closed') this.#withdrawOffers()
  }

  /** A server does not dial. */
  protected override takeRetryMs(): undefined {
    return undefined
  }

  protected override get returnWindowMs(): number | undefined {
    return this.connection?.resumeId === undefined ? undefined : this.settings.resumeWindowMs
  }

  protected override transmitOpening(now: number, into: Uint8Array): number {
    if (this.#isConnectedDue) {
      this.#isConnectedDue = false
      this.connection?.ping(now, false)
      return this.connection?.pollTransmitBehind(connectedPrefix, now, into) ?? 0
    }
    return this.#transmitChallenge(now, into)
  }

  /** The peer has proved to be at another address: all goes there from now on, and the way there has yet to be measured. */
  #move(now: number, to: Address): void {
    const from = this.peer.remote
    this.connection?.startPath(now)
    this.connection?.ping(now, false)
    this.peer.set(to)
    // Whoever was told of the end has no peer any more that could move.
    if (this.isOpen) this.events.push({ type: 'migrated', from, to })
    this.hear(now)
  }

  #transmitChallenge(now: number, into: Uint8Array): number {
    const candidate = this.#validation.dueTo
    if (candidate === undefined || this.connection === undefined) return 0
    const length = this.connection.writePathChallenge(now, this.#validation.data, into)
    this.#validation.onSent(length)
    this.peer.addressTo(candidate)
    return length
  }

  get #isResumable(): boolean {
    return this.state === 'connected' || this.state === 'stalled' || this.state === 'waiting'
  }

  /** The handshakes that are under way, but for the one that is taken, come to nothing. */
  #withdrawOffers(taken?: OpenOffer): void {
    for (const offer of this.#offers.splice(0)) if (offer !== taken) offer.sealer.wipe()
  }

  #offerTo(helloId: Uint8Array): OpenOffer | undefined {
    return this.#isResumable ? this.#offers.find((offer) => isSameBytes(offer.helloId, helloId)) : undefined
  }

  /** The client answers an offer: if its packet opens under the keys of that, the connection goes on. */
  #handleReturn(now: number, offer: OpenOffer, connect: Uint8Array, source: Address): void {
    if (offer.isSourceBound && !isSameAddress(offer.source, source)) {
      this.stats.droppedForeign += 1
      return
    }
    const packet = packetOfConnect(connect)
    if (packet === undefined) {
      this.stats.droppedMalformed += 1
      return
    }
    const received = this.connection?.resumeWith(now, packet, offer.sealer, connect.length - packet.length)
    if (received?.verdict !== 'accepted') return
    this.hear(now)
    this.#helloId = offer.helloId
    this.#resumeId = offer.resumeId
    this.#withdrawOffers(offer)
    this.#validation.end()
    this.#isClientSure = false
    // It had lost the connection, whether that was noticed here or not.
    if (this.lifecycle.isEstablished) this.tellTimedOut('timed out at the other side', false)
    this.lifecycle.enter(this.now, 'returned')
    this.peer.set(source)
    this.events.push({ type: 'connected', remote: source, isResumed: true })
    this.#isConnectedDue = true
  }
}

/** An offer, with a sealer in the place of its keys. */
interface OpenOffer extends Omit<ReturnOffer, 'keys'> {
  readonly sealer: Sealer
}

/** How many handshakes may be under way for one connection that was lost. */
const MAX_OFFERS = 4
