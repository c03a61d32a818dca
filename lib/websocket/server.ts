import type { IncomingMessage, ServerResponse } from 'node:http'
import { Acceptor, offeredProtocols, problemOf, refuse, type Refusal, type Upgrade } from '../sockets/accept.ts'
import { wsCloseCodes } from '../sockets/close-codes.ts'
import type { DataOpcode } from '../sockets/connection.ts'
import { headers } from '../sockets/limits.ts'
import { Listener } from '../sockets/listener.ts'
import { upgradesOf, type UpgradeHost } from '../sockets/upgrades.ts'
import { ClientGroup } from './client-group.ts'
import { invalidArgument } from '../sockets/errors.ts'
import type { Sendable } from './messages.ts'
import type { ListenSettings, Verdict } from './options.ts'
import { ServerClient, toUpgradeRequest, type UpgradeRequest } from './server-client.ts'

/** A server of WebSockets, listening. */
export class Server {
  readonly #settings: ListenSettings
  readonly #acceptor: Acceptor
  readonly #host: UpgradeHost
  readonly #listener: Listener | undefined
  /** By subprotocol; `undefined` is the default handler's. */
  readonly #groups = new Map<string | undefined, ClientGroup>()
  /** Whose handshake waits for `verify`. */
  readonly #pending = new Set<Upgrade>()
  #openClients = 0
  #isListening = true
  #closed: Promise<void> | undefined
  #onEmpty: (() => void) | undefined

  /**
   * @internal
   * @throws UDPipeError `ERR_OPTION_INVALID` when the path is taken, `ERR_DEPENDENCY_MISSING`
   */
  constructor(settings: ListenSettings) {
    this.#settings = settings
    this.#acceptor = new Acceptor(settings.limits, settings.timeoutMs ?? settings.limits.closeTimeoutMs)
    for (const [protocol, handler] of settings.protocols) this.#addGroup(protocol, handler)
    if (settings.default !== undefined) this.#addGroup(undefined, settings.default)
    if (settings.host === undefined) {
      this.#listener = this.#createListener()
      this.#host = upgradesOf(this.#listener.server)
    } else this.#host = settings.host
    this.#host.add(settings.path, (upgrade) => this.#handleUpgrade(upgrade))
  }

  /** @internal Resolves when it listens. */
  async start(): Promise<void> {
    await this.#listener?.start(this.#settings.port, this.#settings.interface)
  }

  /** The port it listens on; 0 while the server it is attached to does not listen. */
  get port(): number {
    return this.#host.port
  }

  /** The address it listens on. */
  get address(): string {
    return this.#host.address
  }

  /** Its open clients: those of a subprotocol, or all. */
  *clients(protocol?: string): Generator<ServerClient, void, void> {
    for (const group of this.#groups.values()) {
      if (protocol === undefined || group.protocol === protocol) yield* group.clients
    }
  }

  /**
   * Sends a message to all open clients of a subprotocol; `undefined`: to all that have the default handler.
   *
   * @returns to how many it was queued
   * @throws UDPipeError `ERR_ARGUMENT_INVALID` for a subprotocol that this server has not, and as `send`
   */
  broadcast(protocol: string | undefined, message: Sendable, type?: DataOpcode): number {
    const group = this.#groups.get(protocol)
    if (group !== undefined) return group.broadcast(message, type)
    throw invalidArgument(
      protocol === undefined ? 'This server has no default handler.' : `This server has no protocol '${protocol}'.`,
    )
  }

  /**
   * Listens no more, at once. Unless clients are kept, each of them is closed with 1001, and cut when it does not answer within
   * `closeTimeoutMs`; it resolves when all are gone and the port is free. With `keep_clients` it resolves when the port is free; they live on,
   * and a later `close()` closes them. Attached to another server, it only lets go of that.
   */
  close(keep_clients = false): Promise<void> {
    if (keep_clients) return this.#stopListening()
    this.#closed ??= this.#closeAll()
    return this.#closed
  }

