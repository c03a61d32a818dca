import { plainSecurity } from '../security/plain.ts'
import type { RandomBytes, Security, SecurityFactory } from '../security/security.ts'
import { isUnspecified, type Address } from '../session/address.ts'
import { Backoff } from '../session/backoff.ts'
import { canonicalHost } from '../session/numeric-host.ts'
import type { SessionSettings } from '../session/settings.ts'
import type { ConnectionTuning } from './connection.ts'
import { Dialing, requireRoom, type Answer } from './dialing.ts'
import { encodeConnectPrefix, packetOfConnected } from './handshake.ts'
import { ReliableSession } from './reliable-session.ts'
import { Repetition } from './repetition.ts'

/** What a client is made with. */
export interface ReliableClientOptions extends ConnectionTuning {
  /** The token that both ends must have alike. */
  readonly token: string
  readonly randomBytes: RandomBytes
  /** What the server's program is shown with the HELLO; at most `MAX_HELLO_PAYLOAD_BYTES`. Default none. */
  readonly payload?: Uint8Array | undefined
  /** How what travels is protected; the server's must be the same. Default {@link plainSecurity}. */
  readonly security?: SecurityFactory | undefined
}

/**
 * The client's end of a reliable connection: it says HELLO to a front door, is shown a private port there, says CONNECT to
 * that, and begins anew when it loses the server.
 */
export class ReliableClient extends ReliableSession {
  readonly #frontDoor: Address
  readonly #security: Security
  readonly #payload: Uint8Array
  readonly #backoff: Backoff | undefined
  #dialing: Dialing | undefined
  /** When CONNECT is said, until the private port answers. */
  #connecting: Repetition | undefined
  /** What precedes the packet in CONNECT. */
  #connectPrefix: Uint8Array = NO_BYTES

  /**
   * Dials at once.
   *
   * @throws RangeError when `settings.mtuBytes` is less than a HELLO has, or the payload longer than a HELLO carries
   */
  constructor(now: number, settings: SessionSettings, frontDoor: Address, options: ReliableClientOptions) {
    super(now, { settings, initialState: 'waiting', remote: frontDoor, tuning: options })
    const { token, randomBytes, payload = NO_BYTES, security = plainSecurity } = options
    // Answers come from the address as the network writes it.
    this.#frontDoor = { host: canonicalHost(frontDoor.host) ?? frontDoor.host, port: frontDoor.port }
    this.#security = security(token, randomBytes)
    this.#payload = payload
    this.#backoff = settings.reconnect ? new Backoff(settings.reconnect, uniform(randomBytes)) : undefined
    requireRoom(payload.length, settings.mtuBytes, this.#security)
    this.#dial()
  }

  protected override get openingDueAt(): number {
    return (this.#dialing ?? this.#connecting)?.dueAt ?? Infinity
  }

  protected override handleHandshake(now: number, bytes: Uint8Array, source: Address): void {
    if (!this.isFromPeer(source)) {
      this.dropForeign()
      return
    }
    const answer = this.#dialing?.handleAnswer(now, bytes)
    if (answer !== undefined) {
      this.link.stats.receivedPackets += 1
      this.link.stats.receivedBytes += bytes.length
      this.#handleAnswer(answer)
      return
    }
    const packet = packetOfConnected(bytes)
    if (packet === undefined) this.dropMalformed()
    else this.handlePacket(now, packet, bytes.length, source)
  }

  protected override handleOpeningTimeout(): void {
    if (this.state === 'waiting') {
      this.#dial()
      return
    }
    const retryMs = this.takeRetryMs()
    this.events.push({ type: 'unanswered', willReconnect: retryMs !== undefined })
    this.leave(retryMs)
  }

  protected override handleFirstPacket(isStanding: boolean): void {
    this.#connecting = undefined
    if (isStanding) this.#backoff?.reset()
  }

  protected override handleLeft(): void {
    this.#dialing?.wipe()
    this.#dialing = undefined
    this.#connecting = undefined
  }

  protected override takeRetryMs(): number | undefined {
    return this.#backoff?.hasNext ? this.#backoff.next() : undefined
  }

  /** A repeated CONNECT is another packet, with all in it that was not acknowledged: like any other, it may be lost. */
  protected override transmitOpening(now: number, into: Uint8Array): number {
    if (this.#dialing === undefined) {
      if (this.#connecting?.poll(now) === true) return this.link.transmitBehind(this.#connectPrefix, now, into)
      // We may be seen at another address than before: the server is told whose packets these are.
      return this.link.isSilent ? this.link.transmitDueBehind(this.#connectPrefix, now, into) : 0
    }
    const length = this.#dialing.pollTransmit(now, into)
    if (length > 0) this.link.stats.sentPackets += 1
    this.link.stats.sentBytes += length
    return length
  }

  #dial(): void {
    const { resumeId } = this.link
    if (resumeId === undefined) this.link.drop()
    this.enter('dial', this.settings.handshakeTimeoutMs)
    const { mtuBytes, maxMessageBytes } = this.settings
    this.#dialing?.wipe()
    this.#dialing = new Dialing(this.now, this.#security, {
      limits: { mtuBytes, maxMessageBytes },
      resumeId,
      userPayload: this.#payload,
    })
    this.setPeer(this.#frontDoor)
  }

  #handleAnswer(answer: Answer): void {
    if (answer.type === 'shown') {
      this.#connect(answer)
      return
    }
    const retryMs = this.takeRetryMs()
    this.events.push({
      type: 'refused',
      code: answer.code,
      reason: answer.reason,
      willReconnect: retryMs !== undefined,
    })
    this.leave(retryMs)
  }

  #connect({ id, payload, sealer, rttMs }: Answer & { readonly type: 'shown' }): void {
    const { host, port } = payload.endpoint
    const remote = { host: isUnspecified(host) ? this.#frontDoor.host : host, port }
    this.enter('shown', this.settings.handshakeTimeoutMs)
    this.setPeer(remote)
    this.events.push({ type: 'connecting', remote })
    const { limits, resumeId } = payload
    if (payload.isResumed && this.link.resumeId !== undefined) {
      this.link.resume(this.now, { sealer, limits, rttMs, resumeId })
    } else {
      this.link.giveUp(true)
      this.link.open(this.now, { sealer, limits, rttMs, resumeId })
    }
    this.#dialing = undefined
    this.#connectPrefix = encodeConnectPrefix(id)
    this.#connecting = new Repetition(this.now, this.link.probeTimeoutMs)
  }
}

const NO_BYTES = new Uint8Array(0)

/** Numbers from 0 up to, not including, 1, out of random bytes. */
function uniform(randomBytes: RandomBytes): () => number {
  return () => {
    const bytes = randomBytes(4)
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 2 ** 32
  }
}
