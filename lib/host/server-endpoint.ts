import { hostToShow } from '../options/advertised-host.ts'
import { countFrontDoor, countSocket, type Counters } from './counters.ts'
import type { Endpoint } from './endpoint.ts'
import type { EndpointContext } from './endpoint-context.ts'
import { UDPipeError } from '../core/errors.ts'
import { SessionDriver } from './session-driver.ts'
import { SessionDrivers } from './session-drivers.ts'
import type { Peer } from './peer.ts'
import { createServerSession, protocols } from './protocols.ts'
import type { TicketCheckOptions } from '../security/ticket-check.ts'
import { isUnspecified, type Address, networkOf } from '../core/address.ts'
import { wipeKeys, type ReturnOffer, type ServerSession } from '../session/admission.ts'
import { AdmissionReporter } from '../session/admission-reporter.ts'
import type { FrontDoor, ConnectionRequest } from '../session/front-door.ts'
import type { CloseReason } from '../session/session.ts'
import { parseAdmissionAnswer, REFUSED } from '../options/admission-answer.ts'
import { PendingAdmissions, type Newcomer } from './pending-admissions.ts'
import { KeyedCounts } from '../core/keyed-counts.ts'
import { refusalCodes } from '../session/codes.ts'
import { TokenBucket } from '../core/token-bucket.ts'
import { PrivatePorts } from '../port/private-ports.ts'
import type { DatagramPort, LinkSocket, LinkSockets } from '../port/datagram-port.ts'
import { SharedPort } from '../port/shared-port.ts'

/** A client that was let in. */
interface AdmittedClient {
  /** That of its admission. */
  readonly id: string
  readonly session: ServerSession
  readonly driver: SessionDriver
  /** Tells the door that let it in what becomes of it. */
  readonly reporter: AdmissionReporter
  /** What the limits per address count its address as. */
  readonly network: string
}

/** A server: a front door that lets clients in, and a session for each of them, on a private port or a share of the front door's. */
export class ServerEndpoint implements Endpoint {
  readonly #context: EndpointContext
  readonly #socket: DatagramPort
  /** One for each protocol that is spoken at the public port. */
  readonly doors: readonly FrontDoor[]
  readonly #linkSockets: LinkSockets
  readonly #sharedPort: SharedPort | undefined
  readonly #drivers: SessionDrivers
  readonly #admitted = new Map<string, AdmittedClient>()
  readonly #admittedBy = new Map<SessionDriver, AdmittedClient>()
  readonly #counts = new KeyedCounts()
  /** Those that the program has yet to decide on. */
  readonly #admissions: PendingAdmissions
  /** How often the program is told of clients that were sent away. */
  readonly #refusalReports: TokenBucket
  #pending: { readonly door: FrontDoor; readonly request: ConnectionRequest; readonly now: number } | undefined
  #isClosing = false
  #isSocketCounted = false

