import { plainSecurity } from '../../security/plain.ts'
import { RETRY_COOKIE_BYTES, RetryCookies } from '../../security/retry-cookie.ts'
import { securityKinds, type RandomBytes, type Security, type SecurityFactory } from '../../security/security.ts'
import type { Ticket } from '../../security/connect-token.ts'
import type { TicketCheckOptions } from '../../security/ticket-check.ts'
import { isSameAddress, type Address, networkOf } from '../../core/address.ts'
import type { ReliableAdmission, ReturnOffer } from '../../session/admission.ts'
import { Answers, type Answer } from '../../session/answers.ts'
import { byteKey, copyBytes } from '../../core/bytes.ts'
import { Fifo } from '../../core/fifo.ts'
import {
  createFrontDoorStats,
  MAX_UNANSWERED_REQUESTS,
  type FrontDoor,
  type FrontDoorEvent,
  type FrontDoorStats,
  type ConnectionRequest,
} from '../../session/front-door.ts'
import { DEFAULT_FRONT_DOOR_LIMITS, type FrontDoorLimits, HelloGate } from '../../session/hello-gate.ts'
import { refusalCodes } from '../../session/codes.ts'
import type { CloseReason, ProtocolName } from '../../session/session.ts'
import type { SessionSettings } from '../../session/settings.ts'
import type { Transmit } from '../../session/transmit.ts'
import { AdmittedClients, type AdmittedClient } from './admitted-clients.ts'
import {
  decodeHello,
  encodeConnect,
  encodeGoAway,
  encodeRetry,
  helloEcho,
  helloId,
  isHello,
  NOTHING,
  PROTOCOL_VERSION,
  requireCode,
  type HelloContent,
} from '../wire/handshake.ts'
import {
  decodeHelloPayload,
  encodeConnectPayload,
  MAX_CONNECT_PAYLOAD_BYTES,
  RESUME_ID_BYTES,
  type ConnectPayload,
} from '../wire/handshake-payload.ts'
import { ReliableConnectionRequest, type Visit } from './connection-request.ts'
import { TokenHolders } from './token-holders.ts'

/** What a front door is made with. */
export interface ReliableFrontDoorOptions {
  /** The token that both ends must have alike. */
  readonly token: string
  readonly randomBytes: RandomBytes
  /** How what travels is protected; the clients' must be the same. Default {@link plainSecurity}. */
  readonly security?: SecurityFactory | undefined
  /**
   * Whether clients stay at the front door's port, where they are told apart by their addresses. CONNECT is then said to one
   * address only, so that who answers it is there. Default false.
   */
  readonly isPortShared?: boolean | undefined
  /** Default {@link DEFAULT_FRONT_DOOR_LIMITS}. */
  readonly limits?: FrontDoorLimits | undefined
  /** What it takes to take connect tokens; then a client needs one, and the `token` lets nobody in. */
  readonly tickets?: TicketCheckOptions | undefined
}

/**
 * The public port of the reliable protocol: it answers each HELLO with CONNECT, RETRY or GO AWAY! It remembers the HELLOs that it
 * has let in, until it is told to {@link forget} them, and those that are still to be answered; whoever has not proved the
 * token, or is sent away, leaves nothing behind. Its events exist only until the `pollEvent` of the same step.
 */
export class ReliableFrontDoor implements FrontDoor {
  readonly protocol: ProtocolName = 'reliable'
  readonly stats: FrontDoorStats = createFrontDoorStats()
  readonly #settings: SessionSettings
  readonly #randomBytes: RandomBytes
  readonly #securityFactory: SecurityFactory
  readonly #isPortShared: boolean
  readonly #gate: HelloGate
  readonly #cookies: RetryCookies
  readonly #tickets: TokenHolders | undefined
  #security: Security
  readonly #admitted = new AdmittedClients()
  /** The requests that are to be answered, the oldest first, by the id of their HELLO. */
  readonly #requests = new Map<string, ReliableConnectionRequest>()
  readonly #events = new Fifo<FrontDoorEvent>()
  readonly #answers = new Answers(this.stats)

  /** CONNECT tells the settings; whoever makes the sessions is to have the same. */
  constructor(settings: SessionSettings, options: ReliableFrontDoorOptions) {
    this.#settings = settings
    this.#randomBytes = options.randomBytes
    this.#securityFactory = options.security ?? plainSecurity
    this.#isPortShared = options.isPortShared === true
    this.#gate = new HelloGate(options.limits ?? DEFAULT_FRONT_DOOR_LIMITS, options.randomBytes)
    this.#cookies = new RetryCookies(options.randomBytes)
    this.#tickets = options.tickets && new TokenHolders(options.tickets)
    this.#security = this.#securityFactory.create(options.token, options.randomBytes)
  }

