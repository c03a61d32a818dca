import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { guardSocket, refuse, type Upgrade } from './accept.ts'
import { invalidOption } from './errors.ts'
import { noteListening } from './listener.ts'

/** What serves the upgrades of a path. */
export type UpgradeHandler = (upgrade: Upgrade) => void

/** What somebody else's handle offers, under {@link upgradesOf}, so that endpoints can be attached to it before it listens. */
export interface UpgradeHost {
  /** @throws UDPipeError `ERR_OPTION_INVALID` when the path is taken */
  add(path: string | undefined, handler: UpgradeHandler): void
  delete(path: string | undefined): void
  /** The port it listens on; 0 while it does not. */
  readonly port: number
  /** The address it listens on; '' while it does not. */
  readonly address: string
}

/** The property of a handle that is not an `http.Server` and takes endpoints all the same. */
export const upgradeHost: unique symbol = Symbol.for('udpipe.upgradeHost')

/** Who serves which path: the one 'upgrade' listener that a server has from us, whatever is attached to it. */
export class Upgrades {
  /** By path; '' for all that nobody else has. */
  readonly #handlers = new Map<string, UpgradeHandler>()

  get isEmpty(): boolean {
    return this.#handlers.size === 0
  }

  /** @throws UDPipeError `ERR_OPTION_INVALID` when the path is taken */
  add(path: string | undefined, handler: UpgradeHandler): void {
    const key = path ?? ''
    if (this.#handlers.has(key)) {
      const what = path === undefined ? 'All other paths are' : `The path '${path}' is`
      throw invalidOption(`${what} served already on this server: close that one first, or choose another path.`)
    }
    this.#handlers.set(key, handler)
  }

  delete(path: string | undefined): void {
    this.#handlers.delete(path ?? '')
  }

  /** Hands an upgrade to whoever serves its path. Returns whether somebody does. */
  handle(upgrade: Upgrade): boolean {
    const handler = this.#handlers.get(pathOf(upgrade.request)) ?? this.#handlers.get('')
    if (handler === undefined) return false
    guardSocket(upgrade.socket)
    handler(upgrade)
    return true
  }
}

/** The path of a request, without its query. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}

const hosts = new WeakMap<Server, HttpUpgradeHost>()

/** The {@link UpgradeHost} of a server of `node:http` or `node:https`. */
export function upgradesOf(server: Server): UpgradeHost {
  let host = hosts.get(server)
  if (host === undefined) hosts.set(server, (host = new HttpUpgradeHost(server)))
  return host
}

class HttpUpgradeHost implements UpgradeHost {
  readonly #server: Server
  readonly #upgrades = new Upgrades()

  constructor(server: Server) {
    this.#server = server
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  get address(): string {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.address : (address ?? '')
  }

  add(path: string | undefined, handler: UpgradeHandler): void {
    const isFirst = this.#upgrades.isEmpty
    this.#upgrades.add(path, handler)
    if (!isFirst) return
    this.#server.on('upgrade', this.#handle)
    noteListening(this.#server, true)
  }

  delete(path: string | undefined): void {
    this.#upgrades.delete(path)
    if (!this.#upgrades.isEmpty) return
    this.#server.off('upgrade', this.#handle)
    noteListening(this.#server, false)
  }

  readonly #handle = (request: IncomingMessage, socket: Socket, head: Buffer): void => {
    const upgrade = { request, socket, head }
    if (this.#upgrades.handle(upgrade)) return
    // Somebody else may know this path; when there is nobody else, nobody knows it.
    if (this.#server.listenerCount('upgrade') > 1) return
    guardSocket(socket)
    refuse(upgrade, { status: 404 })
  }
}