  constructor(context: EndpointContext, port: number, host: string) {
    const { options, settings } = context
    this.#context = context
    const socket = context.hooks.startUdp(port, host)
    const tickets = context.dependencies.tickets ?? this.#ticketOptions(socket.address)
    const dependencies = { ...context.dependencies, limits: options, tickets }
    this.doors = options.protocols.map((name) => protocols[name].createFrontDoor(settings, dependencies))
    this.#admissions = new PendingAdmissions(options.admissionTimeoutMs, context.wake)
    this.#refusalReports = new TokenBucket(options.maxRefusalsPerSecond)
    if (options.privatePorts === 'shared') {
      const isHello = (bytes: Uint8Array): boolean => this.#findDoor(bytes) !== undefined
      this.#socket =
        this.#linkSockets =
        this.#sharedPort =
          new SharedPort(socket, {
            isHello,
            connectId: (bytes) => this.#connectId(bytes),
          })
    } else {
      this.#socket = socket
      this.#linkSockets = new PrivatePorts(
        context.ports,
        context.portSettings,
        socket.address.host,
        options.privatePorts,
      )
    }
    this.#socket.onReadable = context.wake
    this.#drivers = new SessionDrivers((driver) => this.#forget(driver))
  }

  get address(): Address {
    return this.#socket.address
  }

  get isClosed(): boolean {
    return this.#socket.isClosed && this.#drivers.size === 0
  }

  /** A server ends with `close` alone. */
  get isEnding(): boolean {
    return this.isClosed
  }

  get nextDeadline(): number {
    return Math.min(this.#drivers.nextDeadline, this.#admissions.nextDeadline)
  }

  drivers(): Iterable<SessionDriver> {
    return this.#drivers
  }

  driverOf(peer: Peer): SessionDriver | undefined {
    return this.#drivers.of(peer)
  }

  driverWith(peerId: number): SessionDriver | undefined {
    return this.#drivers.with(peerId)
  }

  hasBacklog(): boolean {
    return this.#sharedPort?.hasBacklog() === true
  }

  receive(): void {
    const { counters, trace } = this.#context
    for (let datagram = this.#socket.receive(); datagram; datagram = this.#socket.receive()) {
      const { bytes, source, arrivedAtMs } = datagram
      counters.receivedPackets += 1
      counters.receivedBytes += bytes.length
      const door = this.#isClosing ? undefined : this.#findDoor(bytes)
      if (trace.isOn) {
        const what = door === undefined ? 'nobody’s: dropped' : protocols[door.protocol].describe(bytes)
        trace.received(this.address.port, source, what, bytes.length)
      }
      if (door === undefined) counters.droppedMalformed += 1
      else door.handleDatagram(arrivedAtMs, bytes, source)
    }
    this.#drivers.receive()
  }

  advance(now: number, awakeMs: number): void {
    this.#admissions.advance(now, awakeMs)
    this.#drivers.advance(now, awakeMs)
  }

  dispatch(now: number): void {
    this.#concludeAdmissions(now)
    for (const door of this.doors) this.#answerRequests(door, now)
    this.#drivers.dispatch()
  }

  transmit(now: number): void {
    for (const door of this.doors) this.#transmitAnswers(door, now)
    this.#drivers.transmit(now)
    // Whoever asked until now has had an answer.
    if (this.#isClosing && !this.#socket.isClosed) this.#closeFrontDoor()
  }

  close(now: number, { code, reason, isFinal }: CloseReason): void {
    this.#isClosing = true
    for (const newcomer of this.#admissions.takeAll()) this.#turnAway(now, newcomer, CLOSING)
    for (const driver of this.#drivers) {
      driver.session.close(now, code, reason, isFinal)
      this.#drivers.touch(driver)
    }
  }

  setTimeout(timeoutMs: number): void {
    for (const driver of this.#drivers) {
      driver.session.setTimeout(timeoutMs)
      this.#drivers.touch(driver)
    }
  }

  count(counters: Counters): void {
    if (!this.#isSocketCounted) this.#countFrontDoor(counters)
    this.#drivers.count(counters)
  }

  setToken(token: string): void {
    for (const door of this.doors) door.setToken(token)
  }

  /**
   * What `_onNewClient` does by default with the client that asks to be let in: opens its private port and lets it in, or sends it away
   * because the server is full, no port is free, or `onNewClient` says no.
   */
  admitPending(): void {
    if (this.#pending === undefined) return
    if (this.#isClosing) {
      this.#refusePending(CLOSING.code, CLOSING.reason)
      return
    }
    const { door, request, now } = this.#pending
    const { options } = this.#context
    const network = networkOf(request.source.host)
    const count = this.#drivers.size + this.#admissions.size
    if (count >= options.maxClients && this.#drivers.oldestWaiting === undefined) {
      this.#refuseTooMany(request, FULL.code, FULL.reason)
      return
    }
    if (this.#counts.of(network) >= options.maxClientsPerAddress) {
      this.#refuseTooMany(request, refusalCodes.fullForAddress, 'too many clients of this address are here')
      return
    }
    const socket = this.#openSocket(request, now)
    if (socket === undefined) return
    const newcomer: Newcomer = { door, request, socket, network }
    const answer = this.#askProgram(newcomer)
    this.#pending = undefined
    this.#counts.add(network)
    if (isPromise(answer)) this.#admissions.add(newcomer, answer)
    else this.#conclude(now, newcomer, answer)
  }

  /** What the program has decided, or not in time. */
  #concludeAdmissions(now: number): void {
    for (let decision = this.#admissions.take(); decision; decision = this.#admissions.take()) {
      const { newcomer, refusal, error } = decision
      if (error !== undefined && this.#mayReport(now)) this.#context.report(error)
      this.#conclude(now, newcomer, refusal)
    }
  }

  /** Lets a newcomer in, or sends it away. */
  #conclude(now: number, newcomer: Newcomer, refusal: CloseReason | undefined): void {
    const { maxClients } = this.#context.options
    // Those who were asked about meanwhile may have taken the place that could be made.
    const isFull = this.#drivers.size >= maxClients && this.#drivers.oldestWaiting === undefined
    if (this.#isClosing) this.#turnAway(now, newcomer, CLOSING)
    else if (refusal !== undefined) this.#turnAway(now, newcomer, refusal)
    else if (isFull) this.#turnAway(now, newcomer, FULL)
    else this.#admit(now, newcomer)
    if (isFull && refusal === undefined && !this.#isClosing) this.#tellMaxClients(now, newcomer.request)
  }

  #turnAway(now: number, { door, request, socket, network }: Newcomer, { code, reason, isFinal }: CloseReason): void {
    socket.close()
    this.#counts.remove(network)
    this.#context.counters.refusedClients += 1
    door.refuse(now, request, code, reason, isFinal)
  }

  #admit(now: number, { door, request, socket, network }: Newcomer): void {
    const { options } = this.#context
    if (this.#drivers.size >= options.maxClients) this.#evict(now)
    const { host, port } = socket.address
    const admission = door.admit(now, request, {
      host: hostToShow(options.advertisedHost, host, request.source.host),
      port,
    })
    const { id, source } = admission
    const session = createServerSession(now, this.#context.settings, admission, this.#context.dependencies)
    const touch = (driver: SessionDriver): void => this.#touch(driver)
    const driver = new SessionDriver(this.#context, session, socket, source, touch, admission)
    const reporter = new AdmissionReporter(door, id, session)
    driver.onChange = () => reporter.report()
    const client = { id, session, driver, reporter, network }
    this.#admitted.set(id, client)
    this.#admittedBy.set(driver, client)
    this.#addDriver(driver, socket)
    this.#context.observer?.onOpen(driver, request)
  }

  /** The front door whose HELLO a datagram is. */
  #findDoor(bytes: Uint8Array): FrontDoor | undefined {
    for (const door of this.doors) if (door.isHello(bytes)) return door
    return undefined
  }

  #connectId(bytes: Uint8Array): Uint8Array | undefined {
    for (const { protocol } of this.doors) {
      const id = protocols[protocol].connectId(bytes)
      if (id !== undefined) return id
    }
    return undefined
  }

  #closeFrontDoor(): void {
    this.#socket.close()
    this.#keepCounters()
  }

  /** Keeps what the socket dropped, once it is closed: a shared one stays open for as long as a client needs it. */
  #keepCounters(): void {
    if (this.#isSocketCounted || !this.#socket.isClosed) return
    this.#isSocketCounted = true
    this.#countFrontDoor(this.#context.counters)
  }

  #countFrontDoor(counters: Counters): void {
    countSocket(this.#socket, counters)
    for (const door of this.doors) countFrontDoor(door.stats, counters)
  }

  /** What tickets are judged by, where connect tokens are taken. */
  #ticketOptions({ host, port }: Address): TicketCheckOptions | undefined {
    const { advertisedHost, connectTokenKey: keys, maxUsedTokens, publicAddresses } = this.#context.options
    if (keys === undefined) return undefined
    const hosts = [...(isUnspecified(host) ? [] : [host]), ...advertisedHost]
    const known = publicAddresses ?? hosts.map((known) => ({ host: known, port }))
    if (known.length === 0) this.#context.trace.warn(UNCHECKED_SERVERS)
    return {
      crypto: this.#context.platform.cryptography,
      keys,
      ownAddresses: known.length === 0 ? undefined : known,
      maxUsedTickets: maxUsedTokens,
      unixMs: this.#context.platform.unixMs,
    }
  }

  #answerRequests(door: FrontDoor, now: number): void {
    const { callbacks, hooks } = this.#context
    for (let event = door.pollEvent(); event; event = door.pollEvent()) {
      if (event.type === 'bad-token') {
        callbacks.onBadToken(this.#present(event.hello), event.source.host, event.source.port)
        continue
      }
      if (event.type === 'returning') {
        this.#offerReturn(event.id, event.offer)
        continue
      }
      if (event.type === 'superseded') {
        const client = this.#admitted.get(event.id)
        client?.session.abandon(now)
        if (client !== undefined) this.#drivers.finish(client.driver)
        continue
      }
      const { request } = event
      this.#pending = { door, request, now }
      try {
        hooks.newClient(this.#present(request.payload), request.source.host, request.source.port)
      } finally {
        // An override that threw, or did not call its super, has decided against the client.
        this.#refusePending(REFUSED.code, REFUSED.reason)
      }
    }
  }

  /** The session takes the offer and its keys, if it is still here. */
  #offerReturn(id: string, offer: ReturnOffer): void {
    const client = this.#admitted.get(id)
    if (client?.session.offerReturn === undefined) {
      wipeKeys(offer.keys)
      return
    }
    client.session.offerReturn(offer)
    client.driver.addConnectId(offer.helloId, offer.source)
  }

  /**
   * Asks the program: what the newcomer is sent away with, `undefined` when it is let in, or a promise of what the program returns. The
   * socket is closed again when it throws.
   */
  #askProgram({ request, socket }: Newcomer): CloseReason | undefined | PromiseLike<unknown> {
    const { host, port } = socket.address
    const { payload, source, ticket } = request
    const { callbacks } = this.#context
    const info = ticket && { clientId: ticket.clientId, userData: this.#present(ticket.userData) }
    try {
      const answer = callbacks.onNewClient(this.#present(payload), host, port, source.host, source.port, info)
      return isPromise(answer) ? answer : parseAdmissionAnswer(answer)
    } catch (error) {
      socket.close()
      throw error
    }
  }

  #refuseTooMany(request: ConnectionRequest, code: number, reason: string): void {
    try {
      this.#tellMaxClients(this.#pending?.now ?? 0, request)
    } finally {
      this.#refusePending(code, reason)
    }
  }

  /** Tells the program, unless it hears of that too often already. */
  #tellMaxClients(now: number, { hello, source }: ConnectionRequest): void {
    if (this.#mayReport(now)) this.#context.callbacks.onMaxClients(this.#present(hello), source.host, source.port)
  }

  /** Whether the program may be told of one more refusal; counts the one that it is not told of. */
  #mayReport(now: number): boolean {
    const mayReport = this.#refusalReports.takeOne(now)
    if (!mayReport) this.#context.counters.suppressedRefusals += 1
    return mayReport
  }

  #refusePending(code: number, reason: string): void {
    if (this.#pending === undefined) return
    const { door, request, now } = this.#pending
    this.#pending = undefined
    this.#context.counters.refusedClients += 1
    door.refuse(now, request, code, reason)
  }

  /** Gives up the connection that has waited longest for its client to come back. Returns whether there was one. */
  #evict(now: number): boolean {
    const driver = this.#drivers.oldestWaiting
    if (driver === undefined) return false
    this.#context.counters.evictedClients += 1
    driver.session.close(now, 0, '')
    this.#drivers.finish(driver)
    return true
  }

  /** A private port that somebody might have come back to is given to who is here. A shared one runs out of nothing. */
  #openSocket(request: ConnectionRequest, now: number): LinkSocket | undefined {
    try {
      return this.#linkSockets.open(request)
    } catch (error) {
      const isOutOfPorts = this.#sharedPort === undefined && isNoFreePort(error)
      if (isOutOfPorts && this.#evict(now)) return this.#openSocket(request, now)
      if (!(error instanceof UDPipeError)) throw error
      this.#refusePending(refusalCodes.noFreePort, 'the server has no free port')
      this.#context.callbacks.onError(error)
      return undefined
    }
  }

  #addDriver(driver: SessionDriver, socket: LinkSocket): void {
    socket.onReadable = () => {
      this.#drivers.ready(driver)
      this.#context.wake()
    }
    this.#drivers.add(driver)
  }

  #present(bytes: Uint8Array): Buffer {
    return this.#context.platform.text.present(bytes)
  }

  #touch(driver: SessionDriver): void {
    this.#drivers.touch(driver)
    this.#context.requestFlush()
  }

  #forget(driver: SessionDriver): void {
    const client = this.#admittedBy.get(driver)
    if (client !== undefined) {
      this.#admittedBy.delete(driver)
      this.#admitted.delete(client.id)
      this.#counts.remove(client.network)
      client.reporter.end()
    }
    if (!driver.wasEstablished) this.#context.counters.abandonedHandshakes += 1
    this.#keepCounters()
  }

  #transmitAnswers(door: FrontDoor, now: number): void {
    const { counters, trace } = this.#context
    for (;;) {
      const buffer = this.#socket.acquire()
      const transmit = door.pollTransmit(now, buffer)
      if (transmit === undefined) break
      const { lengthBytes, destination } = transmit
      if (trace.isOn) {
        const what = protocols[door.protocol].describe(buffer.subarray(0, lengthBytes))
        trace.sent(this.address.port, destination, what, lengthBytes)
      }
      counters.sentPackets += 1
      counters.sentBytes += lengthBytes
      this.#socket.send(lengthBytes, destination)
    }
    this.#socket.flush()
  }
}

const CLOSING: CloseReason = { code: refusalCodes.closing, reason: 'the server is closing', isFinal: false }
const FULL: CloseReason = { code: refusalCodes.full, reason: 'the server is full', isFinal: false }

function isPromise(answer: unknown): answer is PromiseLike<unknown> {
  return typeof (answer as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function'
}

function isNoFreePort(error: unknown): boolean {
  return error instanceof UDPipeError && error.code === 'ERR_NO_FREE_PORT'
}

const UNCHECKED_SERVERS =
  'This server does not know by which addresses connect tokens name it, and takes those for any server: where several share ' +
  'connectTokenKey, give each its publicAddresses.'
