import { integer, invalid } from '../options/kinds.ts'
import { parseTarget } from './link/arguments.ts'
import { Client } from './client.ts'
import type { NetworkEvent } from './event.ts'
import { Hub, type NetworkCounters } from './hub.ts'
import type { LinkOwner } from './link/link.ts'
import {
  parse,
  parseClientOptions,
  parseServerOptions,
  type ClientOptions,
  type ServerOptions,
} from './link/options.ts'
import type { Result } from './link/result.ts'
import { ServerHost } from './server-host.ts'
import { Server } from './server.ts'
import type { Listener } from './transport/listener.ts'
import { dialTcp, listenTcp } from './transport/tcp.ts'
import { dialUdp, listenUdp } from './transport/udp.ts'

/** What `createNetwork` may be given. */
export interface NetworkOptions {
  /**
   * What happens when nobody polls: `'drop'`, the default, drops the oldest of 2,000 events; `'pause'` stops reading at three quarters,
   * so that no table is lost and the other sides have to wait.
   */
  readonly overflow?: 'drop' | 'pause'
  /**
   * How much memory the tables that wait may take, about, before nothing more is read until half of it is polled; one table may go
   * beyond it. 64 KiB to 16 GiB, default 64 MiB.
   */
  readonly maxEventBytes?: number
}

const KiB = 1024
const DEFAULT_EVENT_BYTES = 64 * 1024 * KiB
const MAX_EVENT_BYTES = 16 * 1024 * 1024 * KiB

/** Servers, clients, and the one queue of their events. */
export class Network {
  readonly #hub: Hub

  /** @throws UDPipeError `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID` */
  constructor(options: NetworkOptions = {}) {
    const { overflow, maxEventBytes } = parse(options, networkParsers, 'createNetwork')
    this.#hub = new Hub(overflow as 'drop' | 'pause', maxEventBytes as number)
  }

  /** Opens a server: see `Server` of `udpipe/network`. */
  Server(
    address: string,
    port?: number | null,
    cypherkey?: string | null,
    options?: ServerOptions,
  ): Promise<[Server, 'OK'] | [null, Result]> {
    const target = parseTarget('Server', address, port, cypherkey)
    const settings = parseServerOptions(options)
    this.#hub.requireCodec()
    if (typeof target === 'string') return Promise.resolve([null, target])
    const host = new ServerHost(this.#hub, settings)
    const listen = settings.transport === 'udp' ? listenUdp : listenTcp
    return this.#open(host, listen(host, target))
  }

  /** Dials a server: see `Client` of `udpipe/network`. */
  Client(
    address: string,
    port?: number | null,
    cypherkey?: string | null,
    options?: ClientOptions,
  ): Promise<[Client, 'OK'] | [null, Result]> {
    const target = parseTarget('Client', address, port, cypherkey)
    const settings = parseClientOptions(options)
    this.#hub.requireCodec()
    if (typeof target === 'string') return Promise.resolve([null, target])
    const dial = settings.transport === 'udp' ? dialUdp : dialTcp
    const open = (owner: LinkOwner): ReturnType<typeof dial> => dial(owner, this.#hub, settings, target)
    return Promise.resolve([new Client(this.#hub, settings, target.address, open), 'OK'])
  }

  /** What happened since the last call: see `PollEvents` of `udpipe/network`. */
  PollEvents(): NetworkEvent[] {
    return this.#hub.poll()
  }

  /** What was counted so far: a copy. */
  counters(): NetworkCounters {
    return this.#hub.counters()
  }

  async #open(host: ServerHost, listening: Promise<Listener | Result>): Promise<[Server, 'OK'] | [null, Result]> {
    const listener = await listening
    if (typeof listener === 'string') return [null, listener]
    const server = new Server(host, this.#hub.nextSocketId(), listener.address, listener.port)
    host.open(server, listener)
    return [server, 'OK']
  }
}

const networkParsers = {
  overflow: (value: unknown = 'drop', name: string): 'drop' | 'pause' => {
    if (value === 'drop' || value === 'pause') return value
    throw invalid(name, `'drop' or 'pause'`, value)
  },
  maxEventBytes: integer(64 * KiB, MAX_EVENT_BYTES, DEFAULT_EVENT_BYTES),
}