  /** How many things are remembered of those who were let in or wait for it; nothing, once all of them are forgotten. */
  get remembered(): number {
    return this.#admitted.size + this.#requests.size + (this.#tickets?.size ?? 0) + this.#gate.halfOpen.size
  }

  /** Changes the token for the HELLOs to come; who was let in stays. */
  setToken(token: string): void {
    this.#security = this.#securityFactory.create(token, this.#randomBytes)
  }

  isHello(bytes: Uint8Array): boolean {
    return isHello(bytes)
  }

  /** The cheapest checks come first, and nothing is kept before the last of them has passed. */
  handleDatagram(now: number, bytes: Uint8Array, source: Address): void {
    const hello = decodeHello(bytes)
    if (hello === undefined || !isOwnCookie(hello.content?.cookie)) {
      this.stats.droppedMalformed += 1
      return
    }
    const { id, content } = hello
    this.stats.receivedHellos += 1
    const isProved = content !== undefined && this.#isProved(now, content, source, id)
    const key = byteKey(id)
    const isKnown = this.#admitted.answerTo(key) !== undefined || this.#requests.has(key)
    const network = networkOf(source.host)
    const verdict = this.#gate.judge(now, network, isProved, isKnown)
    if (verdict === 'drop') this.stats.limitedHellos += 1
    else if (content === undefined)
      this.#handleOtherwiseWrong(now, { hello: bytes, source }, refusalCodes.badVersion, BAD_VERSION_REASON)
    else if (verdict === 'retry') this.#retry(now, bytes, source)
    else this.#handleHello(now, { hello: bytes, id, key, source, network }, content)
  }

  /**
   * Lets a newcomer in. Where `endpoint` has a zone (`fe80::1%eth0`), which means nothing on another machine, or is
   * unspecified, CONNECT names the address that the HELLO was sent to.
   *
   * @throws RangeError when `endpoint` is not a numeric address and a port from 1 to 65535
   * @throws Error when the request is already answered
   */
  admit(_now: number, request: ConnectionRequest, endpoint: Address): ReliableAdmission {
    const resumeId = this.#settings.resumeWindowMs > 0 ? this.#randomBytes(RESUME_ID_BYTES) : undefined
    const payload = this.#createPayload({ isResumed: false, resumeId, endpoint })
    const known = this.#takeRequest(request)
    const answer = this.#createAnswer(known, payload)
    const { key, source, ticket } = known
    const client = this.#admitted.add({ endpoint, source, firstHello: key, ticket })
    this.#admitted.note(client, key, answer, resumeId && byteKey(resumeId))
    this.stats.admitted += 1
    this.#answers.push(answer)
    return createAdmission(client.id, known, resumeId)
  }

  /**
   * Sends a newcomer away. A reason of more than 256 bytes is cut.
   *
   * @throws RangeError when the code is not a whole number from 0 to 65535
   * @throws Error when the request is already answered
   */
  refuse(_now: number, request: ConnectionRequest, code: number, reason: string, isFinal = false): void {
    requireCode(code)
    const { hello, key, source, ticket } = this.#takeRequest(request)
    this.#gate.halfOpen.end(key)
    if (ticket !== undefined) this.#tickets?.release(ticket)
    this.stats.refused += 1
    this.#goAway(hello, source, { code, reason, isFinal })
  }

  handleEstablished(id: string): void {
    const client = this.#admitted.find(id)
    if (client === undefined) return
    client.wasEstablished = true
    this.#endHalfOpen(client)
    if (client.ticket !== undefined) this.#tickets?.establish(client.ticket)
  }

  handleReturned(id: string, resumeId: Uint8Array): void {
    const client = this.#admitted.find(id)
    if (client !== undefined) this.#admitted.keepOnly(client, resumeId)
  }

  handleEnding(id: string): void {
    const client = this.#admitted.find(id)
    if (client === undefined) return
    client.isEnding = true
    this.#endHalfOpen(client)
  }

  forget(id: string): void {
    const client = this.#admitted.find(id)
    if (client === undefined) return
    this.#endHalfOpen(client)
    this.#admitted.forget(client)
    if (client.ticket !== undefined) this.#tickets?.leave(client.ticket)
  }

  pollEvent(): FrontDoorEvent | undefined {
    return this.#events.shift()
  }

  pollTransmit(_now: number, into: Uint8Array): Transmit | undefined {
    return this.#answers.pollTransmit(into)
  }