  /** {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #addGroup(protocol: string | undefined, handler: ListenSettings['default'] & {}): void {
    this.#groups.set(protocol, new ClientGroup(protocol, handler, this.#report, () => this.#handleEnd()))
  }

  #createListener(): Listener {
    const { tls, maxHeaderBytes, limits } = this.#settings
    return new Listener({
      tls,
      maxHeaderBytes,
      handshakeTimeoutMs: limits.handshakeTimeoutMs,
      onRequest: (request, response) => this.#handleRequest(request, response),
      onBadRequest: () => this.#report('invalid request'),
    })
  }

  /** A request that asks for no upgrade at all. */
  #handleRequest(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(400, { Connection: 'close', 'Content-Type': 'text/plain; charset=utf-8' })
    response.end('Bad Request')
    request.resume()
    this.#report('invalid request')
  }

  #handleUpgrade(upgrade: Upgrade): void {
    const problem = problemOf(upgrade.request)
    if (problem !== undefined) {
      refuse(upgrade, problem)
      this.#report('invalid request')
      return
    }
    const refusal = this.#refusalOf(upgrade.request)
    if (refusal !== undefined) refuse(upgrade, refusal)
    else if (this.#settings.verify === undefined) this.#choose(upgrade, toUpgradeRequest(upgrade.request))
    else void this.#verify(upgrade, this.#settings.verify)
  }

  #refusalOf({ headers }: IncomingMessage): Refusal | undefined {
    const { maxClients, origins } = this.#settings
    if (!this.#isListening || this.#openClients + this.#pending.size >= maxClients) return { status: 503 }
    const { origin } = headers
    return origins === '*' || origin === undefined || origins.includes(origin) ? undefined : { status: 403 }
  }

  async #verify(upgrade: Upgrade, verify: NonNullable<ListenSettings['verify']>): Promise<void> {
    const request = toUpgradeRequest(upgrade.request)
    this.#pending.add(upgrade)
    const verdict = await this.#judge(request, verify)
    this.#pending.delete(upgrade)
    if (!this.#isListening) refuse(upgrade, { status: 503 })
    else if (verdict === true) this.#choose(upgrade, request)
    else refuse(upgrade, verdict === false ? { status: 401 } : verdict)
  }

  /** What `verify` says, in time; what it throws is a no. */
  async #judge(request: UpgradeRequest, verify: NonNullable<ListenSettings['verify']>): Promise<Verdict> {
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, this.#settings.limits.handshakeTimeoutMs, 'late')
    })
    try {
      const verdict = await Promise.race([verify(request), limit])
      if (verdict !== 'late') return checkVerdict(verdict)
      this.#report('verify took too long')
      return { status: 503 }
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error))
      this.#report(failure.message, failure)
      return { status: 500 }
    } finally {
      clearTimeout(timer)
    }
  }

  /** The first that the client offers and that there is; otherwise the default handler. */
  #choose(upgrade: Upgrade, request: UpgradeRequest): void {
    const offered = offeredProtocols(upgrade.request)
    if (offered === undefined) {
      refuse(upgrade, { status: 400 })
      this.#report('invalid request')
      return
    }
    const protocol = offered.find((name) => this.#groups.has(name))
    const group = this.#groups.get(protocol)
    if (group === undefined) {
      refuse(upgrade, { status: 400, reason: 'bad protocol' })
      this.#report('bad protocol')
      return
    }
    this.#accept(upgrade, request, group)
  }

  #accept(upgrade: Upgrade, request: UpgradeRequest, group: ClientGroup): void {
    const client = new ServerClient(this.#settings, group, request)
    const connection = this.#acceptor.accept(upgrade, group.protocol, client)
    if (connection === undefined) return
    client.open(connection)
    this.#openClients += 1
    group.serve(client)
  }

  #handleEnd(): void {
    this.#openClients -= 1
    if (this.#openClients === 0) this.#onEmpty?.()
  }

  async #stopListening(): Promise<void> {
    if (this.#isListening) {
      this.#isListening = false
      this.#host.delete(this.#settings.path)
      for (const upgrade of this.#pending) refuse(upgrade, { status: 503 })
    }
    await this.#listener?.stop()
  }

  async #closeAll(): Promise<void> {
    const stopped = this.#stopListening()
    const gone = this.#openClients > 0 && new Promise<void>((resolve) => (this.#onEmpty = resolve))
    for (const client of this.clients()) void client.close(wsCloseCodes.goingAway)
    await stopped
    await gone
    await this.#listener?.destroy()
  }

  readonly #report = (message: string, error?: Error): void => {
    try {
      this.#settings.onError(message, error)
    } catch (failure) {
      // What the program's own function throws is the program's, but not a reason to stop half-way here.
      queueMicrotask(() => {
        throw failure
      })
    }
  }
}

/** A program's mistake in `verify` must not let anybody in. */
function checkVerdict(verdict: unknown): Verdict {
  if (typeof verdict === 'boolean') return verdict
  const { status, reason = '', headers: given } = (verdict ?? {}) as Record<string, unknown>
  const isStatus = typeof status === 'number' && Number.isInteger(status) && status >= 300 && status <= 599
  if (!isStatus || typeof reason !== 'string') {
    throw invalidArgument('verify returns true, false, or { status, reason?, headers? } with a status from 300 to 599.')
  }
  headers(given, 'headers of verify')
  return verdict as Verdict
}
