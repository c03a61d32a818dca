import type { ConnectToken, ReconnectInfo } from '../../session/session.ts'
import { plainSecurity } from '../../security/plain.ts'
import type { RandomBytes, Security, SecurityFactory } from '../../security/security.ts'
import { refusalCodes } from '../../session/codes.ts'
import { isSameAddress, isUnspecified, type Address } from '../../core/address.ts'
import { Backoff } from '../../session/backoff.ts'
import { canonicalHost } from '../../core/numeric-host.ts'
import type { SessionSettings } from '../../session/settings.ts'
import type { ConnectionTuning } from '../connection/connection.ts'
import { Dialing, payloadRoom, requireRoom, type Answer, type Pass } from './dialing.ts'
import { encodeConnectPrefix, packetOfConnected } from '../wire/handshake.ts'
import { ReliableSession } from '../connection/reliable-session.ts'
import { RetransmitTimer } from '../../core/retransmit-timer.ts'

/** Says what the next HELLO carries for the server's program, `limitBytes` at most; `undefined` when there is to be no HELLO this time. */
export type HelloPayloadSource = (limitBytes: number) => Uint8Array | undefined

/** What a client is made with. */
export interface ReliableClientOptions extends ConnectionTuning {
  /** The token that both ends must have alike. */
  readonly token: string
  readonly randomBytes: RandomBytes
  /** What the server's program is shown with the HELLO, or what says so; at most `MAX_HELLO_PAYLOAD_BYTES`. Default none. */
  readonly payload?: Uint8Array | HelloPayloadSource | undefined
  /** How what travels is protected; the server's must be the same. Default {@link plainSecurity}. */
  readonly security?: SecurityFactory | undefined
  /** What to dial with in place of the token, and where; without it, the one front door that the session is made for. */
  readonly connectToken?: ConnectToken | undefined
  /** Whether `'token-needed'` brings another connect token, for each time that all of one's servers were tried. Default false. */
  readonly hasFreshTokens?: boolean | undefined
}

/**
 * The client's end of a reliable connection: it says HELLO to a front door, is shown a private port there, says CONNECT to
 * that, and begins anew when it loses the server.
 */
export class ReliableClient extends ReliableSession {
  readonly #security: Security
  readonly #payload: Uint8Array | HelloPayloadSource
  readonly #backoff: Backoff | undefined
  redialing: ReconnectInfo | undefined
  readonly #hasFreshTokens: boolean
  #credentials: Credentials
  /** Which of the front doors is dialed. */
  #doorIndex = 0
  /** Whether the connect token there is has done what it could. */
  #isTokenSpent = false
  #dialing: Dialing | undefined
  /** The attempt that nobody answered in time: a late answer to it counts, and the next attempt says the same HELLO. */
  #unanswered: Dialing | undefined
  /** When CONNECT is said, until the private port answers. */
  #connecting: RetransmitTimer | undefined
  /** What precedes the packet in CONNECT. */
  #connectPrefix: Uint8Array = NO_BYTES

  /**
   * Dials at once: `frontDoor`, or the first server of the connect token there is.
   *
   * @throws RangeError when `settings.mtuBytes` is less than a HELLO has, or than the payload and the connect token need
   */
  constructor(now: number, settings: SessionSettings, frontDoor: Address, options: ReliableClientOptions) {
    super(now, { role: 'client', settings, initialState: 'waiting', remote: frontDoor, tuning: options })
    const { token, randomBytes, payload = NO_BYTES, security = plainSecurity, connectToken } = options
    this.#security = security.create(token, randomBytes)
    this.#payload = payload
    this.#hasFreshTokens = options.hasFreshTokens ?? false
    this.#backoff = settings.reconnect ? new Backoff(settings.reconnect, uniform(randomBytes)) : undefined
    this.#credentials = this.#prepare(connectToken ?? { servers: [frontDoor] })
    this.#dial()
  }

