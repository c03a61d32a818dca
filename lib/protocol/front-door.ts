import { plainSecurity } from '../security/plain.ts'
import type { RandomBytes, Responder, Security, SecurityFactory } from '../security/security.ts'
import { isSameAddress, type Address } from '../session/address.ts'
import { Fifo } from '../session/fifo.ts'
import type { FrontDoor, FrontDoorEvent, FrontDoorStats, Knock } from '../session/front-door.ts'
import { refusalCodes } from '../session/refusal-codes.ts'
import type { ProtocolName, Session } from '../session/session.ts'
import type { SessionSettings } from '../session/settings.ts'
import type { ConnectionTuning } from './connection.ts'
import { keyOf } from './guest-key.ts'
import { GuestList, type Answer, type Guest } from './guest-list.ts'
import {
  decodeHello,
  encodeConnect,
  encodeGoAway,
  helloEcho,
  isHello,
  PROTOCOL_VERSION,
  requireCode,
} from './handshake.ts'
import {
  decodeHelloPayload,
  encodeConnectPayload,
  MAX_CONNECT_PAYLOAD_BYTES,
  RESUME_ID_BYTES,
  type ConnectPayload,
  type HelloPayload,
} from './handshake-payload.ts'
import { ReliableServerSession } from './server-session.ts'

/** What a front door is made with. */
export interface ReliableFrontDoorOptions extends ConnectionTuning {
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
}

/**
 * The public port of the reliable protocol: it answers each HELLO with CONNECT or GO AWAY! It remembers the HELLOs that it has
 * let in, until it is told to {@link forget} them, and those that are still to be answered; whoever has not proved the
 * token, or is sent away, leaves nothing behind. Its events exist only until the `pollEvent` of the same step.
 */
export class ReliableFrontDoor implements FrontDoor {
  readonly protocol: ProtocolName = 'reliable'
  readonly stats: FrontDoorStats = {
    receivedHellos: 0,
    badTokens: 0,
    admitted: 0,
    refused: 0,
    returned: 0,
    droppedMalformed: 0,
    droppedAnswers: 0,
    droppedForeign: 0,
  }
  readonly #settings: SessionSettings
  readonly #randomBytes: RandomBytes
  readonly #securityFactory: SecurityFactory
  readonly #tuning: ConnectionTuning
  readonly #isPortShared: boolean
  #security: Security
  readonly #guests = new GuestList()
  /** The knocks that are to be answered, the oldest first, by the id of their HELLO. */
  readonly #knocks = new Map<string, ReliableKnock>()
  readonly #events = new Fifo<FrontDoorEvent>()
  readonly #answers = new Fifo<Answer>()
  #destination: Address = { host: '0.0.0.0', port: 0 }

  /** Sessions take the settings as they are when the client is let in. */
  constructor(settings: SessionSettings, options: ReliableFrontDoorOptions) {
    this.#settings = settings
    this.#randomBytes = options.randomBytes
    this.#securityFactory = options.security ?? plainSecurity
    this.#tuning = options
    this.#isPortShared = options.isPortShared === true
    this.#security = this.#securityFactory(options.token, options.randomBytes)
  }

  get destination(): Address {
    return this.#destination
  }

  /** Changes the token for the HELLOs to come; who was let in stays. */
  setToken(token: string): void {
    this.#security = this.#securityFactory(token, this.#randomBytes)
  }

  isHello(bytes: Uint8Array): boolean {
    return isHello(bytes)
  }