  #isProved(now: number, { cookie }: HelloContent, source: Address, id: Uint8Array): boolean {
    return cookie.length > 0 && this.#cookies.isValid(now, cookie, source, id)
  }

  #retry(now: number, hello: Uint8Array, source: Address): void {
    this.stats.retries += 1
    const cookie = this.#cookies.create(now, source, helloId(hello))
    this.#answers.push({ bytes: encodeRetry(hello, cookie), destination: source })
  }

  #handleHello(now: number, visit: Visit, { message, security, ticket: sealed }: HelloContent): void {
    if (security !== this.#security.kind) {
      this.#handleOtherwiseWrong(now, visit, refusalCodes.securityMismatch, mismatchReason(this.#security.kind))
      return
    }
    const ticket = this.#tickets?.open(sealed)
    // Where connect tokens are taken, nobody is let in without one.
    const isLetIn = this.#tickets === undefined || ticket !== undefined
    const binding = { prologue: sealed, preSharedKey: ticket?.psk }
    const responder = isLetIn ? this.#security.respond(message, binding) : undefined
    if (responder === undefined) {
      if (isLetIn && this.#security.provesToken(message, binding))
        this.#handleOtherwiseWrong(now, visit, refusalCodes.wrongServerKey, WRONG_SERVER_KEY_REASON)
      else this.#handleBadToken(now, visit)
      return
    }
    const payload = decodeHelloPayload(responder.payload)
    if (payload === undefined) this.stats.droppedMalformed += 1
    else this.#handleRequest(new ReliableConnectionRequest(visit, responder, payload, ticket))
  }

  /**
   * A HELLO that is known gets the answer it had, wherever it comes from now, as its client may be behind a NAT; but where the port
   * is shared, only where the first one came from.
   */
  #handleRequest(request: ReliableConnectionRequest): void {
    const { key, resumeId, source, ticket } = request
    const answer = this.#admitted.answerTo(key)
    if (answer !== undefined) {
      if (this.#isPortShared && !isSameAddress(answer.destination, source)) this.stats.droppedForeign += 1
      else this.#answers.push({ bytes: answer.bytes, destination: source })
      return
    }
    const client = resumeId && this.#admitted.findReturning(resumeId)
    if (resumeId !== undefined && client !== undefined && isSameClient(client.ticket, ticket)) {
      this.#admitted.keepLongest(client, resumeId)
      this.#welcomeBack(client, request)
      return
    }
    if (this.#requests.has(key)) return
    if (this.#requests.size >= MAX_UNANSWERED_REQUESTS) {
      this.stats.droppedAnswers += 1
      return
    }
    this.#supersede(source)
    if (ticket !== undefined && !this.#takeTicket(ticket, request)) return
    this.#requests.set(key, request)
    this.#gate.halfOpen.begin(key, request.network)
    this.#events.push({ type: 'request', request })
  }

  /**
   * Shows a client that lost its connection the same private port again, and asks nobody. A HELLO can be replayed: so nothing
   * changes about the connection before a packet opens under the keys that this handshake agreed on. Where the port is shared, that
   * packet has to come from where the HELLO did, because only there CONNECT was said: so it proves the client's address.
   */
  #welcomeBack(client: AdmittedClient, request: ReliableConnectionRequest): void {
    const resumeId = this.#randomBytes(RESUME_ID_BYTES)
    const payload = this.#createPayload({ isResumed: true, resumeId, endpoint: client.endpoint })
    const answer = this.#createAnswer(request, payload)
    const { id, key, responder, source } = request
    const offer: ReturnOffer = {
      helloId: copyBytes(id),
      resumeId: copyBytes(resumeId),
      keys: responder.takeKeys(),
      source: { host: source.host, port: source.port },
      isSourceBound: this.#isPortShared,
    }
    this.#admitted.note(client, key, answer, byteKey(resumeId))
    this.stats.returned += 1
    this.#events.push({ type: 'returning', id: client.id, offer })
    this.#answers.push(answer)
  }

  /** A client has one attempt at a time: who says HELLO anew from the same address has given up the one before. */
  #supersede(source: Address): void {
    const client = this.#admitted.findHalfOpen(source)
    if (client === undefined) return
    this.#endHalfOpen(client)
    this.#events.push({ type: 'superseded', id: client.id })
  }

  #endHalfOpen(client: AdmittedClient): void {
    if (this.#admitted.endHalfOpen(client)) this.#gate.halfOpen.end(client.firstHello)
  }

  #createPayload(connection: Omit<ConnectPayload, 'limits'>): Uint8Array {
    const { mtuBytes, maxMessageBytes } = this.#settings
    return encodeConnectPayload({ limits: { mtuBytes, maxMessageBytes }, ...connection })
  }

  #createAnswer({ responder, source }: ReliableConnectionRequest, payload: Uint8Array): Answer {
    const roomBytes = MAX_CONNECT_PAYLOAD_BYTES + this.#security.connectOverheadBytes
    return { bytes: encodeConnect(roomBytes, (into) => responder.writeConnect(payload, into)), destination: source }
  }

  #takeTicket(ticket: Ticket, { hello, source }: ReliableConnectionRequest): boolean {
    if (this.#tickets?.isOnTheWay(ticket) === true) {
      // The same client gave up waiting and dials anew: it is heard once its first handshake has come to nothing.
      this.stats.limitedHellos += 1
      return false
    }
    const refusal = this.#tickets?.take(ticket)
    if (refusal === undefined) return true
    this.stats.refusedTickets += 1
    this.#goAway(hello, source, { ...refusal, isFinal: false })
    return false
  }

  /** Something else than the token is wrong with a HELLO, or something that shows before it. */
  #handleOtherwiseWrong(
    now: number,
    { hello, source }: Pick<Visit, 'hello' | 'source'>,
    code: number,
    reason: string,
  ): void {
    if (this.#refuseUnproved(now, hello, source, code, reason)) this.stats.refused += 1
  }

  #handleBadToken(now: number, { hello, source }: Visit): void {
    this.stats.badTokens += 1
    const reason = this.#tickets === undefined ? BAD_TOKEN_REASON : BAD_CONNECT_TOKEN_REASON
    const isAnswered = this.#refuseUnproved(now, hello, source, refusalCodes.badToken, reason)
    if (isAnswered) this.#events.push({ type: 'bad-token', hello, source })
  }

  /** Sends somebody away who has proved nothing, unless that happens too often; returns whether it was said. */
  #refuseUnproved(now: number, hello: Uint8Array, source: Address, code: number, reason: string): boolean {
    const isAnswered = this.#gate.takeRefusal(now)
    if (isAnswered) this.#goAway(hello, source, { code, reason, isFinal: false })
    else this.stats.suppressedRefusals += 1
    return isAnswered
  }

  #goAway(hello: Uint8Array, source: Address, { code, reason, isFinal }: CloseReason): void {
    this.#answers.push({ bytes: encodeGoAway(helloEcho(hello), code, reason, isFinal), destination: source })
  }

  #takeRequest(request: ConnectionRequest): ReliableConnectionRequest {
    if (!(request instanceof ReliableConnectionRequest) || this.#requests.get(request.key) !== request) {
      throw new Error('This request is already answered, or was made at another front door.')
    }
    this.#requests.delete(request.key)
    return request
  }
}

