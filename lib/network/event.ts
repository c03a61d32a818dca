import type { Client } from './client.ts'
import type { ClientConnection } from './client-connection.ts'
import type { Result } from './link/result.ts'
import type { Server } from './server.ts'
import type { Table } from './wire/table-check.ts'

/** A server has a new connection; keep its `Object`, or it is closed. */
export const EVENT_CONNECT = 1
/** A client has been connected, or could not be: `Result`. */
export const EVENT_CONNECTED = 2
/** A table has arrived: `Packet`. */
export const EVENT_RECEIVE = 3
/** A client's connection is over. */
export const EVENT_SERVER_CLOSE = 4
/** A connection of a server's is over. */
export const EVENT_CLIENT_CLOSE = 5
/** Something went wrong that ends nothing by itself. */
export const EVENT_ERROR = 6

/** What every event has. */
interface EventBase {
  /** When it happened, for what arrived when its bytes came to the socket: milliseconds since 1970, with a fraction; never less than that of the event before. */
  readonly Timestamp: number
  /** `'OK'`, or what happened: a stable code and a sentence. */
  readonly Errors: Result
}

/** Server: a client has come. */
export interface ConnectEvent extends EventBase {
  readonly Event: typeof EVENT_CONNECT
  readonly Object: ClientConnection
  readonly Server: Server
}

/** Client: what came of dialling, once for each client. */
export interface ConnectedEvent extends EventBase {
  readonly Event: typeof EVENT_CONNECTED
  readonly Object: Client
  readonly Result: boolean
}

/** A table has arrived: from a client at a server, or from the server at a client. */
export type ReceiveEvent = EventBase & {
  readonly Event: typeof EVENT_RECEIVE
  readonly Packet: Table
} & (
    | { readonly Object: ClientConnection; readonly Server: Server }
    | { readonly Object: Client; readonly Server?: undefined }
  )

/** Client: the connection is over, once for each that stood. */
export interface ServerCloseEvent extends EventBase {
  readonly Event: typeof EVENT_SERVER_CLOSE
  readonly Object: Client
  /** How many tables were accepted by `Send`, and not handed on before the end. */
  readonly Unsent: number
}

/** Server: a connection is over, once for each EVENT_CONNECT. */
export interface ClientCloseEvent extends EventBase {
  readonly Event: typeof EVENT_CLIENT_CLOSE
  readonly Object: ClientConnection
  readonly Server: Server
  /** How many tables were accepted by `Send`, and not handed on before the end. */
  readonly Unsent: number
}

/** Something went wrong; if it ended a connection, the event of its end follows. */
export interface ErrorEvent extends EventBase {
  readonly Event: typeof EVENT_ERROR
  readonly Object: Server | Client | ClientConnection
}

/** What `PollEvents` returns. */
export type NetworkEvent =
  ConnectEvent | ConnectedEvent | ReceiveEvent | ServerCloseEvent | ClientCloseEvent | ErrorEvent
