/**
 * Tables to another process in one line, over TCP or UDPipe: `import * as network from 'udpipe/network'`. `docs/network.md` is the guide,
 * `lib/network/README.md` the wire.
 */
import type { Client as NetworkClient } from './client.ts'
import type { NetworkEvent } from './event.ts'
import type { NetworkCounters } from './hub.ts'
import { Network, type NetworkOptions } from './network.ts'
import type { ClientOptions, ServerOptions } from './link/options.ts'
import type { Result } from './link/result.ts'
import type { Server as NetworkServer } from './server.ts'

export type { ClientConnection } from './client-connection.ts'
export {
  EVENT_CLIENT_CLOSE,
  EVENT_CONNECT,
  EVENT_CONNECTED,
  EVENT_ERROR,
  EVENT_RECEIVE,
  EVENT_SERVER_CLOSE,
  type ClientCloseEvent,
  type ConnectedEvent,
  type ConnectEvent,
  type ErrorEvent,
  type NetworkEvent,
  type ReceiveEvent,
  type ServerCloseEvent,
} from './event.ts'
export type { ConnectionStats } from './link/link.ts'
export type { NetworkCounters } from './hub.ts'
export type { Network, NetworkOptions } from './network.ts'
export type { ClientOptions, ConnectionOptions, ServerOptions, UdpOptions } from './link/options.ts'
export type { Result } from './link/result.ts'
export { decodeTable, encodeTable, type TableOptions } from './table.ts'
export { UDPipeError, type ErrorCode } from '../core/errors.ts'
export type { Table, TableKey, TableValue } from './wire/table-check.ts'

const defaultNetwork = new Network()

/** A server: the object that {@link Server} resolves with. */
export type Server = NetworkServer
/** A client: the object that {@link Client} resolves with. */
export type Client = NetworkClient

/**
 * Opens a server.
 *
 * @param address an IPv4 or IPv6 address of this machine, or a name, whose first address is taken
 * @param port 1,024 to 65,535; 0, null or nothing for any free one
 * @param cypherkey 32 hexadecimal digits (128 bit) or 64 (256 bit) turn encryption on; null, `''` or nothing: none
 * @returns a promise of the server and `'OK'`, or of null and `'CODE: a sentence'` when the configuration or the machine does not allow it:
 *   `ERR_PORT_INVALID`, `ERR_KEY_INVALID`, `ERR_HOST_NOT_FOUND`, `ERR_ADDRESS_IN_USE`, `ERR_ADDRESS_NOT_AVAILABLE`, `ERR_ACCESS`, `ERR_SOCKET`
 * @throws UDPipeError at once: `ERR_ARGUMENT_INVALID` for an argument of a wrong type, `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID`,
 *   `ERR_DEPENDENCY_MISSING`
 */
export function Server(
  address: string,
  port?: number | null,
  cypherkey?: string | null,
  options?: ServerOptions,
): Promise<[Server, 'OK'] | [null, Result]> {
  return defaultNetwork.Server(address, port, cypherkey, options)
}

/**
 * Dials a server. It goes on meanwhile: EVENT_CONNECTED tells what came of it, or `WaitForConnect`.
 *
 * @param address an IPv4 or IPv6 address, or a name, whose first address is taken
 * @param port 1,024 to 65,535
 * @param cypherkey as the server's
 * @returns a promise, which is kept as soon as the arguments are checked, of the client and `'OK'`, or of null and `'CODE: a sentence'`:
 *   `ERR_PORT_INVALID`, `ERR_KEY_INVALID`
 * @throws UDPipeError as {@link Server}
 */
export function Client(
  address: string,
  port?: number | null,
  cypherkey?: string | null,
  options?: ClientOptions,
): Promise<[Client, 'OK'] | [null, Result]> {
  return defaultNetwork.Client(address, port, cypherkey, options)
}

/**
 * What happened since the last call, on all servers, clients and connections: oldest first, at most 2,000 events. Call it from your own
 * loop, several times a second; of more than 2,000 that wait the oldest are lost.
 *
 * @returns `[]` when nothing happened
 */
export function PollEvents(): NetworkEvent[] {
  return defaultNetwork.PollEvents()
}

/** What was counted so far: a copy. */
export function counters(): NetworkCounters {
  return defaultNetwork.counters()
}

/**
 * A network of its own, with a queue of its own: for two games in one process, or for other limits.
 *
 * @throws UDPipeError `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID`
 */
export function createNetwork(options?: NetworkOptions): Network {
  return new Network(options)
}
