import type { Transmit } from '../session/transmit.ts'
import { formatAddress, type Address, networkOf } from '../core/address.ts'
import type { ClassicAdmission } from '../session/admission.ts'
import { Answers } from '../session/answers.ts'
import { Fifo } from '../core/fifo.ts'
import {
  createFrontDoorStats,
  MAX_UNANSWERED_REQUESTS,
  type FrontDoor,
  type FrontDoorEvent,
  type FrontDoorStats,
  type ConnectionRequest,
} from '../session/front-door.ts'
import type { HelloGate } from '../session/hello-gate.ts'
import type { ProtocolName } from '../session/session.ts'
import { encodeToken } from '../session/token.ts'
import { decodeHello, encodeConnect, encodeWord } from './words.ts'

/** Who was let in, and what it was told. */
interface AdmittedClient {
  /** The address that HELLO came from, as text. */
  readonly source: string
  readonly connect: Uint8Array
  /** Whether it is being closed: whoever says HELLO there then wants a new connection. */
  isEnding: boolean
}

/**
 * The public port of the classic protocol: it answers each HELLO with CONNECT or GO AWAY! It remembers whom it has let in,
 * until it is told to {@link forget} them, and whose request is still to be answered; whoever is sent away leaves nothing
 * behind. Its events exist only until the `pollEvent` of the same step.
 */
export class ClassicFrontDoor implements FrontDoor {
  readonly protocol: ProtocolName = 'classic'
  readonly stats: FrontDoorStats = createFrontDoorStats()
  readonly #gate: HelloGate | undefined
  #token: Uint8Array
  /** By the id of their admission. */
  readonly #admitted = new Map<string, AdmittedClient>()
  /** By the address that HELLO came from, as text; of several there, the last. */
  readonly #bySource = new Map<string, AdmittedClient>()
  #admittedCount = 0
  /** The addresses whose request is to be answered. */
  readonly #requests = new Set<string>()
  readonly #events = new Fifo<FrontDoorEvent>()
  readonly #answers = new Answers(this.stats)

  /**
   * Without a gate there are no limits.
   *
   * @throws RangeError when the token is not one that `isToken` accepts
   */
  constructor(token: string, gate?: HelloGate) {
    this.#gate = gate
    this.#token = encodeToken(token)
  }

  /**
   * Changes the token for the HELLOs to come; who was let in stays.
   *
   * @throws RangeError when the token is not one that `isToken` accepts
   */
  setToken(token: string): void {
    this.#token = encodeToken(token)
  }

  isHello(bytes: Uint8Array): boolean {
    return decodeHello(bytes) !== undefined
  }

  handleDatagram(now: number, bytes: Uint8Array, source: Address): void {
    const token = decodeHello(bytes)
    if (token === undefined) {
      this.stats.droppedMalformed += 1
      return
    }
    this.stats.receivedHellos += 1
    if (!this.#passes(now, source)) this.stats.limitedHellos += 1
    else if (isSameSecret(token, this.#token)) this.#handleRequest(bytes, source)
    else this.#handleBadToken(now, bytes, source)
  }

  /**
   * Lets a newcomer in. Where `endpoint` has a zone (`fe80::1%eth0`), which means nothing on another machine, CONNECT says
   * `::`: the address that the HELLO was sent to.
   *
   * @throws RangeError when `endpoint` is not a numeric address and a port from 1 to 65535
   * @throws Error when the request is already answered
   */
  admit(_now: number, request: ConnectionRequest, endpoint: Address): ClassicAdmission {
    const connect = encodeConnect(endpoint.host.includes('%') ? { host: '::', port: endpoint.port } : endpoint)
    const source = this.#takeRequest(request)
    this.#admittedCount += 1
    const id = `classic-${this.#admittedCount}`
    const client = { source, connect, isEnding: false }
    this.#admitted.set(id, client)
    this.#bySource.set(source, client)
    this.stats.admitted += 1
    this.#answers.push({ bytes: connect, destination: request.source })
    const { host, port } = request.source
    return { protocol: 'classic', id, source: { host, port }, payload: NO_PAYLOAD, ticket: undefined }
  }

  /**
   * Sends a newcomer away; the code and the reason stay here, as GO AWAY! carries none.
   *
   * @throws Error when the request is already answered
   */
  refuse(_now: number, request: ConnectionRequest, _code: number, _reason: string): void {
    const source = this.#takeRequest(request)
    this.#gate?.halfOpen.end(source)
    this.stats.refused += 1
    this.#answers.push({ bytes: encodeWord('GO AWAY!'), destination: request.source })
  }

  handleEstablished(id: string): void {
    this.#endHalfOpen(this.#admitted.get(id))
  }

  /** Nobody comes back in this protocol. */
  handleReturned(): void {}

  handleEnding(id: string): void {
    const client = this.#admitted.get(id)
    if (client === undefined) return
    client.isEnding = true
    this.#endHalfOpen(client)
  }

  forget(id: string): void {
    const client = this.#admitted.get(id)
    if (client === undefined) return
    this.#endHalfOpen(client)
    this.#admitted.delete(id)
    if (this.#bySource.get(client.source) === client) this.#bySource.delete(client.source)
  }

  pollEvent(): FrontDoorEvent | undefined {
    return this.#events.shift()
  }

  pollTransmit(_now: number, into: Uint8Array): Transmit | undefined {
    return this.#answers.pollTransmit(into)
  }

  /** This protocol has no way to ask for a proof of the address, so every address is taken at its word. */
  #passes(now: number, source: Address): boolean {
    if (this.#gate === undefined) return true
    const key = formatAddress(source)
    const isKnown = this.#bySource.has(key) || this.#requests.has(key)
    return this.#gate.judge(now, networkOf(source.host), true, isKnown) === 'pass'
  }

  #handleRequest(hello: Uint8Array, source: Address): void {
    const key = formatAddress(source)
    const client = this.#bySource.get(key)
    if (client !== undefined && !client.isEnding) {
      this.#answers.push({ bytes: client.connect, destination: source })
      return
    }
    if (this.#requests.has(key)) return
    if (this.#requests.size >= MAX_UNANSWERED_REQUESTS) {
      this.stats.droppedAnswers += 1
      return
    }
    this.#requests.add(key)
    this.#gate?.halfOpen.begin(key, networkOf(source.host))
    this.#events.push({ type: 'request', request: { payload: NO_PAYLOAD, hello, source } })
  }

  /** Whoever asks anew from its address, or has been let in since, is half open by itself. */
  #endHalfOpen(client: AdmittedClient | undefined): void {
    if (client === undefined || this.#requests.has(client.source)) return
    if (this.#bySource.get(client.source) === client) this.#gate?.halfOpen.end(client.source)
  }

  #handleBadToken(now: number, hello: Uint8Array, source: Address): void {
    this.stats.badTokens += 1
    if (this.#gate?.takeRefusal(now) === false) {
      this.stats.suppressedRefusals += 1
      return
    }
    this.#events.push({ type: 'bad-token', hello, source })
    this.#answers.push({ bytes: encodeWord('GO AWAY!'), destination: source })
  }

  #takeRequest({ source }: ConnectionRequest): string {
    const key = formatAddress(source)
    if (!this.#requests.delete(key)) throw new Error(`The request of ${key} is already answered.`)
    return key
  }
}

const NO_PAYLOAD = new Uint8Array(0)

/** Takes as long for a token that is nearly right as for one that is all wrong. */
function isSameSecret(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (const [index, byte] of a.entries()) difference |= byte ^ (b[index] ?? 0)
  return difference === 0
}