  /**
   * Dials with a connect token that `'token-needed'` asked for; without one, asks again after the next delay, if there is one.
   *
   * @throws RangeError when HELLO has no room for it; which is as if there were none
   */
  provideToken(now: number, token: ConnectToken | undefined): void {
    if (this.state !== 'waiting' || !this.#isTokenSpent) return
    let credentials: Credentials | undefined
    try {
      credentials = token && this.#prepare(token)
    } finally {
      this.#redial(now, credentials)
    }
  }

  protected override get openingDueAt(): number {
    return (this.#dialing ?? this.#connecting)?.dueAt ?? Infinity
  }

  protected override handleHandshake(now: number, bytes: Uint8Array, source: Address): void {
    if (this.#unanswered !== undefined) {
      this.#handleLateAnswer(now, bytes, source)
      return
    }
    if (!this.isFromPeer(source)) {
      this.stats.droppedForeign += 1
      return
    }
    const answer = this.#dialing?.handleAnswer(now, bytes)
    if (answer !== undefined) {
      this.#countReceived(bytes)
      if (answer.type !== 'retry') this.#handleAnswer(answer)
      return
    }
    const packet = packetOfConnected(bytes)
    if (packet === undefined) this.stats.droppedMalformed += 1
    else this.handlePacket(now, packet, bytes.length, source)
  }

  protected override handleOpeningTimeout(): void {
    if (this.state === 'waiting') {
      this.#dialOrAsk()
      return
    }
    const unanswered = this.#dialing
    const doorIndex = this.#doorIndex
    const retryMs = this.#takeNextDoorMs()
    this.events.push({ type: 'unanswered', willReconnect: retryMs !== undefined })
    if (retryMs !== undefined && this.#doorIndex === doorIndex) {
      this.#unanswered = unanswered
      this.#dialing = undefined
    }
    this.leave(retryMs)
  }

  protected override handleFirstPacket(isEstablished: boolean): void {
    this.#connecting = undefined
    if (isEstablished) this.#backoff?.established(this.now)
  }

  protected override handleLeft(): void {
    this.#dialing?.wipe()
    this.#dialing = undefined
    this.#connecting = undefined
    if (this.state === 'closed') this.#forgetUnanswered()
  }

  /** What comes next begins anew, at the first of the servers. */
  protected override takeRetryMs(): number | undefined {
    this.#doorIndex = 0
    this.#isTokenSpent = this.#hasFreshTokens
    const delayMs = this.#backoff?.next(this.heardAt)
    if (delayMs === undefined) return undefined
    if (this.#backoff?.attempt === 1) this.redialing = undefined
    return this.#planRedial(delayMs)
  }

  /** A repeated CONNECT is another packet, with all in it that was not acknowledged: like any other, it may be lost. */
  protected override transmitOpening(now: number, into: Uint8Array): number {
    if (this.#dialing === undefined) return this.#transmitConnecting(now, into)
    const length = this.#dialing.pollTransmit(now, into)
    if (length > 0) this.stats.sentPackets += 1
    this.stats.sentBytes += length
    return length
  }

  #transmitConnecting(now: number, into: Uint8Array): number {
    const isConnectDue = this.#connecting?.poll(now) === true
    if (isConnectDue) this.connection?.ping(now, false)
    // Where nothing is heard we may be seen at another address than before: the server is told whose packets these are.
    if (!isConnectDue && !this.isSilent) return 0
    return this.connection?.pollTransmitBehind(this.#connectPrefix, now, into) ?? 0
  }

  get #frontDoor(): Address {
    return this.#credentials.servers[this.#doorIndex] ?? { host: '0.0.0.0', port: 0 }
  }

  #prepare(credentials: Credentials): Credentials {
    const payloadBytes = typeof this.#payload === 'function' ? 0 : this.#payload.length
    requireRoom(payloadBytes, this.settings.mtuBytes, this.#security, credentials.ticket?.length)
    // Answers come from the address as the network writes it.
    const servers = credentials.servers.map(({ host, port }) => ({ host: canonicalHost(host) ?? host, port }))
    return { ...credentials, servers }
  }

  #dialOrAsk(): void {
    if (!this.#isTokenSpent) {
      this.#dial()
      return
    }
    // Where the next one comes from, and how long that takes, is the owner's matter.
    this.lifecycle.wait(this.now, Infinity)
    this.events.push({ type: 'token-needed' })
  }

  #redial(now: number, credentials: Credentials | undefined): void {
    this.handleTimeout(now, 0)
    if (credentials !== undefined) {
      this.#forgetUnanswered()
      this.#credentials = credentials
      this.#isTokenSpent = false
      this.#dial()
      return
    }
    this.#skipAttempt()
  }

  /** There is nothing to dial with this time. */
  #skipAttempt(): void {
    const retryMs = this.takeRetryMs()
    if (retryMs === undefined) this.end()
    else this.lifecycle.wait(this.now, retryMs)
  }

