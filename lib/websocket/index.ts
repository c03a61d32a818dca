import { Client } from './client.ts'
import { SyncClient } from './client-sync.ts'
import { parseClientOptions, parseListenConfig, type ClientOptions, type ListenConfig } from './options.ts'
import { Server } from './server.ts'

export { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT } from './opcodes.ts'
export type { Client } from './client.ts'
export type { SyncClient } from './client-sync.ts'
export type { MessageHandler, ReceiveOptions } from './endpoint.ts'
export type { Sendable } from './messages.ts'
export type { ClientOptions, Handler, ListenConfig, Verdict } from './options.ts'
export type { CloseResult, ConnectResult, Message, ReceiveResult, SendResult } from './results.ts'
export type { Server } from './server.ts'
export type { ServerClient, UpgradeRequest } from './server-client.ts'
export type { ConnectionStats } from './stats.ts'
export type { ClientTls, ConnectionLimits, ServerTls } from '../sockets/limits.ts'

const createCopas = (options?: ClientOptions): Client => new Client(parseClientOptions(options))
const createSync = (options?: ClientOptions): SyncClient => new SyncClient(parseClientOptions(options))

/** Clients: `client.sync` blocks, `client.copas` returns promises. */
export const client: {
  /**
   * A client whose methods block this thread until they are done. Nothing is opened yet.
   *
   * @throws UDPipeError `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID`
   */
  readonly sync: (options?: ClientOptions) => SyncClient
  /** The same as `client.sync`. */
  readonly new: (options?: ClientOptions) => SyncClient
  /**
   * A client whose methods return promises. Nothing is opened yet.
   *
   * @throws UDPipeError `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID`
   */
  readonly copas: (options?: ClientOptions) => Client
  /** The same as `client.copas`. */
  readonly async: (options?: ClientOptions) => Client
} = Object.freeze({ sync: createSync, new: createSync, copas: createCopas, async: createCopas })

async function start(server: Server): Promise<Server> {
  await server.start()
  return server
}

const listen = (config: ListenConfig): Promise<Server> => start(new Server(parseListenConfig(config)))

/** Servers: `server.copas.listen(config)`. */
export const server: {
  readonly copas: {
    /**
     * Listens, and resolves with the server when it does.
     *
     * @returns rejects with a UDPipeError: `ERR_ADDRESS_IN_USE`, `ERR_ACCESS`, `ERR_ADDRESS_NOT_AVAILABLE`, `ERR_SOCKET`
     * @throws UDPipeError at once: `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID`, `ERR_DEPENDENCY_MISSING`
     */
    readonly listen: (config: ListenConfig) => Promise<Server>
  }
  /** The same as `server.copas.listen`. */
  readonly listen: (config: ListenConfig) => Promise<Server>
} = Object.freeze({ copas: Object.freeze({ listen }), listen })
