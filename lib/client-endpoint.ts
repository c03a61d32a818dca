import { isIP } from 'node:net'
import type { Counters } from './counters.ts'
import { EarlyMessages } from './early-messages.ts'
import type { Endpoint, EndpointContext } from './endpoint.ts'
import { UDPipeError } from './errors.ts'
import { Link } from './link.ts'
import { Links } from './links.ts'
import type { Peer, SendOptions } from './peer.ts'
import { protocols } from './protocols.ts'
import { resolveHost } from './transport/resolve-host.ts'

/** A client: one link to one server, once the server's name is known. */
export class ClientEndpoint implements Endpoint {
  /** Resolves with the peer when the first connection stands; rejects when there will be none. */
  readonly connected: Promise<Peer>
  readonly #context: EndpointContext
  readonly #port: number
  readonly #links: Links
  readonly #early: EarlyMessages
  #settle: { resolve(peer: Peer): void; reject(error: UDPipeError): void } | undefined
  #link: Link | undefined
  #isClosed = false

  constructor(context: EndpointContext, port: number, host: string) {
    this.#context = context
    this.#port = port
    this.#links = new Links(() => this.#end())
    this.#early = new EarlyMessages(context)
    this.connected = new Promise((resolve, reject) => (this.#settle = { resolve, reject }))
    // Who does not look at the promise hears of a failure through onError.
    this.connected.catch(() => {})
    if (isIP(host) !== 0) this.#tryDial(host)
    else void this.#dialByName(host)
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get nextDeadline(): number {
    return this.#links.nextDeadline
  }

  links(): Iterable<Link> {
    return this.#links
  }

  linkOf(peer: Peer): Link | undefined {
    return this.#links.of(peer)
  }

  /** Sends to the server, or keeps the message until its name is known. */
  send(message: string | Uint8Array, options?: SendOptions): boolean {
    return this.#link === undefined ? this.#early.add(message, options) : this.#link.send(message, options)
  }

  /** What one server sends in a turn is one step's. */
  takesMore(): boolean {
    return false
  }

  receive(): void {
    this.#links.receive()
  }

  advance(now: number, awakeMs: number): void {
    this.#links.advance(now, awakeMs)
  }

  dispatch(): void {
    this.#links.dispatch()
    if (this.#isClosed) this.#early.handBack()
    if (this.#link?.hasStood === true) this.#settle?.resolve(this.#link.peer)
  }

  transmit(now: number): void {
    this.#links.transmit(now)
  }

  close(now: number, code: number, reason: string): void {
    if (this.#link === undefined) this.#end()
    else this.#link.session.close(now, code, reason)
    if (this.#link !== undefined) this.#links.touch(this.#link)
  }

  setTimeout(timeoutMs: number): void {
    if (this.#link === undefined) return
    this.#link.session.setTimeout(timeoutMs)
    this.#links.touch(this.#link)
  }

  count(counters: Counters): void {
    this.#links.count(counters)
  }

  async #dialByName(host: string): Promise<void> {
    try {
      this.#tryDial(await resolveHost(host))
    } catch (error) {
      this.#fail(error as UDPipeError)
    }
    this.#context.wake()
  }

  #tryDial(host: string): void {
    if (this.#isClosed) return
    try {
      this.#dial(host)
    } catch (error) {
      this.#fail(error as UDPipeError)
    }
  }

  #dial(host: string): void {
    const { hooks, options, settings } = this.#context
    const frontDoor = { host, port: this.#port }
    const socket = hooks.startUdp(0, isIP(host) === 6 ? '::' : '0.0.0.0')
    const session = protocols[options.protocol].createClient(
      options.clock(),
      settings,
      frontDoor,
      this.#context.ingredients,
    )
    const link = new Link(this.#context, session, socket, frontDoor, () => this.#touch(link))
    socket.onReadable = () => {
      this.#links.ready(link)
      this.#context.wake()
    }
    this.#link = link
    this.#links.add(link)
    this.#early.sendThrough(link)
    this.#context.requestFlush()
  }

  #touch(link: Link): void {
    this.#links.touch(link)
    this.#context.requestFlush()
  }

  #fail(error: UDPipeError): void {
    if (this.#isClosed) return
    this.#context.report(error)
    this.#settle?.reject(error)
    this.#end()
  }

  #end(): void {
    this.#isClosed = true
    this.#settle?.reject(
      this.#link?.failure ?? new UDPipeError('ERR_CLOSED', 'The connection was closed before it stood.'),
    )
  }
}