  /** The cheapest checks come first, and nothing is kept before the last of them has passed. */
  handleDatagram(now: number, bytes: Uint8Array, source: Address): void {
    const hello = decodeHello(bytes)
    if (hello === undefined) {
      this.stats.droppedMalformed += 1
      return
    }
    this.stats.receivedHellos += 1
    if (hello.message === undefined) {
      this.stats.refused += 1
      this.#answer({
        bytes: encodeGoAway(helloEcho(bytes), refusalCodes.badVersion, BAD_VERSION_REASON),
        destination: source,
      })
      return
    }
    const responder = this.#security.respond(hello.message)
    if (responder === undefined) {
      this.#handleBadToken(bytes, source)
      return
    }
    const payload = decodeHelloPayload(responder.payload)
    if (payload === undefined) this.stats.droppedMalformed += 1
    else this.#handleKnock(now, new ReliableKnock(bytes, hello.id, source, responder, payload))
  }

  /**
   * Lets a newcomer in. Where `endpoint` has a zone (`fe80::1%eth0`), which means nothing on another machine, or is
   * unspecified, CONNECT names the address that the HELLO was sent to.
   *
   * @throws RangeError when `endpoint` is not a numeric address and a port from 1 to 65535
   * @throws Error when the knock is already answered
   */
  admit(now: number, knock: Knock, endpoint: Address): Session {
    const resumeId = this.#settings.resumeWindowMs > 0 ? this.#randomBytes(RESUME_ID_BYTES) : undefined
    const payload = this.#createPayload({ isResumed: false, resumeId, endpoint })
    const known = this.#takeKnock(knock)
    const answer = this.#createAnswer(known, payload)
    const { id, key, responder, limits, source } = known
    const session = new ReliableServerSession(now, {
      settings: this.#settings,
      limits,
      sealer: responder.createSealer(),
      // A copy, so that the session does not keep the whole HELLO.
      helloId: id.slice(),
      resumeId,
      helloSource: source,
      tuning: this.#tuning,
      randomBytes: this.#randomBytes,
    })
    this.#guests.note(this.#guests.add(session, endpoint, source), key, answer, resumeId && keyOf(resumeId))
    this.stats.admitted += 1
    this.#answer(answer)
    return session
  }

  /**
   * Sends a newcomer away. A reason of more than 256 bytes is cut.
   *
   * @throws RangeError when the code is not a whole number from 0 to 65535
   * @throws Error when the knock is already answered
   */
  refuse(_now: number, knock: Knock, code: number, reason: string): void {
    requireCode(code)
    const { hello, source } = this.#takeKnock(knock)
    this.stats.refused += 1
    this.#answer({ bytes: encodeGoAway(helloEcho(hello), code, reason), destination: source })
  }

  forget(session: Session): void {
    this.#guests.forget(session)
  }

  pollEvent(): FrontDoorEvent | undefined {
    return this.#events.shift()
  }

  pollTransmit(_now: number, into: Uint8Array): number {
    const answer = this.#answers.shift()
    if (answer === undefined) return 0
    into.set(answer.bytes)
    this.#destination = answer.destination
    return answer.bytes.length
  }

  /**
   * A HELLO that is known gets the answer it had, wherever it comes from now, as its client may be behind a NAT; but where the port
   * is shared, only where the first one came from.
   */
  #handleKnock(now: number, knock: ReliableKnock): void {
    const answer = this.#guests.answerTo(knock.key)
    if (answer !== undefined) {
      if (this.#isPortShared && !isSameAddress(answer.destination, knock.source)) this.stats.droppedForeign += 1
      else this.#answer({ bytes: answer.bytes, destination: knock.source })
      return
    }
    const guest = knock.resumeId && this.#guests.findReturning(knock.resumeId)
    if (guest !== undefined) {
      this.#welcomeBack(guest, knock)
      return
    }
    if (this.#knocks.has(knock.key)) return
    if (this.#knocks.size >= MAX_UNANSWERED_KNOCKS) {
      this.stats.droppedAnswers += 1
      return
    }
    this.#knocks.set(knock.key, knock)
    this.#supersede(now, knock.source)
    this.#events.push({ type: 'knock', knock })
  }

  /**
   * Shows a client that lost its connection the same private port again, and asks nobody. A HELLO can be replayed: so nothing
   * changes about the connection before a packet opens under the keys that this handshake agreed on. Where the port is shared, that
   * packet has to come from where the HELLO did, because only there CONNECT was said: so it proves the client's address.
   */
  #welcomeBack(guest: Guest, knock: ReliableKnock): void {
    const resumeId = this.#randomBytes(RESUME_ID_BYTES)
    const payload = this.#createPayload({ isResumed: true, resumeId, endpoint: guest.endpoint })
    const answer = this.#createAnswer(knock, payload)
    const resumption = keyOf(resumeId)
    const { key, responder, source } = knock
    const { session } = guest
    // A copy, so that nobody keeps the whole HELLO.
    const helloId = knock.id.slice()
    session.offerReturn({
      helloId,
      resumption,
      sealer: responder.createSealer(),
      source: this.#isPortShared ? source : undefined,
    })
    this.#guests.note(guest, key, answer, resumption)
    this.stats.returned += 1
    this.#events.push({ type: 'returning', session, id: helloId, source })
    this.#answer(answer)
  }

  /** A client has one attempt at a time: who knocks anew from the same address has given up the one before. */
  #supersede(now: number, source: Address): void {
    const session = this.#guests.findHalfOpen(source)
    if (session === undefined) return
    session.abandon(now)
    this.#events.push({ type: 'superseded', session })
  }

  #createPayload(connection: Omit<ConnectPayload, 'limits'>): Uint8Array {
    const { mtuBytes, maxMessageBytes } = this.#settings
    return encodeConnectPayload({ limits: { mtuBytes, maxMessageBytes }, ...connection })
  }

  #createAnswer({ responder, source }: ReliableKnock, payload: Uint8Array): Answer {
    const roomBytes = MAX_CONNECT_PAYLOAD_BYTES + this.#security.connectOverheadBytes
    return { bytes: encodeConnect(roomBytes, (into) => responder.writeConnect(payload, into)), destination: source }
  }

  #handleBadToken(hello: Uint8Array, source: Address): void {
    this.stats.badTokens += 1
    this.#events.push({ type: 'bad-token', hello, source })
    this.#answer({
      bytes: encodeGoAway(helloEcho(hello), refusalCodes.badToken, BAD_TOKEN_REASON),
      destination: source,
    })
  }

  #takeKnock(knock: Knock): ReliableKnock {
    if (!(knock instanceof ReliableKnock) || this.#knocks.get(knock.key) !== knock) {
      throw new Error('This knock is already answered, or was made at another front door.')
    }
    this.#knocks.delete(knock.key)
    return knock
  }

  /** What does not fit in is asked for again: a client repeats its HELLO. */
  #answer(answer: Answer): void {
    if (this.#answers.length >= MAX_QUEUED_ANSWERS) this.stats.droppedAnswers += 1
    else this.#answers.push(answer)
  }
}

/** Knocks that wait for their owner's answer at one time. */
const MAX_UNANSWERED_KNOCKS = 1_024

/** Answers that wait to be sent at one time. */
const MAX_QUEUED_ANSWERS = 1_024

const BAD_TOKEN_REASON = 'the token is wrong'
const BAD_VERSION_REASON = `this server speaks version ${PROTOCOL_VERSION}`

/** A HELLO that proved the token, and all that is needed to answer it. */
class ReliableKnock implements Knock {
  readonly hello: Uint8Array
  readonly id: Uint8Array
  /** The id as a key of a map. */
  readonly key: string
  readonly source: Address
  readonly responder: Responder
  readonly payload: Uint8Array
  readonly limits: HelloPayload['limits']
  readonly resumeId: Uint8Array | undefined

  constructor(hello: Uint8Array, id: Uint8Array, source: Address, responder: Responder, payload: HelloPayload) {
    this.hello = hello
    this.id = id
    this.key = keyOf(id)
    this.source = source
    this.responder = responder
    this.payload = payload.userPayload
    this.limits = payload.limits
    this.resumeId = payload.resumeId
  }
}