  #dial(): void {
    const resumeId = this.connection?.resumeId
    if (resumeId === undefined) this.dropConnection(true)
    this.#dialing?.wipe()
    this.#dialing = undefined
    if (this.#unanswered?.mayBeSaidAgain(this.now) === false) this.#forgetUnanswered()
    const dialing = this.#unanswered ?? this.#createDialing(resumeId)
    this.#unanswered = undefined
    if (dialing === undefined) {
      this.#skipAttempt()
      return
    }
    this.lifecycle.enter(this.now, 'dial', this.settings.handshakeTimeoutMs)
    this.#dialing = dialing
    dialing.sayAgain(this.now)
    this.peer.set(this.#frontDoor)
  }

  /** Makes another HELLO; `undefined` when nobody says what it is to carry. */
  #createDialing(resumeId: Uint8Array | undefined): Dialing | undefined {
    const { mtuBytes, maxMessageBytes } = this.settings
    const limitBytes = payloadRoom(mtuBytes, this.#security, this.#credentials.ticket?.length)
    const userPayload = typeof this.#payload === 'function' ? this.#payload(limitBytes) : this.#payload
    if (userPayload === undefined) return undefined
    const payload = { limits: { mtuBytes, maxMessageBytes }, resumeId, userPayload }
    return new Dialing(this.now, this.#security, payload, this.#credentials)
  }

  #forgetUnanswered(): void {
    this.#unanswered?.wipe()
    this.#unanswered = undefined
  }

  /**
   * A server that has more to do than it can answers late; if what it says then meant nothing, it would be asked anew for what it has
   * just done. A refusal is not waited for: the next attempt brings it again.
   */
  #handleLateAnswer(now: number, bytes: Uint8Array, source: Address): void {
    const answer = isSameAddress(source, this.#frontDoor) ? this.#unanswered?.handleAnswer(now, bytes) : undefined
    if (answer === undefined || answer.type === 'refused') {
      this.stats.droppedForeign += 1
      return
    }
    this.#countReceived(bytes)
    if (answer.type === 'shown') this.#connect(answer)
  }

  #countReceived(bytes: Uint8Array): void {
    this.stats.receivedPackets += 1
    this.stats.receivedBytes += bytes.length
  }

  #handleAnswer(answer: Exclude<Answer, { readonly type: 'retry' }>): void {
    if (answer.type === 'shown') {
      this.#connect(answer)
      return
    }
    const { code, reason, isFinal } = answer
    const retryMs = isFinal ? undefined : this.#retryMsAfter(code)
    this.events.push({ type: 'refused', code, reason, willReconnect: retryMs !== undefined })
    this.leave(retryMs)
  }

  #retryMsAfter(code: number): number | undefined {
    if (isForThatServerOnly(code)) return this.#takeNextDoorMs()
    const isTokenOver = code === refusalCodes.expiredToken || code === refusalCodes.usedToken
    return isTokenOver && !this.#hasFreshTokens ? undefined : this.takeRetryMs()
  }

  /** When to dial the next of the servers, which is at once, or after the last of them as {@link takeRetryMs} says. */
  #takeNextDoorMs(): number | undefined {
    if (this.#doorIndex + 1 >= this.#credentials.servers.length) return this.takeRetryMs()
    this.#doorIndex += 1
    return this.#planRedial(0)
  }

  #planRedial(delayMs: number): number {
    this.redialing = { attempt: (this.redialing?.attempt ?? 0) + 1, delayMs }
    return delayMs
  }

  #connect({ id, payload, sealer, rttMs }: Answer & { readonly type: 'shown' }): void {
    const { host, port } = payload.endpoint
    const remote = { host: isUnspecified(host) ? this.#frontDoor.host : host, port }
    this.lifecycle.enter(this.now, 'shown', this.settings.handshakeTimeoutMs)
    this.peer.set(remote)
    this.events.push({ type: 'connecting', remote })
    const { limits, resumeId } = payload
    const lost = this.connection?.resumeId === undefined ? undefined : this.connection
    const resumed = payload.isResumed ? lost : undefined
    resumed?.resume(this.now, { sealer, rttMs, resumeId })
    const connection = resumed ?? this.openConnection(this.now, { sealer, limits, rttMs, resumeId })
    this.#dialing = undefined
    this.#unanswered = undefined
    this.#connectPrefix = encodeConnectPrefix(id)
    this.#connecting = new RetransmitTimer(this.now, connection.probeTimeoutMs)
  }
}

const NO_BYTES = new Uint8Array(0)

/** What a connect token has that is dialed with, or where to dial with the token that both ends have. */
interface Credentials extends Pass {
  readonly servers: readonly Address[]
}

/** Whether another server may take the same client. */
function isForThatServerOnly(code: number): boolean {
  return serverOnlyCodes.has(code)
}

const serverOnlyCodes: ReadonlySet<number> = new Set([
  refusalCodes.full,
  refusalCodes.fullForAddress,
  refusalCodes.noFreePort,
  refusalCodes.closing,
  refusalCodes.tokenForAnotherServer,
])

/** Numbers from 0 up to, not including, 1, out of random bytes. */
function uniform(randomBytes: RandomBytes): () => number {
  return () => {
    const bytes = randomBytes(4)
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 2 ** 32
  }
}