const BAD_TOKEN_REASON = 'the token is wrong'
const BAD_CONNECT_TOKEN_REASON = 'this server takes connect tokens, and this is none of its own'
const WRONG_SERVER_KEY_REASON = 'the token is right, but serverKey is not the key of this server'
const BAD_VERSION_REASON = `this server speaks version ${PROTOCOL_VERSION}`

function mismatchReason(kind: number): string {
  return `this server has security: '${securityKinds[kind] ?? kind}', the client another`
}

/** Copies, so that the admission is all that it needs, and nobody who keeps it keeps the whole HELLO. */
function createAdmission(
  id: string,
  request: ReliableConnectionRequest,
  resumeId: Uint8Array | undefined,
): ReliableAdmission {
  const { source, payload, ticket, limits, responder } = request
  return {
    protocol: 'reliable',
    id,
    source: { host: source.host, port: source.port },
    payload: copyBytes(payload),
    ticket: ticket && { clientId: ticket.clientId, userData: copyBytes(ticket.userData) },
    helloId: copyBytes(request.id),
    resumeId: resumeId && copyBytes(resumeId),
    limits: { mtuBytes: limits.mtuBytes, maxMessageBytes: limits.maxMessageBytes },
    keys: responder.takeKeys(),
  }
}

/** None, or one as they are made here; whether it is good is another question. */
function isOwnCookie({ length } = NOTHING): boolean {
  return length === 0 || length === RETRY_COOKIE_BYTES
}

/** Whether a ticket, expired or used as it may be by now, is that of the client which was let in with the other. */
function isSameClient(known: Ticket | undefined, shown: Ticket | undefined): boolean {
  return known?.clientId === shown?.clientId
}
